"""Latents in few bytes: their neighbours are kept at any offset and beside any outlier, and equal ones are told."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from vae.latent import neighbours
from vae.latent.compact import lossless, neighbours_kept, rounded, rounded_latents, without_rounding
from vae.latent.fit import fit_map
from vae.latent.forward import Forward
from vae.latent.neighbours import Index
from vae.latent.projector import Projector
from vae.latent.traverse import slope
from vae.sampling.mixture import Mixture

N, D = 301, 8


def latents(n: int = N, offset: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(0).normal(size=(n, D)) + offset).astype(np.float32)


def true_neighbours(z: np.ndarray, k: int = 15) -> np.ndarray:
    """In float64, by all distances in the metric of an index."""
    p = z.astype(np.float64) * Index(z).scale
    return np.argsort(np.linalg.norm(p[:, None] - p, axis=2), axis=1, kind="stable")[:, :k]


@pytest.mark.parametrize("offset", [0, 10, 300, 1e3, 3e3, 1e4])
def test_neighbours_are_kept_at_any_offset(offset):
    z = latents(offset=offset)
    stored = lossless(rounded_latents(z))
    assert neighbours_kept(z, stored.astype(np.float32), N) >= 0.99
    assert len(np.unique(stored, axis=0)) == N
    assert offset == 10 or stored.dtype == (np.float32 if offset else np.float16)


def test_two_clusters_far_apart_keep_their_neighbours():
    z = latents()
    z[::2] += 1e4
    assert neighbours_kept(z, rounded_latents(z), N) >= 0.99


def test_what_float16_holds_stays_as_it_is_and_what_is_rounded_is_rounded_once():
    z = latents()
    once = rounded_latents(z)
    assert np.array_equal(once, z.astype(np.float16).astype(np.float32))
    assert np.array_equal(rounded_latents(once), once)
    assert np.array_equal(lossless(once), z.astype(np.float16))


def test_columns_are_rounded_only_as_far_as_their_spread_allows():
    years = np.linspace(1990, 2026, 300, dtype=np.float32)[:, None]
    for column in (
        years * 1e6,
        years * 1e4 + 7e4,
        np.full((300, 1), 7e4, np.float32),
        years + 0.1 * latents(300)[:, :1],
    ):
        kept = lossless(rounded(column)).astype(np.float64)
        assert np.abs(kept - column).max() <= 0.05 * column.std()
    assert rounded(np.array([np.nan, 1], np.float32)).dtype == np.float32


@pytest.mark.parametrize("far", [7e4, 1e30])
def test_an_outlier_leaves_the_neighbours_and_places_of_the_others(far):
    z = latents()
    z[300] = far
    index = Index(z)
    assert np.array_equal(index.query(z, 15)[1], true_neighbours(z))
    assert np.array_equal(index.query_points(15)[1], true_neighbours(z))
    fitted = fit_map(z)
    p = Projector.build(z, fitted.xy, a=fitted.a, b=fitted.b)
    assert np.isfinite(p.trust_field()[0]).all()
    moved = z[:300] + np.float32(0.01)
    at = Forward(Index(z), fitted.xy, fitted.a, fitted.b).place(moved)
    assert (at != fitted.xy[:300]).any()  # not each on the place of its nearest row
    assert np.linalg.norm(at - fitted.xy[:300], axis=1).mean() < 1.5


def test_an_outlier_does_not_slow_down_the_search():
    z = latents(2_000)
    z[0] = 7e4
    assert len(Index(z)._far) == 1
    assert Index(z)._largest < 1e3


@pytest.mark.parametrize("value", [0.0, 0.123, 1e4 + 0.3])
def test_equal_latents_are_one_point_of_trust_0(value):
    z = np.full((300, D), value, np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted = fit_map(z)
        assert np.ptp(fitted.xy, axis=0).max() < 1e-2
        p = Projector.build(z, fitted.xy, a=fitted.a, b=fitted.b)
        assert p.equal
        assert p.reach == 0
        assert not p.trust(fitted.xy).any()
        assert not p.returned(z, z).any()
        assert np.isfinite(p.to_map(z + np.linspace(0, 1, 300, dtype=np.float32)[:, None])).all()
        mixture = Mixture.fit(z)
        assert np.isfinite(mixture.factors).all()
        np.testing.assert_allclose(mixture.means, z[: len(mixture.means)], rtol=1e-6)
    assert not Projector.build(latents(), fit_map(latents()).xy).equal


def test_latents_that_differ_by_rounding_alone_are_equal():
    z = np.full((300, D), 0.3, np.float32) + np.random.default_rng(0).uniform(-1e-8, 1e-8, (300, D)).astype(np.float32)
    z[::2] = np.nextafter(z[::2], 1)
    z[:, 0] = np.random.default_rng(0).normal(size=300) * 1e-8  # noise around 0, beside posteriors of std 1
    assert len(np.unique(z, axis=0)) > 1
    assert len(np.unique(without_rounding(z, np.ones_like(z)), axis=0)) == 1
    assert without_rounding(latents(offset=1e4), np.ones((N, D), np.float32)).std() > 0.9


def test_a_mixture_is_as_wide_as_the_latents_at_any_offset():
    z = latents(offset=0) + np.where(np.arange(D) % 2, 1e4, -1e4).astype(np.float32)
    drawn = Mixture.fit(z).sample(4_000, np.random.default_rng(0))
    np.testing.assert_allclose(drawn.std(0, dtype=np.float64), z.std(0, dtype=np.float64), rtol=0.15)


def test_a_mixture_is_not_widened_by_an_outlier_nor_troubled_by_copies():
    for far in (7e4, 1e30):
        z = latents()
        z[300] = far
        assert Mixture.fit(z).sample(1_000, np.random.default_rng(0)).std(0).max() < 1.5
    z = np.repeat(latents()[:3], 100, axis=0)
    assert np.isfinite(Mixture.fit(z).sample(10, np.random.default_rng(0))).all()


def test_slopes_are_right_where_float32_rounds_the_steps():
    at = np.full(D, 1e5, np.float32)
    found = slope(lambda z: z.astype(np.float64)[:, :, None], at, np.ones(D), at)
    np.testing.assert_allclose(np.diag(found.jacobian), 1, rtol=1e-5)


def test_copies_and_far_clusters_leave_the_search_exact():
    z = latents()
    z[100:250] = z[7]  # half of all rows are copies
    z[250:] += 7e4  # and a cluster is far away
    p = Index(z).points.astype(np.float64)  # float32 around the mean of both
    true = np.argsort(np.linalg.norm(p[:, None] - p, axis=2), axis=1, kind="stable")
    for k in (15, 200):
        assert np.array_equal(Index(z).query(z, k)[1], true[:, :k])


def test_equal_rows_are_not_all_candidates_for_each(monkeypatch):
    seen = []
    order = neighbours._order
    monkeypatch.setattr(
        neighbours, "_order", lambda q, p, row, column, k: seen.append(len(row)) or order(q, p, row, column, k)
    )
    index = Index(np.full((2_000, D), 0.3, np.float32))
    assert index.query(index.points[:64] + np.float32(0.3), 15)[1].tolist() == [list(range(15))] * 64
    assert max(seen) == 15 * 64
