"""The files of a map keep its latents: at an offset, with outliers, all equal, and as older versions stored them."""

from __future__ import annotations

import io

import numpy as np
import pytest

from vae.atlas import atlas as atlases
from vae.atlas import building, declared
from vae.atlas.consistency import check
from vae.atlas.measured import stored
from vae.disk import guarded_arrays
from vae.errors import NotMeasurable
from vae.latent.compact import neighbours_kept
from vae.metrics.active import active_units, card_warnings
from vae.saved.checkpoint import ATLAS, pack
from vae.types import Samples

N, D = 301, 8


def latents(offset: float = 0.0) -> np.ndarray:
    return (np.random.default_rng(0).normal(size=(N, D)) + offset).astype(np.float32)


def reopened(z: np.ndarray) -> atlases.Atlas:
    built = building.of_latents(z, None, np.arange(len(z)), (), np.zeros((len(z), 1, 8, 8), np.uint8))
    opened = atlases.load(built.files(), (), "a", d=z.shape[1], rows_max=len(z))
    assert np.array_equal(opened.z, built.z)
    assert opened.files() == built.files()
    return check(opened, "a", d=z.shape[1], n_classes=0)


def test_latents_at_an_offset_are_as_many_and_as_near_as_before():
    z = latents(1e4)
    atlas = reopened(z)
    assert atlas.summary == {"n": N, "distinct": N}
    assert atlas.warning is None
    assert neighbours_kept(z, atlas.z, N) >= 0.99
    np.testing.assert_allclose(atlas.z_std, latents().std(0), rtol=1e-3)
    np.testing.assert_allclose(atlas.z_mean, 1e4 + latents().mean(0), rtol=2e-7)
    assert active_units(np.repeat(z, 30, axis=0)).all()
    assert active_units(np.full((9_000, 1), 1e4 + 0.3, np.float32)).tolist() == [False]


@pytest.mark.parametrize("far", [7e4, -7e4, 1e30])
def test_an_outlier_opens(far):
    z = latents()
    z[300] = far
    assert np.array_equal(reopened(z).z, z)


def test_large_arrays_of_equal_values_are_not_taken_for_a_bomb():
    data = pack({"z": np.zeros((20_000, 512), np.float32)}, declared.LIMITS)
    assert guarded_arrays.npz(io.BytesIO(data), declared.LIMITS)["z"].shape == (20_000, 512)


def test_equal_latents_open_and_are_told():
    atlas = reopened(np.full((300, D), 0.3, np.float32))
    assert "All latents of the map are equal (n = 300)" in atlas.warning
    assert card_warnings({"family": "imported", "metrics": {}, "hparams": {}, "atlas": atlas.summary}) == [
        atlas.warning
    ]
    assert np.isfinite(atlas.projector.trust_field()[0]).all()
    assert not atlas.projector.trust(atlas.xy).any()
    assert np.isfinite(atlas.geodesics._path(atlas.z[0].tobytes(), (atlas.z[0] + 1).tobytes())[1]).all()


def test_a_map_of_an_encoder_that_encodes_all_alike():
    x = np.random.default_rng(0).integers(0, 256, (300, 1, 8, 8), np.uint8)
    noise = np.random.default_rng(1).normal(size=(300, D)).astype(np.float32) * 1e-8
    encoded = iter([noise])
    built = building.build(
        Samples(x, None, x[:0], None),
        (),
        lambda x, y: (next(encoded, noise[: len(x)]), np.ones((len(x), D), np.float32)),
        lambda z, y: np.zeros((len(z), 1, 8, 8), np.float32),
        lambda x: x,
    )
    assert built.warning
    assert built.projector.trust_report == {}
    assert built.stored_mixture is not None  # posteriors have a width


def test_a_map_of_an_older_version_gives_the_same_latents():
    half = latents(300).astype(np.float16)
    built = building.of_latents(half.astype(np.float32), None, np.arange(N), (), np.zeros((N, 1, 8, 8), np.uint8))
    arrays = dict(np.load(io.BytesIO(built.files()[ATLAS])))
    assert arrays["z"].dtype == np.float16
    files = built.files() | {ATLAS: pack(arrays | {"z": half, "std": np.zeros_like(half)})}
    assert np.array_equal(atlases.load(files, (), "old").z, half.astype(np.float32))
    assert atlases.load(files, (), "old").files() == files


def test_what_is_measured_keeps_numbers_beyond_float16():
    nothing = Samples(np.zeros((4, 1)), None, np.zeros((0, 1)), None)
    rate = np.array([7e4, 8e4, 9e4, 1e6], np.float32)
    assert (
        stored({"rate": rate}, np.zeros((4, 2)), np.ones((4, 2)), nothing, np.arange(4))["rate"].tolist()
        == rate.tolist()
    )
    years = building._conditions(np.arange(2_000_000, 2_000_300, dtype=np.float32)[:, None])
    assert len(np.unique(years)) == 300


def test_a_training_that_diverged_is_still_refused():
    x = np.zeros((9, 1, 8, 8), np.uint8)
    z = np.zeros((9, 2), np.float32)
    z[3] = np.inf
    with pytest.raises(NotMeasurable, match="1 of 9 latents exceed"):
        building.build(Samples(x, None, x[:0], None), (), lambda x, y: (z, z), lambda z, y: x, lambda x: x)


def test_a_card_of_a_collapsed_model_gives_its_warning():
    card = {"family": "vae", "metrics": {"active_units": 0}, "hparams": {"d": 16}}
    assert "Posterior collapse" in card_warnings(card)[0]
    assert card_warnings(card | {"metrics": {"active_units": 16}}) == []
    assert (
        card_warnings({"family": "gone", "metrics": {}, "hparams": {"d": "x"}, "atlas": {"distinct": 1, "n": "x"}})
        == []
    )
