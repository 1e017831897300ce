"""The ask for a sample as something else than its picture: what comes down, and what it must not ask."""

from __future__ import annotations

import numpy as np
import pytest

from app.live.requests.artifact import ARTIFACT
from tests.app.live.test_live import UP, client, closes_with, connect, engine, lives_on
from tests.app.live.test_view_requests import opened
from vae.modalities import vector
from vae.registry import MODALITIES

__all__ = ["client", "engine"]  # fixtures


def wish(number: float, z: np.ndarray) -> bytes:
    return np.array([number, *z], "<f4").tobytes()


def test_the_first_artifact_is_the_picture(client, engine):
    z = engine.atlas.z[3]
    with connect(client) as socket:
        facts, arrays = opened(socket, ARTIFACT, wish(0, z))
    assert facts == {"n": 1, "kind": "picture", "caption": "", "facts": {}}
    np.testing.assert_array_equal(arrays["data"], engine.decode_uint8(z[None])[0, 0])


def test_a_second_one_comes_as_its_kind_has_it(client, engine, monkeypatch):
    """As of a modality whose samples are rows of a table beside their picture."""
    rows = lambda x: vector.artifacts(x.ravel())  # noqa: E731
    monkeypatch.setattr(engine, "modality", engine.modality.__class__(**vars(engine.modality) | {"artifacts": rows}))
    z = engine.atlas.z[3]
    with connect(client) as socket:
        facts, arrays = opened(socket, ARTIFACT, wish(1, z))
        assert (facts["n"], facts["kind"], facts["facts"]) == (2, "table", {"columns": ["value"]})
        np.testing.assert_allclose(arrays["data"], engine.decode(z[None]).reshape(-1, 1), atol=1e-6)
        facts, arrays = opened(socket, ARTIFACT, wish(2, z))
        assert "artifact 2: tiny-vae has 0 picture, 1 table" in facts["error"]
        assert not arrays


@pytest.mark.parametrize("name", list(MODALITIES.all()))
def test_what_a_modality_has_fits_a_parcel(name):
    m = MODALITIES.get(name)
    for artifact in m.artifacts(np.zeros(m.example_shape(), np.float32)):
        assert artifact.data.dtype in (np.uint8, np.int32, np.float32)


BAD_FRAMES = {
    "half a number": (wish(0.5, np.zeros(4)), "artifact 0.5; expected a whole number, 0 to 255"),
    "a number below 0": (wish(-1, np.zeros(4)), "artifact -1"),
    "no latent": (wish(0, np.zeros(0)), "expected 5 float32"),
    "a latent that is none": (wish(0, np.full(4, np.nan)), "NaN"),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_bad_frame_closes_the_socket_and_nothing_else(client, engine, name):
    payload, says = BAD_FRAMES[name]
    code, reason = closes_with(client, UP.pack(1, ARTIFACT.code) + payload)
    assert code == 4400
    assert says in reason
    lives_on(client, engine)
