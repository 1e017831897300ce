"""Frames of the live channel as bytes, read by Python and by the browser: tests/golden, tests/js/frame_codec.test.js.

A change of a frame's layout changes the bytes: `python -m tests.app.live.test_golden` writes them again, and the
browser's codec, app/browser/shared/frame_codec.js, has to change with it.
"""

from __future__ import annotations

import struct
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.live import assets, requests
from app.live.requests import Request, Scene

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
SCENE = Scene(d=3, n=5, classes=4, shape=(1, 2, 2))
XY = np.array([[0, 1], [2, 3], [-4.5, 5]], np.float32)


def of(name: str) -> requests.Kind:
    return next(kind for kind in requests.kinds().values() if kind.name == name)


def frames() -> dict[str, bytes]:
    """File name -> bytes, each made by the code that the server runs."""
    asked = Request(70000, of("latent"), None)
    z, pixels = np.array([0.5, -1.25, 2], np.float32), np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    header = {"model": "tiny", "n": 3, "d": 3, "shape": [2, 2, 3], "classes": ["é", "b"], "kinds": {"map": 1}}
    return {
        "map.bin": assets._headed(
            header, XY.tobytes(), np.array([7, 8, 9], "<i4").tobytes(), np.array([0, 255, 1], "u1").tobytes()
        ),
        "picture.bin": requests.picture(asked, 0.75, (1.5, 2.5), (3.0, -4.0), z, pixels=pixels, rms=0.125),
        "picture_values.bin": requests.picture(
            asked, 0.75, (1.5, 2.5), (3.0, -4.0), z, pixels=pixels, values=np.array([[1, -0.5]], np.float32), rms=0.125
        ),
        "parcel.bin": requests.parcel(
            asked,
            {"state": "done", "share": 0.5},
            bits=np.array([[1, 0, 1]], np.uint8),
            rows=np.array([4, -5], np.int32),
            xy=XY,
        ),
        "error.bin": requests.parcel(asked, {"error": "no such map"}),
        "request_map.bin": requests.UP.pack(1, of("map").code, 0) + struct.pack("<2f", 0.5, -1.5),
        "request_latent.bin": requests.UP.pack(4294967295, of("latent").code, 3) + struct.pack("<3f", 1, 2, 3),
    }


@pytest.mark.parametrize("name", list(frames()))
def test_the_frames_are_those_that_the_browser_was_tested_with(name):
    assert (GOLDEN / name).read_bytes() == frames()[name], "run python -m tests.app.live.test_golden"


def test_the_server_reads_the_requests():
    point = requests.parse((GOLDEN / "request_map.bin").read_bytes(), SCENE)
    assert (point.sequence, point.kind.name, point.label) == (1, "map", None)
    np.testing.assert_array_equal(np.ravel(point.values), [0.5, -1.5])
    latent = requests.parse((GOLDEN / "request_latent.bin").read_bytes(), SCENE)
    assert (latent.sequence, latent.kind.name, latent.label) == (4294967295, "latent", 2)
    np.testing.assert_array_equal(np.ravel(latent.values), [1, 2, 3])


def test_a_map_is_packed_in_this_order(monkeypatch):
    """xy, index, labels: what `map_bytes` puts behind its header."""
    field = SimpleNamespace(trust_field=lambda: (None, (0.0, 0.0, 1.0, 1.0)))
    atlas = SimpleNamespace(
        xy=XY, index=np.array([7, 8, 9]), labels=np.array([0, 255, 1]), classes=("é", "b"), projector=field,
        thumb_columns=1, thumb_size=(2, 2), n_thumbnails=3, z_std=np.ones(3), metadata={},
    )  # fmt: skip
    engine = SimpleNamespace(
        atlas=atlas, picture_shape=(3, 2, 2), shape=(3, 2, 2), name="tiny", card={}, d=3, device="cpu", variables=None
    )
    monkeypatch.setattr(assets, "quantities", lambda engine: {})
    made, golden = assets.map_bytes(engine), (GOLDEN / "map.bin").read_bytes()
    body = 4 * 6 + 4 * 3 + 3
    assert made[-body:] == golden[-body:]
    assert 4 + int.from_bytes(made[:4], "little") + body == len(made)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, frame in frames().items():
        (GOLDEN / name).write_bytes(frame)
        print(f"wrote tests/golden/{name}")
