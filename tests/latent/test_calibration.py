"""Probabilities that mean what they say: the curve, and how far it is off."""

from __future__ import annotations

import numpy as np
import pytest

from vae.latent.calibration import (
    HIGH,
    KNOTS,
    LOW,
    SLOPE,
    calibration_error,
    calibration_noise,
    fit_curve,
    fit_logistic,
    log_odds,
    logistic,
    recalibrated,
)


def test_logistic_fit_recovers_its_own_weights():
    random = np.random.default_rng(0)
    x = random.normal(size=(20_000, 2))
    chance = 1 / (1 + np.exp(-(0.5 + x @ [2.0, -1.0])))
    weights = fit_logistic(x, random.random(20_000) < chance)
    assert weights == pytest.approx([0.5, 2.0, -1.0], abs=0.1)


def test_calibration_error_by_hand():
    predicted, observed = np.array([0.05, 0.05, 0.95, 0.95, 1.0]), np.array([True, False, True, False, True])
    assert calibration_error(predicted, observed) == pytest.approx((0.9 + 0.9) / 5)
    assert calibration_error(np.array([0.3, 0.3, 0.3, 0.3]), np.array([True, False, False, False])) == pytest.approx(
        0.05
    )


def test_calibration_noise_by_hand_and_by_simulation():
    assert calibration_noise(np.full(4, 0.5)) == pytest.approx(np.sqrt(2 / np.pi) * 1.0 / 4)
    assert calibration_noise(np.array([0.0, 1.0])) == 0
    random = np.random.default_rng(0)
    predicted = random.beta(0.3, 0.3, 4000)
    chance = np.mean([calibration_error(predicted, random.random(4000) < predicted) for _ in range(200)])
    assert calibration_noise(predicted) == pytest.approx(chance, rel=0.05)


def test_the_curve_is_the_one_that_the_observations_have():
    """True log odds are three times what was said: flat in the middle, as trust was."""
    random = np.random.default_rng(0)
    said = random.uniform(-3, 3, 40_000)
    curve = fit_curve(said, random.random(40_000) < logistic(3 * said))
    inner = np.abs(KNOTS) <= 1.25
    assert curve[inner] == pytest.approx(3 * KNOTS[inner], abs=0.3)
    fresh = random.uniform(-3, 3, 40_000)
    back = random.random(40_000) < logistic(3 * fresh)
    assert calibration_error(logistic(fresh), back) > 0.05
    assert calibration_error(recalibrated(curve, logistic(fresh)), back) < 0.008


def test_the_curve_keeps_the_order_even_of_what_is_upside_down():
    random = np.random.default_rng(0)
    said = random.uniform(LOW, HIGH, 5000)
    curve = fit_curve(said, said < -2)
    assert (np.diff(curve) >= SLOPE * np.diff(KNOTS) * 0.999).all()
    p = np.linspace(0.001, 0.997, 500)
    assert (np.diff(recalibrated(curve, p)) > 0).all()


def test_without_observations_and_without_a_bend_nothing_changes():
    assert fit_curve(np.empty(0), np.empty(0, bool)) == pytest.approx(KNOTS)
    p = np.array([1e-5, 0.2, 0.5, 0.99])
    assert recalibrated(KNOTS, p) == pytest.approx(p)
    assert logistic(log_odds(p)) == pytest.approx(p)
