"""Every page, run for real on a tiny model: what it shows, what it keeps, how it takes bad links and bad folders."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app.live import engines, training_cost
from app.show import card_metrics, records
from app.state import studio
from vae.__main__ import main
from vae.engine.engine import Engine
from vae.runs import forecast
from vae.runs.forecast import Forecast
from vae.saved import checkpoint
from vae.studies.kinds import Compared, markdown

ROUTER = Path(__file__).parents[3] / "app" / "router.py"
OF_THE_MODEL = {":material/expand:", ":material/blur_on:"}  # icons of warnings: a loose NLL, poor reconstructions
PAGES = ("explore", "interpolate", "generate", "compare", "train", "model")
SECONDS = 60


@pytest.fixture(autouse=True)
def nothing_measured(monkeypatch):
    """The Train page measures what a training will cost: not beside these tests."""
    monkeypatch.setattr(training_cost, "look", lambda plan: "About a minute.")


def opened(page: str = "explore", **query: str) -> AppTest:
    """The app after its first run and, for another page than Explore, a second one there."""
    at = AppTest.from_file(str(ROUTER), default_timeout=SECONDS)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    if page != "explore":
        at.switch_page(f"views/{page}.py").run()
    return at


def words(at: AppTest) -> str:
    """All the text of a page that a test may look for."""
    parts = [*at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.code, *at.subheader]
    return "\n".join(str(part.value) for part in parts)


def state(at: AppTest) -> studio.Studio:
    return at.session_state["zscope.studio"]


@pytest.fixture
def root(tiny_root, tmp_path, monkeypatch) -> Path:
    """A checkpoints folder of this test's own, empty, and one to copy from beside it."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("model", ["tiny-vae", "tiny-ae"])
@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_every_model(tiny_checkpoint, page, model):
    at = opened(page, model=model)
    assert not at.exception
    assert not at.error
    assert state(at).model == model
    assert at.query_params["model"] == model
    doing = next(style.proto.body for style in at.get("html") if ":root { --zscope-working" in style.proto.body)
    assert "…" in doing  # what takes long says what it is, not in what language it is written
    assert "Python" not in doing


def test_the_picker_is_on_every_page_and_says_what_each_model_is(tiny_checkpoint):
    for page in PAGES:
        picker = opened(page, model="tiny-vae").selectbox[0]
        assert [option.split("\u2002")[0] for option in picker.options] == ["tiny-ae", "tiny-vae"]  # by kind
        assert "plain · d 4 · MSE" in picker.options[0]
        assert "variational · d 4 · ELBO" in picker.options[1]
        assert picker.proto.default == 1  # what the browser sends if a click comes during the first load


def test_state_survives_page_changes_and_is_in_the_link(tiny_checkpoint):
    at = opened("generate", model="tiny-vae")
    at.number_input[0].set_value(77).run()
    at.slider[0].set_value(0.5).run()
    for page in ("model", "interpolate", "explore"):
        at.switch_page(f"views/{page}.py").run()
        assert (at.query_params["seed"], at.query_params["temperature"]) == ("77", "0.5")
    at.switch_page("views/generate.py").run()
    assert (at.number_input[0].value, at.slider[0].value) == (77, 0.5)


def test_a_link_opens_what_it_says(tiny_checkpoint):
    at = opened("generate", model="tiny-vae", seed="5", count="16", source="aggregate", temperature="0.25", p="r3")
    assert not at.warning
    assert (at.number_input[0].value, at.slider[0].value) == (5, 0.25)
    assert (state(at).count, state(at).source) == (16, "aggregate")
    assert state(at).point.row == 3
    assert len(state(at).point.z) == 4


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"seed": "many"}, "seed='many' in the link"),
        ({"p": "r999999"}, "row 999999"),
        ({"p": "AAAAAAAAAAAAAAAA"}, "a latent of tiny-vae has 4"),
        ({"w": "r1.%%%"}, "w='r1.%%%' in the link"),
        ({"digest": "abcdef"}, "made with a different model named tiny-vae"),
        ({"model": "no-such-model"}, "no-such-model"),
        ({"model": "../../etc"}, "model='../../etc' in the link"),
    ],
)
def test_a_bad_link_is_named_and_the_page_is_there(tiny_checkpoint, query, said):
    at = opened("interpolate", **({"model": "tiny-vae"} | query))
    assert not at.exception
    assert said in at.warning[0].value
    assert len(state(at).waypoints) == 2
    assert said in at.run().warning[0].value  # it stays until it is closed
    at.button[0].click().run()
    assert not at.warning


def test_an_unknown_model_is_told_in_two_lines_whatever_is_there(root, tiny_root):
    for i in range(6):
        shutil.copytree(tiny_root / "tiny-vae", root / f"tiny-vae-{i}")
    shutil.copytree(tiny_root / "tiny-vae", root / "tiny-vae")
    said = opened("model", model="tiny-vee").warning[0].value
    assert "among the 7 models here; the closest names are tiny-vae, tiny-vae-" in said
    assert said.count("tiny-vae-") == 2
    assert len(said.splitlines()) == 2


def test_a_broken_checkpoint_is_named_and_another_model_shown(root, tiny_root):
    shutil.copytree(tiny_root / "tiny-vae", root / "sound-vae")
    shutil.copytree(tiny_root / "tiny-vae", root / "torn-vae")
    model = root / "torn-vae" / "model.safetensors"
    model.write_bytes(model.read_bytes()[:100])
    at = opened("model", model="torn-vae")
    assert not at.exception
    assert "torn-vae" in at.warning[0].value
    assert "truncated or edited" in at.warning[0].value
    assert state(at).model == "sound-vae"


def test_picking_a_broken_checkpoint_keeps_the_one_in_use(root, tiny_root):
    shutil.copytree(tiny_root / "tiny-vae", root / "good-vae")
    shutil.copytree(tiny_root / "tiny-vae", root / "bad-vae")
    (root / "bad-vae" / "config.json").write_text("{")
    at = opened("model", model="good-vae")
    at.selectbox[0].select_index(1).run()
    assert not at.exception
    assert "bad-vae could not be opened" in at.warning[0].value
    assert (state(at).model, at.selectbox[0].value) == ("good-vae", "good-vae")


def test_only_broken_checkpoints_still_give_a_page(root, tiny_root):
    shutil.copytree(tiny_root / "tiny-vae", root / "lost-vae")
    (root / "lost-vae" / "atlas.npz").unlink()
    at = opened(model="lost-vae")
    assert not at.exception
    assert "atlas.npz" in at.warning[0].value
    assert "python -m vae train" in words(at)


def test_a_visit_without_a_link_opens_what_there_is_without_complaint(tiny_checkpoint):
    at = opened()
    assert not at.warning
    assert state(at).model == "tiny-ae"


def test_no_checkpoints_shows_how_to_train_one(root):
    at = opened()
    assert not at.exception
    assert "python -m vae train" in words(at)
    assert not at.selectbox


def test_the_first_training_is_announced_with_the_estimate_of_the_train_page_or_none(root, monkeypatch):
    assert "minute" not in words(opened())
    known = Forecast(1.0, 63.0, 1.0, 10**8, "cpu", 5)
    monkeypatch.setattr(forecast, "known", lambda plan: known if plan.dataset == "digits" else None)
    assert "about 21 minutes on this machine" in words(opened())


def test_another_model_keeps_the_settings_and_the_row(tiny_checkpoint):
    at = opened("generate", model="tiny-vae", seed="9", p="r2")
    before = state(at).point
    at.selectbox[0].select_index(0).run()
    assert not at.exception
    assert (state(at).model, state(at).seed, state(at).point.row) == ("tiny-ae", 9, 2)
    assert state(at).point.z != before.z  # the same sample, as the other model codes it


def test_generate_says_that_a_plain_autoencoder_has_no_prior(tiny_checkpoint):
    assert "no prior" in opened("generate", model="tiny-ae", source="prior").info[0].value
    assert not opened("generate", model="tiny-vae").info


def test_new_seed_changes_the_seed(tiny_checkpoint):
    at = opened("generate", model="tiny-vae", seed="123")
    at.button[0].click().run()
    assert state(at).seed != 123
    assert at.number_input[0].value == state(at).seed


def test_interpolate_starts_on_two_classes(tiny_checkpoint):
    at = opened("interpolate", model="tiny-vae")
    a, b = state(at).waypoints
    assert a.row != b.row
    assert at.query_params["w"] == f"r{a.row}.r{b.row}"


def test_interpolate_takes_samples_swaps_and_draws(tiny_checkpoint):
    at = opened("interpolate", model="tiny-vae")
    first, last = (p.row for p in state(at).waypoints)
    for number in engines.engine("tiny-vae").atlas.index[[10, 20]].tolist():
        at.number_input[0].set_value(number).run()
    assert tuple(p.row for p in state(at).waypoints) == (first, last, 10, 20)
    assert at.number_input[0].value is None
    at.button("path.swap_horiz").click().run()
    assert tuple(p.row for p in state(at).waypoints) == (20, 10, last, first)
    at.button("path.undo").click().run()
    at.button("path.undo").click().run()
    assert tuple(p.row for p in state(at).waypoints) == (first, last, 10)
    at.button("path.redo").click().run()
    assert tuple(p.row for p in state(at).waypoints) == (first, last, 10, 20)
    next(button for button in at.button if button.label == "Random pair").click().run()
    assert not at.exception
    assert len(state(at).waypoints) == 2


def test_interpolate_and_its_command_take_samples_by_their_number(tiny_checkpoint, tmp_path, monkeypatch):
    """Their number in the training set, on a map of a part of the set, where it is not their row."""
    atlas = engines.engine("tiny-vae").atlas
    part = dataclasses.replace(atlas, index=3 * atlas.index + 1)
    monkeypatch.setattr(Engine, "atlas", property(lambda engine: part))
    at = opened("interpolate", model="tiny-vae")
    at.number_input[0].set_value(31).run()
    assert state(at).waypoints[-1].row == 10
    at.number_input[0].set_value(33).run()
    assert len(state(at).waypoints) == 3
    assert "Sample #33 is not on this map" in at.warning[0].value
    assert "#31, #34" in at.warning[0].value
    out = tmp_path / "way.npz"
    assert main(["interpolate", "tiny-vae", "31", "4", "--out", str(out)]) == 0
    with np.load(out) as way:
        assert np.array_equal(way["z"][[0, -1]], atlas.z[[10, 1]])


def test_a_path_of_twelve_takes_no_more_and_says_so(tiny_checkpoint):
    at = opened("interpolate", model="tiny-vae", w=".".join(f"r{row}" for row in range(12)))
    at.number_input[0].set_value(int(engines.engine("tiny-vae").atlas.index[20])).run()
    assert [p.row for p in state(at).waypoints] == list(range(12))
    assert "at most 12" in at.warning[0].value


def test_interpolate_offers_the_path_as_files(tiny_checkpoint, monkeypatch):
    def offered():
        found = opened("interpolate", model="tiny-vae").get("download_button")
        return {button.proto.label: button.proto for button in found}

    assert set(offered()) >= {"GIF", "MP4", "PNG", "NPZ", "Recipe"}
    assert not offered()["MP4"].disabled
    monkeypatch.setattr("app.files.downloads.why_no_mp4", lambda: "MP4 needs PyAV: pip install av")
    without = offered()["MP4"]
    assert without.disabled
    assert "pip install av" in without.help


def test_model_prints_the_figures_of_its_card(tiny_checkpoint):
    at = opened("model", model="tiny-vae")
    shown = {metric.label: metric.value for metric in at.metric}
    assert {"ELBO, nats", "distortion, nats", "rate, nats", "MSE", "active (rate)", "active (variance)"} < set(shown)
    elbo, distortion, rate = (float(shown[k].replace("−", "-").replace("\u2009", "")) for k in list(shown)[:3])
    assert elbo == pytest.approx(-distortion - rate, abs=0.11)
    assert "python -m vae train vae digits" in words(at)
    assert len(at.get("plotly_chart")) == 3


def test_model_says_that_a_plain_autoencoder_has_no_rate(tiny_checkpoint):
    assert "no rate" in opened("model", model="tiny-ae").info[0].value


def test_model_says_what_has_not_been_measured(root, tiny_root):
    saved = checkpoint.read(tiny_root / "tiny-vae")
    kept = {k: v for k, v in saved.config.items() if k != "digest"} | {"name": "raw-vae", "metrics": {}}
    checkpoint.save(root / "raw-vae", kept, saved.files)
    at = opened("model")
    assert not at.exception
    assert "python -m vae eval raw-vae" in at.info[0].value
    assert {metric.value for metric in at.metric} == {"–"}


def test_the_page_of_a_model_has_its_text_before_its_charts(tiny_checkpoint, monkeypatch):
    order = []
    for name in ("metrics", "provenance", "settings", "latent_use", "training", "rows", "latent_map"):
        module = card_metrics if name == "metrics" else records
        draws = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *a, name=name, draws=draws, **k: (order.append(name), draws(*a, **k))[1]
        )
    at = opened("model")
    assert not at.exception
    assert order == ["metrics", "provenance", "settings", "latent_use", "training", "rows", "latent_map"]
    assert "hourglass" not in words(at)  # what was still to come has come


# ---------------------------------------------------------------- compare


def test_compare_offers_models_of_the_same_data_and_keeps_the_choice_in_the_link(tiny_checkpoint):
    at = opened("compare", model="tiny-vae")
    assert [option.split("\u2002")[0] for option in at.selectbox[1].options] == ["tiny-ae"]
    assert opened("compare", model="tiny-vae", other="tiny-ae").query_params["other"] == "tiny-ae"
    assert "| [ELBO, nats](terms#elbo) |" in words(at)


def test_compare_says_why_it_shows_another_model_than_the_one_that_was_chosen(tiny_checkpoint):
    at = opened("compare", model="tiny-vae", other="gone-vae")
    said = "There is no model gone-vae to compare tiny-vae with. tiny-vae is compared with tiny-ae instead."
    assert said in words(at)
    assert at.query_params["other"] == "tiny-ae"  # the link leads to what is shown
    at = opened("compare", model="tiny-vae", other="tiny-vae")
    assert "tiny-vae cannot be compared with itself. tiny-vae is compared with tiny-ae" in words(at)
    assert "is compared with" not in words(opened("compare", model="tiny-vae", other="tiny-ae"))


def test_compare_leaves_out_differences_that_mean_nothing(tiny_checkpoint):
    """tiny-ae has no bound: its elbo is a dash, and so is the difference; the better error is bold."""
    text = words(opened("compare", model="tiny-vae", other="tiny-ae"))
    line = next(part for part in text.splitlines() if part.startswith("| [ELBO, nats]("))
    assert [cell.strip() for cell in line.split("|")[3:5]] == ["–", "–"]
    line = next(part for part in text.splitlines() if part.startswith("| [MSE"))
    assert line.count("**") == 2


def test_compare_shows_what_was_measured_of_the_kinds_of_models(tiny_checkpoint):
    text, shipped = words(opened("compare", model="tiny-vae", other="tiny-ae")), Compared.shipped()
    for table in (shipped.claims(), *map(shipped.measures, shipped.datasets), shipped.protocols()):
        assert markdown(table) in text


def test_a_model_alone_of_its_data_has_nothing_to_compare_with(root, tiny_root):
    shutil.copytree(tiny_root / "tiny-vae", root / "tiny-vae")
    at = opened("compare", model="tiny-vae")
    assert "only model of" in words(at)
    assert not at.exception
