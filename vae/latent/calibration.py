"""Probabilities that mean what they say: logistic regression, monotone recalibration, and the error that is left."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

LOW, HIGH = -14.0, 6.0  # range of the log odds that are recalibrated
KNOTS = np.array([LOW, -9.0, -6.0, -4.0, -2.5, -1.25, 0.0, 1.25, 2.5, 4.0, HIGH])  # dense where the probability changes
SLOPE = 0.05  # least slope between two knots: the curve keeps the order of what it recalibrates
RIDGE = 2.0  # of the slopes towards 1: where there are no observations, the curve is a shift
BINS = 10


def logistic(odds: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(odds, -60.0, 60.0)))


def log_odds(probability: np.ndarray) -> np.ndarray:
    """The inverse of logistic, for probabilities between its values at -20 and 14."""
    p = np.clip(np.asarray(probability, np.float64), 1e-9, 1.0 - 1e-6)
    return np.log(p / (1.0 - p))


def linear(weights: np.ndarray, features: Float[np.ndarray, "n f"]) -> Float[np.ndarray, " n"]:
    return features @ weights[1:] + weights[0]


def fit_logistic(features: Float[np.ndarray, "n f"], positive: np.ndarray) -> Float[np.ndarray, " f1"]:
    """Intercept and weights by Newton's method on the log-likelihood; a ridge keeps them finite for separable sets."""
    x = np.concatenate([np.ones((len(features), 1)), features], axis=1).astype(np.float64)
    ridge = np.diag(np.full(x.shape[1], 0.1))
    w = np.zeros(x.shape[1])
    for _step in range(50):
        chance = logistic(x @ w)
        slope = x.T @ (positive - chance) - ridge @ w
        curve = (x * (chance * (1 - chance))[:, None]).T @ x + ridge
        step = np.linalg.solve(curve, slope)
        w = w + step * min(1.0, 5.0 / (np.abs(step).max() + 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return w


def fit_curve(odds: Float[np.ndarray, " n"], positive: np.ndarray) -> Float[np.ndarray, " k"]:
    """The recalibrated log odds at KNOTS, by maximum likelihood: Platt's scaling (1999) with a slope of its own between
    each two knots. Increasing, so that the ranking stays. odds: (n,) from LOW to HIGH; positive: (n,) bool."""
    from scipy.optimize import minimize  # here: a loaded map has its curve

    widths = np.diff(KNOTS)
    x = np.concatenate([np.ones((len(odds), 1)), np.clip(odds[:, None] - KNOTS[:-1], 0.0, widths)], axis=1)
    start = np.concatenate([[LOW], np.ones(len(widths))])  # nothing changes

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        given, off = x @ w, np.concatenate([[0.0], w[1:] - 1.0])
        value = np.logaddexp(0.0, given).sum() - given[positive].sum() + 0.5 * RIDGE * (off**2).sum()
        return float(value), x.T @ (logistic(given) - positive) + RIDGE * off

    bounds = [(None, None), *[(SLOPE, None)] * len(widths)]
    w = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500}).x
    return w[0] + np.concatenate([[0.0], np.cumsum(w[1:] * widths)])


def recalibrated(curve: Float[np.ndarray, " k"], probability: np.ndarray) -> np.ndarray:
    """Probabilities after the curve that `fit_curve` found."""
    return logistic(np.interp(log_odds(probability), KNOTS, curve))


def calibration_error(predicted: Float[np.ndarray, " n"], observed: np.ndarray) -> float:
    """Mean |predicted - observed| over ten equal bins of the prediction, each weighed by its share of the n. Naeini,
    Cooper and Hauskrecht, 2015 (expected calibration error)."""
    bins = _bins(predicted)
    return float(sum(abs(predicted[bins == i].sum() - observed[bins == i].sum()) for i in range(BINS)) / len(predicted))


def calibration_noise(predicted: Float[np.ndarray, " n"]) -> float:
    """The calibration error to be expected of perfectly calibrated predictions, by chance alone: what n observations
    cannot tell from 0. The mean of |normal| of each bin's standard deviation."""
    spread = np.bincount(_bins(predicted), predicted * (1.0 - predicted), BINS)
    return float(np.sqrt(2.0 / np.pi) * np.sqrt(spread).sum() / len(predicted))


def _bins(predicted: np.ndarray) -> np.ndarray:
    return np.minimum((predicted * BINS).astype(int), BINS - 1)
