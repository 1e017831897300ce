"""Places of the map with the residual of a held sample: exact where they must be, and linear in the share."""

from __future__ import annotations

import numpy as np
import pytest

from tests.latent.test_projector import clusters
from vae.errors import SettingError, ShapeError
from vae.latent import views
from vae.latent.projector import Projector
from vae.latent.residual import residual, with_residual


@pytest.fixture(scope="module")
def projector():
    z = clusters(400)
    return Projector.build(z, views.pca(z).xy)


def layouts(projector):
    return {
        "umap": (lambda xy: projector.from_map(xy)[0], projector.to_map),
        "pca": (views.pca(projector.z).own, views.pca(projector.z).to_map),
        "z4,z1": (views.raw(projector.z, 4, 1).own, views.raw(projector.z, 4, 1).to_map),
    }


@pytest.mark.parametrize("layout", ["umap", "pca", "z4,z1"])
def test_the_held_sample_comes_back_at_its_place_and_the_map_alone_without_a_share(projector, layout):
    inverse, to_map = layouts(projector)[layout]
    for row in (0, 17, 399):
        held, at = projector.z[row], to_map(projector.z[row : row + 1])
        np.testing.assert_array_equal(with_residual(inverse, at, held, at[0], 1.0)[0], held)
        np.testing.assert_array_equal(with_residual(inverse, at, held, at[0], 0.0), inverse(at))


def test_the_share_of_the_residual_is_added_everywhere(projector):
    inverse, to_map = layouts(projector)["umap"]
    held, at = projector.z[5], to_map(projector.z[5:6])[0]
    xy, r = projector.xy[100:140], residual(inverse, held, at)
    assert np.linalg.norm(r) > 0.1  # else there is nothing to keep
    for share in (0.0, 0.3, 1.0):
        np.testing.assert_allclose(
            with_residual(inverse, xy, held, at, share) - inverse(xy), share * r + 0 * xy[:, :1], atol=1e-5
        )


@pytest.mark.parametrize("layout", ["pca", "z4,z1"])
def test_in_a_plane_the_whole_residual_stays_at_the_place(projector, layout):
    """There the residual is orthogonal to the plane: what is held moves within it, as the selected point does."""
    inverse, to_map = layouts(projector)[layout]
    view = views.pca(projector.z) if layout == "pca" else views.raw(projector.z, 4, 1)
    held, xy = projector.z[9], np.array([[0.5, -2.0], [3, 1]], np.float32)
    found = with_residual(inverse, xy, held, to_map(held[None])[0], 1.0)
    np.testing.assert_allclose(to_map(found), xy, atol=1e-4)
    np.testing.assert_allclose(found, view.from_map(xy, held), atol=1e-5)


def test_what_does_not_fit_is_said(projector):
    inverse, held, xy = layouts(projector)["umap"][0], projector.z[0], projector.xy[:3]
    for share in (-0.1, 1.1, float("nan")):
        with pytest.raises(SettingError, match="expected a number from 0 to 1"):
            with_residual(inverse, xy, held, xy[0], share)
    with pytest.raises(ShapeError, match="position of the held latent"):
        with_residual(inverse, xy, held, xy, 1.0)
    with pytest.raises(ShapeError, match="held latent"):
        with_residual(inverse, xy, held * np.nan, xy[0], 1.0)
