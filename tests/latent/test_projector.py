"""The map both ways: positions of latents, latents of positions, fits that repeat bit for bit."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from vae.errors import SettingError, ShapeError
from vae.latent import inverse
from vae.latent.fit import attraction, landmark_rows, principal_layout
from vae.latent.forward import Forward
from vae.latent.inverse import Grid, box_around, build_lattice
from vae.latent.neighbours import Index, metric_scale
from vae.latent.projector import Projector, fit_map
from vae.latent.trust import TrustModel


def clusters(n: int, d: int = 6, seed: int = 0) -> np.ndarray:
    """Five curved clusters: something a map can show."""
    random = np.random.default_rng(seed)
    centre = np.random.default_rng(99).normal(size=(5, d)) * 2
    bend = np.random.default_rng(98).normal(size=(5, 2, d))
    t = random.uniform(-1, 1, (n, 1))
    which = np.arange(n) % 5
    z = centre[which] + t * bend[which, 0] + t**2 * bend[which, 1]
    return (z + 0.1 * random.normal(size=(n, d))).astype(np.float32)


@pytest.fixture(scope="module")
def reference() -> tuple[np.ndarray, Projector]:
    z = clusters(1200)
    fitted = fit_map(z, n_epochs=60)
    return z, Projector.build(z, fitted.xy, a=fitted.a, b=fitted.b)


def test_same_seed_same_map_and_another_seed_another():
    z = clusters(400)
    first, second, other = (fit_map(z, n_epochs=20, seed=seed).xy for seed in (3, 3, 4))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


def test_map_keeps_neighbours(reference):
    z, projector = reference
    _, near = Index(z).query(z, 11)
    _, on_map = Index(projector.xy, np.ones(2)).query(projector.xy, 51)
    kept = np.mean([np.isin(a[1:], b).mean() for a, b in zip(near, on_map, strict=True)])
    assert kept > 0.6  # of the 10 latent neighbours among the 50 map neighbours; chance is .04
    assert len(projector.xy) == len(z)


def test_landmark_fit_places_the_rest_where_a_full_fit_would_have_neighbours():
    z = clusters(1500)
    fitted = fit_map(z, n_epochs=40, landmarks=500)
    assert fitted.landmarks is not None
    assert len(fitted.landmarks) == 500
    rest = np.setdiff1d(np.arange(1500), fitted.landmarks)
    placed = Forward(Index(z[fitted.landmarks], metric_scale(z)), fitted.xy[fitted.landmarks], fitted.a, fitted.b)
    assert np.array_equal(placed.place(z[rest]), fitted.xy[rest])
    assert np.array_equal(fitted.landmarks, landmark_rows(1500, 500, 0))
    spread = [np.linalg.norm(fitted.xy[i::5] - np.median(fitted.xy[i::5], 0), axis=1).mean() for i in range(5)]
    assert max(spread) < 0.35 * np.ptp(fitted.xy, axis=0).max()


def test_reference_rows_land_on_themselves(reference):
    z, projector = reference
    assert np.array_equal(projector.to_map(z), projector.xy)


def test_new_latents_land_near_their_latent_neighbours(reference):
    _, projector = reference
    new = clusters(300, seed=1)
    _, row = Index(projector.z).query(new, 5)
    gap = np.linalg.norm(projector.to_map(new)[:, None] - projector.xy[row], axis=2).min(axis=1)
    assert np.median(gap) < 0.03 * projector.width


def test_forward_is_the_fixed_point_of_umaps_attraction(reference):
    """With one far-off neighbour set the step must balance sum w_i c(r_i) (y - y_i) = 0."""
    z, projector = reference
    forward = Forward(Index(z, projector.scale), projector.xy, projector.a, projector.b)
    new = clusters(40, seed=2)
    distance, row = forward.index.query(new, forward.k)
    excess = distance - distance[:, :1]
    w = np.exp(-excess / (0.5 * excess.mean(1, keepdims=True) + 1e-6))
    at, y = projector.xy[row].astype(float), forward.place(new).astype(float)

    def pull(y):
        r2 = ((y[:, None] - at) ** 2).sum(2) + 0.01
        c = w * r2 ** (projector.b - 1) / (1 + projector.a * r2**projector.b)
        return np.linalg.norm((c[..., None] * (at - y[:, None])).sum(1), axis=1) / c.sum(1)

    assert np.median(pull(y)) < 0.02 * projector.width
    assert np.median(pull(y)) < 0.2 * np.median(pull(y + np.array([0.1 * projector.width, 0])))


def test_a_latent_between_two_islands_goes_to_the_larger_not_the_void():
    random = np.random.default_rng(0)
    z = random.normal(size=(15, 8))
    z /= np.linalg.norm(z, axis=1, keepdims=True)  # all as far from 0
    island = np.arange(15) % 5 < 3
    xy = np.where(island[:, None], [[0.0, 0.0]], [[20.0, 0.0]]) + 0.3 * random.normal(size=(15, 2))
    at = Forward(Index(z, np.ones(8)), xy, *attraction()).place(np.zeros((1, 8)))
    assert np.linalg.norm(at) < 1.0


def test_placing_does_not_depend_on_the_batch(reference):
    _, projector = reference
    new = np.concatenate([clusters(200, seed=5), np.random.default_rng(0).normal(size=(100, 6)).astype(np.float32)])
    together = projector.to_map(new)
    alone = np.concatenate([projector.to_map(row[None]) for row in new])
    assert np.array_equal(together, alone)
    p = together + 0.1
    z, trust = projector.from_map(p)
    for i in (0, 7, 150):
        zi, ti = projector.from_map(p[i : i + 1])
        assert np.array_equal(zi[0], z[i])
        assert ti[0] == trust[i]


def test_dead_dimensions_do_not_move_the_marker():
    z = clusters(600)
    z = np.concatenate([z, 0.01 * np.random.default_rng(1).normal(size=(600, 4)).astype(np.float32)], axis=1)
    fitted = fit_map(z, n_epochs=30)
    projector = Projector.build(z, fitted.xy, a=fitted.a, b=fitted.b)
    edited = z[:200].copy()
    edited[:, 6:] += 1.0  # a noise draw or a slider of a dimension that the model does not use
    moved = np.linalg.norm(projector.to_map(edited) - fitted.xy[:200], axis=1)
    assert np.median(moved) < 0.02 * projector.width
    assert np.mean(projector.latent_confidence(edited) < 0.01) < 0.05
    plain = Projector.build(z, fitted.xy, a=fitted.a, b=fitted.b, scale=np.ones(10))
    assert np.mean(plain.latent_confidence(edited) < 0.01) > 0.9


def test_confidence_tells_the_cloud_from_elsewhere(reference):
    _, projector = reference
    assert np.mean(projector.latent_confidence(clusters(300, seed=3)) < 0.01) < 0.1
    assert projector.latent_confidence(np.full((1, 6), 50.0))[0] < 0.01


def test_inverse_beats_the_nearest_point_on_held_out_latents(reference):
    z, projector = reference
    new = clusters(400, seed=4)
    p = projector.to_map(new)
    ours = np.linalg.norm(projector.from_map(p)[0] - new, axis=1)
    _, row = Index(projector.xy, np.ones(2)).query(p, 1)
    nearest = np.linalg.norm(z[row[:, 0]] - new, axis=1)
    assert np.sqrt(np.mean(ours**2)) < np.sqrt(np.mean(nearest**2))


def test_inverse_does_not_jump_along_a_line(reference):
    _, projector = reference
    t = np.linspace(0, 1, 1001)[:, None]
    line = projector.xy[0] * (1 - t) + projector.xy[3] * t
    z, _ = projector.from_map(line.astype(np.float32))
    step = np.linalg.norm(np.diff(z, axis=0), axis=1)
    assert step.max() < 0.2 * np.linalg.norm(projector.z.std(0))


def test_lattice_of_a_linear_map_is_that_map():
    """Kernel regression of a linear function on a dense uniform set must return the function, away from the rim."""
    random = np.random.default_rng(0)
    xy = random.uniform(-1, 1, (60_000, 2)).astype(np.float32)
    z = (xy @ [[1.0, 2.0, -1.0], [0.5, -1.0, 3.0]]).astype(np.float32)
    latent, count = build_lattice(z, xy)
    inner = random.uniform(-0.7, 0.7, (200, 2)).astype(np.float32)
    assert np.abs(latent.at(inner) - inner @ [[1.0, 2.0, -1.0], [0.5, -1.0, 3.0]]).max() < 0.02
    cell = (latent.box[2] - latent.box[0]) / 255
    expected = 60_000 / 4 * cell**2 * 4 * np.pi * 0.6**2  # density times the kernel's effective area
    assert np.median(count.at(inner)) == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("n", [1, 40, 3000])
def test_latents_of_many_dimensions_are_smoothed_as_a_table_has_them(n, monkeypatch):
    """Also in holes, where only the widest kernels have points, and outside of the box."""
    random = np.random.default_rng(0)
    z = clusters(n, d=9)
    xy = (z[:, :2] + 0.1 * random.normal(size=(n, 2))).astype(np.float32)
    table, count = build_lattice(z, xy)
    monkeypatch.setattr(inverse, "TABLE", 8)
    smoothed, again = build_lattice(z, xy)
    assert isinstance(table, Grid)
    assert not isinstance(smoothed, Grid)
    x0, y0, x1, y1 = table.box
    at = np.concatenate([random.uniform((x0 - 1, y0 - 1), (x1 + 1, y1 + 1), (300, 2)), xy[:300], count.nodes()[::999]])
    np.testing.assert_allclose(smoothed.at(at), table.at(at), atol=3e-6 * np.abs(z).max())
    np.testing.assert_array_equal(again.values, count.values)
    monkeypatch.setattr(inverse, "MANY", len(at))
    np.testing.assert_allclose(smoothed.at(at), table.at(at), atol=3e-6 * np.abs(z).max())


def test_grid_is_bilinear_and_clamped():
    grid = Grid(np.array([[[0.0], [1.0]], [[2.0], [5.0]]], np.float32), (10.0, 20.0, 11.0, 21.0))
    at = np.array([[10.0, 20.0], [11.0, 20.0], [10.0, 21.0], [11.0, 21.0], [10.5, 20.5], [0.0, 0.0], [99.0, 20.5]])
    assert grid.at(at)[:, 0] == pytest.approx([0.0, 1.0, 2.0, 5.0, 2.0, 0.0, 3.0])
    assert np.array_equal(grid.nodes(), [[10, 20], [11, 20], [10, 21], [11, 21]])


def test_trust_in_latents_is_how_far_they_come_back(reference):
    _, projector = reference
    bounds = {"tau_map_widths": 10.0, "tau_latent": 0.5}  # the latent half decides
    projector = projector.with_trust(TrustModel(np.full((8, 8), 128, np.uint8), projector.box, bounds))
    z = projector.z[:20]
    away = np.zeros_like(z)
    away[:, 0] = 0.5 / projector.scale[0]
    assert np.array_equal(projector.returned(z, z), np.ones(20))
    np.testing.assert_allclose(projector.returned(z, z + away), 0.5, atol=1e-4)
    np.testing.assert_allclose(projector.returned(z, z + 2 * away), 1 / 17, atol=1e-4)
    strict = projector.with_trust(TrustModel(projector._model.code, projector.box, bounds | {"tau_map_widths": 1e-6}))
    assert strict.returned(z, z + 2 * away).max() < 1e-3  # and now the map half does


def test_trust_is_zero_off_the_box_and_low_in_holes(reference):
    _, projector = reference
    _, trust = projector.from_map([[1e6, 0.0], [0.0, -1e6]])
    assert np.array_equal(trust, [0.0, 0.0])
    sure = projector.with_trust(TrustModel(np.full((8, 8), 255, np.uint8), projector.box))
    assert np.array_equal(sure.trust([[1e6, 0.0], [0.0, 0.0]]) > 0.99, [False, True])
    assert projector.trust(projector.xy).mean() > 5 * projector.trust_field()[0].mean()
    x0, y0, x1, y1 = projector.trust_field()[1]
    assert x1 - x0 == pytest.approx(1.1 * projector.width)
    assert y1 - y0 == pytest.approx(x1 - x0)
    assert projector.coverage([[1e6, 0.0]])[0] == 0.0


def test_state_brings_back_the_same_projector(reference):
    z, projector = reference
    code = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64).astype(np.uint8)
    projector = projector.with_trust(TrustModel(code, projector.box, {"auroc": 0.9}))
    again = Projector.from_state(projector.state())
    p = projector.xy[:50] + 0.3
    for a, b in zip(projector.from_map(p), again.from_map(p), strict=True):
        assert np.array_equal(a, b)
    new = clusters(20, seed=6)
    assert np.array_equal(projector.to_map(new), again.to_map(new))
    assert again.trust_report["auroc"] == 0.9
    half = z.astype(np.float16).astype(np.float32)
    state = Projector.build(half, projector.xy).state()
    assert state["z"].dtype == np.float16
    assert np.array_equal(Projector.from_state(state).z, half)
    assert all(array.dtype != object for array in state.values())


def test_state_without_its_arrays_is_refused(reference):
    _, projector = reference
    state = projector.state()
    del state["xy"]
    with pytest.raises(ShapeError, match=r"missing xy"):
        Projector.from_state(state)


DEGENERATE = {
    "one row": np.zeros((1, 3)),
    "two rows": np.eye(2),
    "three rows": np.eye(3),
    "four rows": np.eye(4),
    "fewer than k": np.random.default_rng(0).normal(size=(10, 4)),
    "k": np.random.default_rng(0).normal(size=(15, 4)),
    "one dimension": np.random.default_rng(0).normal(size=(120, 1)),
    "two dimensions": np.random.default_rng(0).normal(size=(120, 2)),
    "all the same": np.ones((60, 3)),
    "all dead": 1e-4 * np.random.default_rng(0).normal(size=(120, 8)),
    "duplicates": np.repeat(np.random.default_rng(0).normal(size=(20, 5)), 20, axis=0),
    "islands": np.concatenate([0.01 * np.random.default_rng(i).normal(size=(40, 3)) + 100 * i for i in range(4)]),
    "large": 1e4 * np.random.default_rng(0).normal(size=(120, 4)),
}


@pytest.mark.parametrize("name", DEGENERATE)
def test_degenerate_sets_have_a_map_both_ways(name):
    z = DEGENERATE[name].astype(np.float32)
    fitted = fit_map(z, n_epochs=10)
    projector = Projector.build(z, fitted.xy, a=fitted.a, b=fitted.b)
    assert fitted.xy.shape == (len(z), 2)
    back, trust = projector.from_map(np.concatenate([fitted.xy, [[1e9, -1e9]]]))
    placed = projector.to_map(np.concatenate([z + 0.1, np.full((1, z.shape[1]), 3e38)]))
    for array in (fitted.xy, back, trust, placed, projector.latent_confidence(z)):
        assert np.isfinite(array).all()
    assert trust.min() >= 0
    assert trust.max() <= 1
    if len(np.unique(z, axis=0)) == len(z):
        assert np.array_equal(projector.to_map(z), fitted.xy)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((2, 5)), r"given shape \(2, 5\), expected \(n, 6\)"),
        (np.zeros(6), r"given shape \(6,\)"),
        (np.full((3, 6), np.nan), "3 rows with NaN or infinite"),
        (np.full((1, 6), np.inf), "NaN or infinite"),
        (np.full((1, 6), 1e300), "NaN or infinite"),
        ("latent", "given str"),
        ([[1.0, 2.0], [3.0]], "given list"),
    ],
)
def test_bad_latents_are_named(reference, bad, message):
    _, projector = reference
    for call in (projector.to_map, projector.latent_confidence):
        with pytest.raises(ShapeError, match=message):
            call(bad)


@pytest.mark.parametrize("bad", [np.zeros((2, 3)), np.zeros(2), [[0.0, np.nan]], [[np.inf, 0.0]]])
def test_bad_positions_are_named(reference, bad):
    _, projector = reference
    for call in (projector.from_map, projector.coverage, projector.trust):
        with pytest.raises(ShapeError, match=r"xy: given .* expected \(n, 2\)"):
            call(bad)


def test_bad_fits_are_refused(reference):
    z, projector = reference
    with pytest.raises(ShapeError, match="0 rows"):
        fit_map(np.zeros((0, 3)))
    with pytest.raises(ShapeError, match="NaN"):
        fit_map(np.full((30, 3), np.nan))
    for option in ({"n_epochs": 0}, {"n_neighbors": 1}, {"min_dist": 2.0}, {"landmarks": 1}):
        with pytest.raises(SettingError, match=next(iter(option))):
            fit_map(z, **option)
    with pytest.raises(ShapeError, match="expected equal numbers"):
        Projector.build(z, projector.xy[:-1])


def test_attraction_is_umaps():
    a, b = attraction(0.1)
    assert (a, b) == pytest.approx((1.577, 0.895), abs=1e-3)


def test_principal_layout_has_the_widest_axis_first_and_a_fixed_sign():
    random = np.random.default_rng(0)
    points = random.normal(size=(500, 4)) * [0.1, 3.0, 1.0, 0.1]
    xy = principal_layout(points)
    assert np.abs(xy).max() == pytest.approx(10.0)
    assert np.corrcoef(xy[:, 0], points[:, 1])[0, 1] > 0.99
    assert np.corrcoef(xy[:, 1], points[:, 2])[0, 1] > 0.99


def test_box_is_a_square_with_a_margin():
    assert box_around(np.array([[0.0, 0.0], [10.0, 4.0]])) == pytest.approx((-0.5, -3.5, 10.5, 7.5))


def test_reading_a_map_imports_neither_umap_nor_torch():
    code = (
        "import sys, numpy as np; from vae.latent.projector import Projector;"
        "p = Projector.build(np.eye(5), np.eye(5)[:, :2]); p.to_map(np.eye(5)); p.from_map([[0, 0]]);"
        "print(sorted({'umap', 'torch', 'numba', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---------------------------------------------------------------- a map of a part of the latent


def test_a_view_draws_the_map_from_a_part_and_still_gives_whole_latents(reference):
    """z of twice the width, of which the map sees the sum of both halves: placed as the sum is, inverted as a whole."""
    z, plain = reference
    twice = np.concatenate([0.25 * z, 0.75 * z], axis=1)
    view = np.concatenate([np.eye(6), np.eye(6)]).astype(np.float32)
    seen = Projector.build(twice, plain.xy, a=plain.a, b=plain.b, view=view)
    assert seen.to_map(twice[:50] + 0.01) == pytest.approx(plain.to_map(z[:50] + 0.02), abs=1e-2 * plain.width)
    found, _ = seen.from_map(plain.xy[:50])
    assert found.shape == (50, 12)
    assert seen.seen(found) == pytest.approx(plain.from_map(plain.xy[:50])[0], abs=1e-3)
    again = Projector.from_state(seen.state())
    assert np.array_equal(again.to_map(twice[:9]), seen.to_map(twice[:9]))
    assert seen.returned(twice[:5], twice[:5]) == pytest.approx(np.ones(5))


def test_a_view_of_another_width_is_refused(reference):
    z, projector = reference
    with pytest.raises(ShapeError, match="view"):
        Projector.build(z, projector.xy, view=np.ones((5, 2), np.float32))
