"""The cost that the Train page shows is the one that is known now, and a failure is not measured again and again."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from app.live import background, training_cost
from vae.runs import forecast
from vae.runs.forecast import Forecast
from vae.training.plan import Plan

PLAN = Plan("vae", "digits", {}, 20, name="a")


@pytest.fixture
def begun(monkeypatch) -> list[Future]:
    """The measurements that are begun; a test ends them."""
    jobs: list[Future] = []

    def start(make, *args):
        jobs.append(Future())
        return jobs[-1]

    monkeypatch.setattr(background, "start", start, raising=False)
    monkeypatch.setattr(background, "once", lambda key, make, *args: start(make, *args))
    monkeypatch.setattr(training_cost, "_last", [], raising=False)
    return jobs


def of(epoch_s: float) -> Forecast:
    return Forecast(2.0, epoch_s, 8.0, 10**9, "cpu", 50, map_s=0.0)


def test_the_known_forecast_is_shown_and_not_what_was_once_measured(begun, monkeypatch):
    now: dict = {"known": None}
    monkeypatch.setattr(forecast, "known", lambda plan: now["known"])
    assert training_cost.look(PLAN) is None
    begun[0].set_result(of(1.0))
    now["known"] = of(1.0)
    assert training_cost.look(PLAN).startswith("About 30 seconds.")
    assert training_cost.look(PLAN, 7).startswith("About 4 minutes for all 7 models")
    now["known"] = None  # outdated
    assert training_cost.look(PLAN) is None
    now["known"] = of(60.0)
    assert training_cost.look(PLAN).startswith("About 20 minutes.")


def test_an_outdated_one_is_shown_as_such_while_it_is_measured_again(begun, monkeypatch):
    monkeypatch.setattr(forecast, "outdated", lambda plan: None)
    assert training_cost.outdated(PLAN) is None
    monkeypatch.setattr(forecast, "outdated", lambda plan: (of(1.0), 1200.0))
    said = training_cost.outdated(PLAN)
    assert said.startswith("About 30 seconds.")
    assert said.endswith("This is outdated: it was measured 20 minutes ago and is being measured again.")


def test_until_it_is_known_the_cost_of_other_settings_is_shown_as_such_and_how_long_it_takes(begun, monkeypatch):
    monkeypatch.setattr(forecast, "known", lambda plan: None)
    clock = {"now": 100.0}
    monkeypatch.setattr(training_cost.time, "monotonic", lambda: clock["now"])
    assert training_cost.look(PLAN) is None
    assert training_cost.pending(None) == "Timing some training steps on this machine ..."
    clock["now"] = 104.0
    said = training_cost.pending("About 30 seconds.")
    assert said.startswith("Timing some training steps on this machine: 4 s so far; about 10 s")
    assert said.endswith("With the settings before the last change: About 30 seconds.")


def test_one_is_measured_at_a_time(begun, monkeypatch):
    monkeypatch.setattr(forecast, "known", lambda plan: None)
    for d in range(10):
        assert training_cost.look(Plan("vae", "digits", {"d": d}, 20)) is None
    assert len(begun) == 1


def test_a_failure_is_told_and_not_measured_again_at_every_look(begun, monkeypatch):
    monkeypatch.setattr(forecast, "known", lambda plan: None)
    training_cost.look(PLAN)
    begun[0].set_exception(forecast.Unmeasured("trial training failed: no memory"))
    assert [training_cost.look(PLAN) for _look in range(3)] == ["trial training failed: no memory"] * 3
    assert len(begun) == 1
    assert training_cost.look(Plan("vae", "digits", {"d": 3}, 20)) is None
    assert len(begun) == 2
