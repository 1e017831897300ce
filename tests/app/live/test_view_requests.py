"""What the map asks in the view it is shown in: places, latents, grids of pictures; and what it must not ask."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from app.live import map_views
from app.live.requests import views
from tests.app.live.test_live import DOWN, UP, client, connect, engine, is_refused
from vae.latent.residual import with_residual

__all__ = ["client", "engine"]  # fixtures


def in_view(key, numbers):
    return np.frombuffer(key.encode().ljust(32, b"\0"), np.uint8).tobytes() + np.asarray(numbers, "<f4").tobytes()


def opened(socket, kind, payload):
    """The facts and arrays of the parcel that answers."""
    socket.send_bytes(UP.pack(1, kind.code) + payload)
    answer = socket.receive_bytes()
    size = int.from_bytes(answer[8:12], "little")
    facts, at, arrays = json.loads(answer[12 : 12 + size]), 12 + size, {}
    for name, kind, shape in facts.pop("arrays", ()):
        count = math.prod(shape)
        arrays[name] = np.frombuffer(answer, kind, count, at).reshape(shape)
        at += -(-arrays[name].nbytes // 4) * 4
    return facts, arrays


def test_a_place_of_a_plane_is_the_held_latent_moved_there(client, engine):
    held, xy = engine.atlas.z[5], [1.0, -0.5]
    with connect(client) as socket:
        socket.send_bytes(UP.pack(3, views.PLACE.code) + in_view("z1,z3", [*xy, *held]))
        answer = socket.receive_bytes()
        fields, z = DOWN.unpack_from(answer), np.frombuffer(answer, "<f4", engine.d, DOWN.size)
    np.testing.assert_allclose(z, [held[0], 1.0, held[2], -0.5])
    np.testing.assert_allclose(fields[-3:-1], xy)  # where it was asked for, in that view
    assert fields[-6] == pytest.approx(float(engine.trust(z[None])[0]), abs=1e-5)


@pytest.mark.parametrize("key", ["umap", "pca", "z1,z3"])
def test_a_place_is_decoded_with_the_residual_of_a_held_sample(client, engine, key):
    held, own = engine.atlas.z[5], map_views.view(engine, key) if key != "umap" else None
    to_map = engine.to_map if own is None else own.to_map
    place = to_map(engine.atlas.z[40:41])[0]
    with connect(client) as socket:
        for at, share in ((to_map(held[None])[0], 1.0), (place, 0.0), (place, 0.7)):
            socket.send_bytes(UP.pack(3, views.PLACE.code) + in_view(key, [*at, *held, share]))
            answer = socket.receive_bytes()
            fields, z = DOWN.unpack_from(answer), np.frombuffer(answer, "<f4", engine.d, DOWN.size)
            inverse = (lambda xy: engine.from_map(xy)[0]) if own is None else own.own
            expected = with_residual(inverse, at[None], held, to_map(held[None])[0], share)
            np.testing.assert_allclose(z, expected[0], atol=1e-6)
            np.testing.assert_allclose(fields[-3:-1], to_map(expected)[0], atol=1e-5)  # where it lies now
            assert fields[-6] == pytest.approx(float(engine.trust(z[None])[0]), abs=1e-5)
            if share == 1:
                np.testing.assert_array_equal(z, held)


def test_a_grid_keeps_the_residual_too(client, engine):
    box, held = [float(v) for v in (*engine.atlas.xy.min(0), *engine.atlas.xy.max(0))], engine.atlas.z[5]
    with connect(client) as socket:
        _, arrays = opened(socket, views.MANIFOLD, in_view("umap", [*box, 1, 1, *held, 1.0]))
    middle = np.array([[(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]], np.float32)
    z = engine.with_residual(middle, held, 1.0)
    np.testing.assert_array_equal(arrays["pixels"], engine.decode_uint8(z).transpose(0, 2, 3, 1))
    again = engine.encode(engine.decode(z))[0]  # whether it comes back to where it was asked for
    np.testing.assert_allclose(arrays["trust"], engine.atlas.projector.returned(z, again, middle), atol=1e-5)


def test_latents_are_located_in_a_view(client, engine):
    with connect(client) as socket:
        for key, expected in (("umap", engine.atlas.xy[:3]), ("z0,z2", engine.atlas.z[:3, [0, 2]])):
            _, arrays = opened(socket, views.LOCATE, in_view(key, engine.atlas.z[:3].ravel()))
            np.testing.assert_allclose(arrays["xy"], expected, atol=1e-4)


def test_a_grid_of_a_box_is_what_lies_at_the_middles_of_its_cells(client, engine):
    x0, y0, x1, y1 = box = [float(v) for v in (*engine.atlas.xy.min(0), *engine.atlas.xy.max(0))]
    with connect(client) as socket:
        _, arrays = opened(socket, views.MANIFOLD, in_view("umap", [*box, 4, 2, *np.zeros(engine.d)]))
    middles = [(x0 + (c + 0.5) * (x1 - x0) / 4, y1 - (r + 0.5) * (y1 - y0) / 2) for r in range(2) for c in range(4)]
    z, trust = engine.from_map(np.array(middles, np.float32))
    np.testing.assert_allclose(arrays["trust"], trust, atol=1e-5)
    np.testing.assert_array_equal(arrays["pixels"], engine.decode_uint8(z).transpose(0, 2, 3, 1))


def test_what_a_view_cannot_say_is_said(client, engine):
    with connect(client) as socket:
        facts, _ = opened(socket, views.LOCATE, in_view("umap:9,0.5,20", engine.atlas.z[0]))
        assert "not fitted here" in facts["error"]
        facts, _ = opened(socket, views.REFIT, np.array([1, 0.1, 200], "<f4").tobytes())
        assert "n_neighbors=1: expected a whole number from 2 to 200" in facts["error"]


BAD_FRAMES = {
    "a view of no name": (UP.pack(1, 20) + b"\xff" * 32 + bytes(24), "no ASCII"),
    "an empty box": (UP.pack(1, 22) + in_view("umap", [1, 0, 0, 1, 2, 2, 0, 0, 0, 0]), "expected x0 < x1"),
    "too many cells": (UP.pack(1, 22) + in_view("umap", [0, 0, 1, 1, 50, 2, 0, 0, 0, 0]), "at most 64"),
    "more than the whole residual": (UP.pack(1, 20) + in_view("umap", [0, 0, 0, 0, 0, 0, 1.5]), "a share of 1.5"),
    "half a cell": (UP.pack(1, 22) + in_view("umap", [0, 0, 1, 1, 1.5, 2, 0, 0, 0, 0]), "at most 64"),
    "no latents": (UP.pack(1, 21) + in_view("umap", []), "0 latents"),
}


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_bad_frame_closes_the_socket_and_nothing_else(client, engine, name):
    is_refused(client, engine, *BAD_FRAMES[name])
