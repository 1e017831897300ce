"""When a measured cost counts: only as long as it was measured under the load there is now, on this machine."""

from __future__ import annotations

import dataclasses
import os
import time

import pytest

from vae.runs import folder, forecast
from vae.runs.forecast import Forecast
from vae.training.plan import Plan

PLAN = Plan("vae", "digits", {}, 20, name="a", points=10)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine whose state a test sets: whether a training runs, and what an epoch takes then."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    now = {"busy": False, "epoch_s": 1.0}

    def measured(plan):
        fields = {"start_s": 1.0, "epoch_s": now["epoch_s"], "finish_s": 1.0, "peak_bytes": 10**8}
        return fields | {"device": "cpu", "steps": 5}

    monkeypatch.setattr(forecast, "_measured_apart", measured)
    monkeypatch.setattr(forecast, "_busy", lambda: now["busy"])
    return now


def test_what_was_measured_beside_a_training_is_not_shown_once_it_has_ended(machine):
    machine |= {"busy": True, "epoch_s": 9.0}
    assert forecast.of(PLAN).epoch_s == 9
    assert "may be faster" in forecast.known(PLAN).told(20)
    machine |= {"busy": False, "epoch_s": 1.0}
    assert forecast.known(PLAN) is None
    assert forecast.of(PLAN).epoch_s == 1
    assert "may be faster" not in forecast.known(PLAN).told(20)


def test_what_an_idle_machine_measured_counts_for_a_training_that_waits_its_turn(machine):
    idle = forecast.of(PLAN)
    machine |= {"busy": True, "epoch_s": 9.0}
    assert forecast.known(PLAN) == forecast.of(PLAN) == idle


def test_a_training_that_ends_while_it_is_measured_does_not_break_the_estimate(machine, monkeypatch):
    states = iter([True, True, False])
    monkeypatch.setattr(forecast, "_busy", lambda: next(states, False))
    assert forecast.of(PLAN).busy


def test_another_device_or_machine_has_its_own(machine, monkeypatch):
    forecast.of(PLAN)
    with monkeypatch.context() as there:
        there.setenv("ZSCOPE_DEVICE", "cuda")
        assert forecast.known(PLAN) is None
    with monkeypatch.context() as there:
        there.setattr("platform.node", lambda: "elsewhere")
        assert forecast.known(PLAN) is None
    assert forecast.known(PLAN) is not None


def test_it_is_outdated_after_ten_minutes(machine):
    forecast.of(PLAN)
    for file in (folder.home() / ".estimates").iterdir():
        os.utime(file, (time.time() - forecast.FRESH_S - 1,) * 2)
    assert forecast.known(PLAN) is None
    then, age_s = forecast.outdated(PLAN)
    assert then.epoch_s == machine["epoch_s"]
    assert age_s == pytest.approx(forecast.FRESH_S + 1, abs=30)


def test_the_estimate_says_what_it_includes():
    measured = Forecast(1.0, 2.0, 3.0, 10**9, "cpu", 5, map_s=4.0)
    assert "This includes loading the data, training, evaluation and the map." in measured.told(3)
    unknown = dataclasses.replace(measured, map_s=None)
    assert "but not the map" in unknown.told(3)
    assert "but not the map" in unknown.told(3, models=2)
