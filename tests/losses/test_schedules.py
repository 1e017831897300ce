"""Weights as functions of the step."""

from __future__ import annotations

import pytest

from vae.losses.schedules import constant, cyclical, linear, warmup


@pytest.mark.parametrize(("step", "weight"), [(0, 0.0), (1, 0.4), (5, 2.0), (10, 4.0), (11, 4.0), (10**9, 4.0)])
def test_linear_rises_to_its_value(step, weight):
    assert linear(4.0, 10)(step) == pytest.approx(weight)


@pytest.mark.parametrize(
    ("step", "weight"), [(0, 0.0), (2, 1.0), (4, 2.0), (5, 2.0), (7, 2.0), (8, 0.0), (10, 1.0), (15, 2.0), (16, 0.0)]
)
def test_cyclical_restarts_every_period_after_a_half_at_its_value(step, weight):
    assert cyclical(2.0, 8)(step) == pytest.approx(weight)


def test_cyclical_ramp_is_a_share_of_the_period():
    assert cyclical(1.0, 100, ramp=0.1)(5) == pytest.approx(0.5)
    assert cyclical(1.0, 100, ramp=1.0)(50) == pytest.approx(0.5)


@pytest.mark.parametrize("schedule", [constant(3.0), linear(3.0, 0), cyclical(3.0, 0), warmup("none", 3.0, 10)])
def test_without_a_rise_the_weight_is_there_from_the_first_step(schedule):
    assert [schedule(step) for step in (0, 1, 1000)] == [3.0, 3.0, 3.0]


def test_warmup_finds_each_kind():
    assert warmup("linear", 2.0, 4)(2) == linear(2.0, 4)(2) == 1.0
    assert warmup("cyclical", 2.0, 4)(5) == cyclical(2.0, 4)(5) == 1.0
