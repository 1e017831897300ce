"""Copy as Python: the lines give what the page shows, for every page and kind of model."""

from __future__ import annotations

import numpy as np
import pytest

from app.live import engines
from app.state.scripts import script
from app.state.studio import Studio
from tests.app.views.test_views import PAGES
from vae.studies.point import point_of


@pytest.fixture
def engine(tiny_checkpoint):
    return engines.engine("tiny-vae")


def run(page: str, engine, state: Studio) -> dict:
    made: dict = {}
    exec(script(page, engine, state), made)
    return made


def row(engine, i: int):
    return point_of(engine.atlas.z[i], engine.atlas.xy[i], i)


def free(engine, shift: float):
    return point_of(engine.atlas.z[0] + shift, (0, 0))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_lines_that_run(engine, page, capsys):
    waypoints = (row(engine, 1), row(engine, 2))
    run(page, engine, Studio(model="tiny-vae", other="tiny-ae", waypoints=waypoints))


def test_explore_gives_the_picture_its_position_its_trust_the_pin_and_the_groups(engine):
    state = Studio(model="tiny-vae", point=free(engine, 0.123456789), pin=row(engine, 5), selected=(3, 4, 9))
    made, z = run("explore", engine, state), np.array([state.point.z], np.float32)
    np.testing.assert_allclose(made["x"], engine.decode(z), atol=1e-5)
    np.testing.assert_allclose(made["xy"], engine.to_map(z), atol=1e-3)
    np.testing.assert_allclose(made["pinned"], engine.decode(engine.atlas.z[5:6]), atol=1e-6)
    np.testing.assert_allclose(made["mean"], engine.decode(engine.atlas.z[[3, 4, 9]].mean(0)[None]), atol=1e-6)
    assert made["trust"].shape == (1,)


def test_a_held_sample_gives_the_picture_at_the_place_with_its_residual(engine):
    state = Studio(model="tiny-vae", point=row(engine, 2), held_sample=row(engine, 5), residual=0.5)
    z = engine.with_residual(engine.atlas.xy[2:3], engine.atlas.z[5], 0.5)
    np.testing.assert_allclose(run("explore", engine, state)["swept"], engine.decode(z), atol=1e-5)


@pytest.mark.parametrize("method", ["linear", "slerp", "geodesic"])
def test_interpolate_gives_the_frames_of_the_whole_path(engine, method):
    way = (row(engine, 1), free(engine, 0.5), row(engine, 7))
    made = run("interpolate", engine, Studio(model="tiny-vae", waypoints=way, method=method))
    z = engine.interpolate([p.z for p in way], len(made["z"]), method)
    np.testing.assert_allclose(made["z"], z, atol=1e-4)
    np.testing.assert_allclose(made["frames"], engine.decode(z), atol=1e-3)


@pytest.mark.parametrize("label", [-1, 3])
def test_a_label_is_part_of_what_is_shown(conditional, label):
    engine = engines.engine(conditional)
    made = run("explore", engine, Studio(model=conditional, point=row(engine, 2), label=label))
    y = engine.labels_at(engine.atlas.z[2:3]) if label < 0 else label
    np.testing.assert_allclose(made["x"], engine.decode(engine.atlas.z[2:3], y), atol=1e-6)
