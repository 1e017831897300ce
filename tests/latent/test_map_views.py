"""Other views of the same latents: what each shows, how it is read back, and fits that run beside the page."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import pytest

import vae
from app.live import map_views
from tests.latent.test_projector import clusters
from vae.errors import SettingError
from vae.latent import fit_process, views
from vae.latent.fit import fit_map
from vae.latent.projector import Projector


def test_pca_shows_the_plane_of_most_variance():
    z = clusters(500)
    view = views.pca(z)
    values = np.linalg.eigvalsh(np.cov(z, rowvar=False))[::-1]
    np.testing.assert_allclose(view.xy.var(0, ddof=1), values[:2], rtol=1e-4)
    np.testing.assert_allclose(view.axes @ view.axes.T, np.eye(2), atol=1e-5)
    np.testing.assert_allclose(view.to_map(z), view.xy, atol=1e-5)
    assert view.note == f"{100 * values[:2].sum() / values.sum():.0f}% of the variance"


@pytest.mark.parametrize("make", [views.pca, lambda z: views.raw(z, 4, 1)])
def test_a_place_of_a_plane_moves_the_held_latent_within_it_alone(make):
    z = clusters(300)
    view, held, xy = make(z), z[7] + 0.3, np.array([[0.5, -2.0], [3, 1]], np.float32)
    found = view.from_map(xy, held)
    np.testing.assert_allclose(view.to_map(found), xy, atol=1e-4)
    off_plane = np.eye(z.shape[1]) - view.axes.T @ view.axes
    np.testing.assert_allclose((found - held) @ off_plane, 0, atol=1e-5)
    np.testing.assert_allclose(view.from_map(view.to_map(held[None]), held)[0], held, atol=1e-5)


def test_raw_dimensions_are_shown_as_they_are():
    z = clusters(50)
    np.testing.assert_array_equal(views.raw(z, 3, 0).xy, z[:, [3, 0]])
    for i, j in ((0, 0), (0, 6), (-1, 2)):
        with pytest.raises(SettingError, match="two different dimensions from 0 to 5"):
            views.raw(z, i, j)
    with pytest.raises(SettingError, match="needs 2 latent dimensions"):
        views.pca(z[:, :1])


def test_the_key_of_a_fit_says_its_settings_and_takes_no_others():
    assert views.fitted_key(30, 0.05, 200) == "umap:30,0.05,200"
    assert views.fitted_settings("umap:30,0.05,200") == (30, 0.05, 200)
    assert views.fitted_settings("umap") is views.fitted_settings("z0,z1") is None
    bad = {(1, 0.1, 200): "2 to 200", (2.5, 0.1, 200): "whole", (15, 1.5, 200): "0 to 1", (15, 0.0, 9): "10 to"}
    for settings, says in bad.items():
        with pytest.raises(SettingError, match=says):
            views.fitted_key(*settings)


def test_a_fitted_view_is_read_both_ways_in_the_metric_of_the_first():
    z = clusters(400)
    first = Projector.build(z, fit_map(z, n_epochs=20).xy, scale=np.linspace(0.5, 1, 6))
    other = fit_map(z, n_epochs=20, n_neighbors=30, min_dist=0.5).xy
    view = views.fitted("umap:30,0.5,20", first, other)
    np.testing.assert_array_equal(view.projector.scale, first.scale)
    assert view.projector.b != pytest.approx(first.b, abs=1e-3)
    np.testing.assert_allclose(view.to_map(z[:20]), other[:20], atol=1e-4)
    assert view.from_map(other[:5]).shape == (5, 6)


def test_what_umap_compiles_is_kept_for_the_processes_to_come():
    fit_map(clusters(50), n_epochs=10)
    layout = sys.modules["umap.layouts"]._get_optimize_layout_euclidean_single_epoch_fn(parallel=False)
    stages = sys.modules["umap.umap_"]
    for compiled in (stages.smooth_knn_dist, stages.compute_membership_strengths, layout):
        assert compiled.stats.cache_hits or compiled.stats.cache_misses
        assert list(Path(compiled.stats.cache_path).glob(f"*.{compiled.__name__}-*.nbc"))


# ---------------------------------------------------------------- the engine's


@pytest.fixture
def engine(tiny_checkpoint):
    return vae.load("tiny-vae")


def test_a_view_is_made_once(engine):
    assert map_views.view(engine, "pca") is map_views.view(engine, "pca")
    assert map_views.view(engine, "z2,z0").title == "z2 × z0"


@pytest.mark.parametrize(
    ("key", "says"), [("tsne", "no map 'tsne'"), ("z0,z9", "0 to 3"), ("umap:9,0.5,20", "not fitted")]
)
def test_a_view_that_there_is_not_says_so(engine, key, says):
    with pytest.raises(SettingError, match=says):
        map_views.view(engine, key)


def test_a_fit_runs_beside_and_is_kept(engine):
    job = map_views.fit(engine, 10, 0.3, 20)
    assert isinstance(job, map_views.Job)
    assert map_views.fit(engine, 10, 0.3, 20) is job  # asking again begins no second one
    with pytest.raises(SettingError, match="another map is being fitted"):
        map_views.fit(engine, 11, 0.3, 20)
    until = time.monotonic() + 120
    while isinstance(found := map_views.fit(engine, 10, 0.3, 20), map_views.Job):
        assert not found.error, found.error
        assert time.monotonic() < until
        time.sleep(0.1)
    assert job.share > 0
    assert map_views.view(engine, "umap:10,0.3,20") is found
    projector = engine.atlas.projector
    expected = fit_map(
        projector.seen(engine.atlas.z), n_neighbors=10, min_dist=0.3, n_epochs=20, seed=engine.card["seed"]
    )
    np.testing.assert_array_equal(found.xy, expected.xy)


def test_a_fit_that_fails_says_why_and_can_be_begun_again(engine, monkeypatch):
    monkeypatch.setattr(fit_process, "MODULE", "vae.commands.no_such_thing")
    job = map_views.fit(engine, 12, 0.3, 20)
    until = time.monotonic() + 60
    while not job.error and time.monotonic() < until:
        time.sleep(0.05)
    assert "no_such_thing" in job.error
    assert map_views.fit(engine, 12, 0.3, 20) is job  # told once
    monkeypatch.undo()
    monkeypatch.setattr(map_views, "_run", lambda engine, job: None)
    assert map_views.fit(engine, 12, 0.3, 20) is not job
