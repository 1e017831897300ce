"""The Model page measures log p(x) by annealing when it is asked to, shows what a card holds, and tells what fails."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from app.live import annealing, background
from app.live.rights import PUBLIC
from app.show.annealed import ROWS, table, verdict
from vae.errors import DataNotFound
from vae.metrics import annealed

ROUTER = Path(__file__).parents[3] / "app" / "router.py"
BUTTON = "anneal"


def model_page() -> AppTest:
    at = AppTest.from_file(str(ROUTER), default_timeout=90)
    at.query_params["model"] = "tiny-vae"
    return at.run().switch_page("views/model.py").run()


def words(at: AppTest) -> str:
    return "\n".join(str(part.value) for part in (*at.markdown, *at.caption, *at.error))


def estimates(gain: float, gap: float | None) -> dict:
    values = {"annealed_nll_nats": -42.5, "importance_nll_nats": gain - 42.5, "annealed_gain_nats": gain}
    values |= {"sandwich_gap_nats": gap, "amortisation_gap_nats": 4.5}
    protocol = {"n": 100, "seed": 0, "standard_error": 0.26, "protocol": "four chains"}
    return {key: {"value": value, **protocol} for key, value in values.items() if value is not None}


def test_the_page_measures_and_shows_what_importance_sampling_misses(tiny_checkpoint, monkeypatch):
    monkeypatch.setattr(annealed, "N", 4)
    at = model_page()
    assert "Measure by annealing" in [button.label for button in at.button]
    at.button(key=BUTTON).click().run()
    found = next(job for key, job in background._jobs.items() if key[0] == "annealed")
    assert found.result(90)["annealed_nll_nats"].n == 4
    at.run()
    assert not any(button.key == BUTTON for button in at.button)
    assert all(label in words(at) for label in ("NLL by annealing", "what importance sampling misses", "n = 4, ±"))
    key = next(key for key in background._jobs if key[0] == "annealed")
    measuring = annealing.look(*key[1:])
    assert measuring is not None
    assert (measuring.done, measuring.n) == (8, 8), "four test samples and four of the model"


def test_a_data_set_that_is_gone_is_told_and_can_be_tried_again(tiny_checkpoint, monkeypatch):
    def gone(name, report):
        raise DataNotFound("digits is not on this machine.")

    monkeypatch.setattr(annealing, "annealed", gone)
    monkeypatch.setattr(background, "_jobs", {})
    at = model_page()
    at.button(key=BUTTON).click().run()
    at.run()
    assert "digits is not on this machine" in words(at)
    assert any(button.key == BUTTON for button in at.button)


def test_a_visitor_who_may_not_train_may_not_measure(tiny_checkpoint, monkeypatch):
    monkeypatch.setattr(background, "_jobs", {})
    monkeypatch.setenv(PUBLIC, "explore")
    assert model_page().button(key=BUTTON).disabled


def test_the_table_names_each_estimate_with_its_error():
    lines = table(estimates(1.72, 0.002)).splitlines()
    assert len(lines) == 2 + len(ROWS)
    assert "| NLL by annealing | −42.50\u00a0±\u00a00.26 |" in lines
    assert len(table(estimates(1.72, None)).splitlines()) == 1 + len(ROWS)


def test_what_follows_says_which_number_to_believe():
    said = verdict(estimates(36.7, 0.2))
    assert "misses 36.7 nats of log p(x)" in said
    assert "the bounds meet" in said
    assert "is right within 0.30 nats here" in verdict(estimates(0.3, 0.2))
    assert "the bounds do not meet" in verdict(estimates(0.3, 7.0))
    assert "There is no upper bound" in verdict(estimates(0.3, None))
