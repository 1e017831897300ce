"""Trust: a probability measured against whether positions come back."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vae.errors import ShapeError
from vae.latent.calibration import KNOTS, calibration_error
from vae.latent.projector import Projector, fit_map
from vae.latent.trust import TrustModel, auroc_of, calibrate, fine, round_trip

WIDE = np.random.default_rng(7).normal(size=(4, 24)) / 5


def decode(z: np.ndarray) -> np.ndarray:
    return np.tanh(z @ WIDE).reshape(len(z), 1, 4, 6)


def encode(x: np.ndarray) -> np.ndarray:
    """Right where the decoder's units are not saturated, and drawn to the middle where they are."""
    flat = np.clip(x.reshape(len(x), -1), -0.9, 0.9)
    return (np.arctanh(flat) @ np.linalg.pinv(WIDE)).astype(np.float32)


@pytest.fixture(scope="module")
def projector() -> Projector:
    """Three bent sheets: flat enough that the map can hold them."""
    random = np.random.default_rng(0)
    u, v = random.uniform(-1, 1, (2, 900))
    z = np.stack([u, v, 0.5 * u * v, 0.02 * random.normal(size=900)], axis=1) + np.repeat(3 * np.eye(3, 4), 300, axis=0)
    fitted = fit_map(z, n_epochs=60)
    return Projector.build(z, fitted.xy, a=fitted.a, b=fitted.b)


@pytest.fixture(scope="module")
def model(projector) -> TrustModel:
    return calibrate(projector, decode, encode)


def test_trust_tells_what_comes_back_on_fresh_positions(projector, model):
    """Judged here from outside: other positions than calibrate drew, the fact computed by hand."""
    trusted = projector.with_trust(model)
    x0, y0, x1, y1 = projector.box
    p = (np.array([x0, y0]) + np.random.default_rng(123).random((2000, 2)) * [x1 - x0, y1 - y0]).astype(np.float32)
    z, said = trusted.from_map(p)
    again = encode(decode(z))
    on_map = np.linalg.norm(projector.to_map(again) - p, axis=1) <= model.report["tau_map_widths"] * projector.width
    in_latent = np.linalg.norm((again - z) * projector.scale, axis=1) <= model.report["tau_latent"]
    back = on_map & in_latent
    assert 0.02 < back.mean() < 0.98
    assert auroc_of(said, back) > 0.95
    assert auroc_of(said, on_map) > 0.9
    assert auroc_of(said, in_latent) > 0.85
    assert abs(said.mean() - back.mean()) < 0.05
    assert np.array_equal(said, trusted.trust(p))


def test_near_data_the_probabilities_come_true(projector, model):
    """The error of the curve is what chance alone leaves of it; without the curve it is far more."""
    random, (x0, y0, x1, y1) = np.random.default_rng(321), projector.box
    near = projector.xy[random.integers(0, 900, 8000)] + random.normal(scale=0.02 * projector.width, size=(8000, 2))
    p = np.clip(near, [x0, y0], [x1, y1]).astype(np.float32)
    z, said = projector.with_trust(model).from_map(p)
    again = encode(decode(z))
    back = np.linalg.norm(projector.to_map(again) - p, axis=1) <= model.report["tau_map_widths"] * projector.width
    back &= np.linalg.norm((again - z) * projector.scale, axis=1) <= model.report["tau_latent"]
    plain = projector.with_trust(dataclasses.replace(model, curve=None)).trust(p)
    assert calibration_error(plain, back) > 0.014
    assert calibration_error(said, back) < 0.01  # .008 on some machines, which round otherwise
    assert (np.diff(said[np.argsort(plain)]) >= 0).all()  # the order stays


def test_report_and_bounds(model):
    assert model.report["auroc"] > 0.95
    assert model.report["calibration_error"] < 0.015
    assert model.report["calibration_error_near_data"] < 0.015
    assert model.report["calibration_error_uniform"] < 0.015
    assert 0.001 < model.report["calibration_noise_near_data"] < 0.01
    assert model.report["n_judged_near_data"] > 4000
    assert 0 < model.report["tau_map_widths"] < 0.2
    assert model.report["n_judged"] > 1000


def test_bounds_are_what_95_percent_of_the_set_do(projector, model):
    moved, _ = round_trip(projector, decode, encode, projector.xy)
    assert np.mean(moved <= model.report["tau_map_widths"] * projector.width) == pytest.approx(0.95, abs=0.001)
    own = np.linalg.norm((encode(decode(projector.z)) - projector.z) * projector.scale, axis=1)
    assert np.mean(own <= model.report["tau_latent"]) == pytest.approx(0.95, abs=0.001)


def test_same_seed_same_trust(projector, model):
    again = calibrate(projector, decode, encode)
    assert np.array_equal(again.code, model.code)
    assert np.array_equal(again.curve, model.curve)


def test_a_model_that_forgets_is_not_trusted(projector):
    """An encoder that lands somewhere else for one cluster must lose trust there, and there alone."""

    def broken(x):
        z = encode(x)
        return np.where(z[:, :1] > 1.5, -z, z)

    trusted = projector.with_trust(calibrate(projector, decode, broken))
    lost = trusted.trust(projector.xy[projector.z[:, 0] > 2.5]).mean()
    kept = trusted.trust(projector.xy[projector.z[:, 0] < 0.5]).mean()
    assert lost < 0.2
    assert kept > 0.5


def test_state_is_small_and_round_trips(model):
    state = model.state()
    assert sum(array.nbytes for array in state.values()) < 100_000
    again = TrustModel.from_state(state)
    assert np.array_equal(again.code, model.code)
    assert again.box == model.box
    assert again.report == pytest.approx(model.report, nan_ok=True)
    assert np.array_equal(again.curve, model.curve)
    assert TrustModel.from_state({}) is None
    with pytest.raises(ShapeError, match="trust field"):
        TrustModel.from_state(state | {"trust_code": np.zeros((4, 5), np.uint8)})
    for curve in (KNOTS[::-1], KNOTS[:-1], np.full(len(KNOTS), np.nan)):
        with pytest.raises(ShapeError, match="trust curve"):
            TrustModel.from_state(state | {"trust_curve": curve})


def test_a_map_from_before_the_curve_is_read_as_it_was(projector, model):
    state = {k: v for k, v in model.state().items() if k != "trust_curve"}
    old = TrustModel.from_state(state | {"trust_report": state["trust_report"][:9]})
    assert set(old.report) >= {"auroc", "n_judged"}
    assert "calibration_error_near_data" not in old.report
    p = projector.xy[:50]
    assert np.array_equal(projector.with_trust(old).trust(p), old.grid().at(p)[:, 0])


def test_the_field_shows_what_positions_say(projector, model):
    trusted = projector.with_trust(model)
    field, _ = trusted.trust_field()
    nodes = model.grid().nodes().astype(np.float32).reshape(*field.shape, 2)
    inner = (slice(1, -1, 17), slice(1, -1, 17))  # a node at the very border may be rounded out of the box
    assert trusted.trust(nodes[inner].reshape(-1, 2)) == pytest.approx(field[inner].ravel(), abs=2e-3)
    assert model.at(nodes[inner].reshape(-1, 2)) == pytest.approx(field[inner].ravel(), abs=2e-3)


@pytest.mark.parametrize("n", [2, 12])
def test_tiny_sets_calibrate(n):
    z = np.random.default_rng(0).normal(size=(n, 4))
    projector = Projector.build(z, fit_map(z, n_epochs=10).xy)
    field, _ = projector.with_trust(calibrate(projector, decode, encode)).trust_field()
    assert np.isfinite(field).all()
    assert field.min() >= 0
    assert field.max() <= 1


def test_bad_models_are_named(projector):
    with pytest.raises(ShapeError, match="NaN"):
        calibrate(projector, decode, lambda x: np.full((len(x), 4), np.nan))
    with pytest.raises(ShapeError, match="encode"):
        calibrate(projector, decode, lambda x: np.zeros((len(x), 3)))


def test_auroc_by_hand():
    assert auroc_of(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, False, True, True])) == 1.0
    assert auroc_of(np.array([1.0, 1.0, 1.0]), np.array([False, True, True])) == 0.5
    assert auroc_of(np.array([3.0, 1.0, 2.0]), np.array([True, False, True])) == 1.0
    assert auroc_of(np.array([1.0, 3.0, 2.0]), np.array([True, True, False])) == 0.5
    assert np.isnan(auroc_of(np.array([1.0]), np.array([True])))


def test_a_small_reference_set_needs_a_coarser_lattice():
    assert [fine(n) for n in (2, 1_000, 1_437, 4_096, 20_000)] == [128, 128, 152, 256, 256]
