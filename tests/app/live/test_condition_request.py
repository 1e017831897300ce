"""A condition set for a connection: what later frames are decoded with, and what must be refused."""

from __future__ import annotations

import numpy as np
import pytest

from app.live import engines
from app.live.requests import path, points, stroke, views
from app.live.requests.condition import CONDITION
from tests.app.live.test_live import DOWN, UP, ask, client, closes_with, connect, lives_on
from tests.app.live.test_live import engine as plain
from tests.app.live.test_view_requests import in_view, opened
from tests.told_digits import inked, told_digits
from vae.training import experiment
from vae.training.plan import Plan

__all__ = ["client", "plain"]  # fixtures

ODD = [2.5, -1.5]  # much ink above, little below


@pytest.fixture(scope="module")
def told_root(tmp_path_factory):
    """A checkpoints folder with `told`, which is told two numbers of each sample."""
    root = tmp_path_factory.mktemp("told")
    settings = {"net": "mlp", "width": 16, "d": 2, "batch_size": 64}
    with told_digits(inked) as entry, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCOPE_CHECKPOINTS", str(root))
        for _ in experiment.train(Plan("cvae", entry.name, settings, 3, name="told", device="cpu", points=200)):
            pass
    return root


@pytest.fixture
def told(told_root, monkeypatch, client):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(told_root))
    return engines.engine("told")


def condition(values) -> bytes:
    return np.asarray(values, "<f4").tobytes()


def shown(engine, z, c) -> np.ndarray:
    return engine.decode_uint8(z[None], c=np.asarray(c, np.float32))[0].transpose(1, 2, 0)


def test_a_connection_decodes_with_its_condition_until_it_is_taken_back(client, told):
    z, rows = told.atlas.z[7], told.atlas.conditions[7]
    with connect(client, "told") as socket, connect(client, "told") as other:
        np.testing.assert_array_equal(ask(socket, 1, points.ROW.code, [7], told)[2], shown(told, z, rows))
        assert opened(socket, CONDITION, condition(ODD))[0] == {"shape": [2], "set": True}
        head, _, picture = ask(socket, 2, points.LATENT.code, z, told)
        np.testing.assert_array_equal(picture, shown(told, z, ODD))
        assert not np.array_equal(picture, shown(told, z, rows))
        x = told.decode(z[None], c=np.array(ODD, np.float32))
        again = told.encode(x, c=np.array(ODD, np.float32))[0]
        trust = float(told.atlas.projector.returned(z[None], again, told.to_map(z[None]))[0])
        assert head["trust"] == pytest.approx(trust, abs=1e-5)
        np.testing.assert_array_equal(ask(other, 3, points.ROW.code, [7], told)[2], shown(told, z, rows))
        assert opened(socket, CONDITION, b"")[0] == {"shape": [2], "set": False}
        np.testing.assert_array_equal(ask(socket, 4, points.ROW.code, [7], told)[2], shown(told, z, rows))


def test_grids_ways_and_strokes_have_it_too(client, told):
    box = [float(v) for v in (*told.atlas.xy.min(0), *told.atlas.xy.max(0))]
    grid = in_view("umap", [*box, 3, 2, 0, 0])
    way = np.array([0, -1, -1, 0, 0, *told.atlas.z[:2].ravel()], "<f4").tobytes()
    drawn = bytes(range(64))
    with connect(client, "told") as socket:
        opened(socket, CONDITION, condition(ODD))
        z = told.from_map(_middles(box))[0]
        found = opened(socket, views.MANIFOLD, grid)[1]["pixels"]
        np.testing.assert_array_equal(found, told.decode_uint8(z, c=np.array(ODD, np.float32)).transpose(0, 2, 3, 1))
        frames = opened(socket, path.WAY, way)[1]["frames"]
        np.testing.assert_array_equal(frames[2], shown(told, told.atlas.z[0], ODD))
        mu = opened(socket, stroke.STROKE, drawn)[1]["mu"]
    x = np.frombuffer(drawn, np.uint8).reshape(1, 1, 8, 8).copy()
    np.testing.assert_allclose(mu, told.encode(x, c=np.array(ODD, np.float32))[0][0], atol=1e-6)


def _middles(box) -> np.ndarray:
    x0, y0, x1, y1 = box
    x, y = x0 + (np.arange(3) + 0.5) * (x1 - x0) / 3, y1 - (np.arange(2) + 0.5) * (y1 - y0) / 2
    return np.stack(np.meshgrid(x, y), -1).reshape(-1, 2).astype(np.float32)


def test_a_label_is_the_one_hot_case_and_a_chosen_one_counts_first(client, conditional):
    engine = engines.engine(conditional)
    z = engine.atlas.z[3]
    expected = [engine.decode_uint8(z[None], y)[0].transpose(1, 2, 0) for y in (2, 5)]
    with connect(client, conditional) as socket:
        opened(socket, CONDITION, condition(np.eye(10)[2]))
        np.testing.assert_array_equal(ask(socket, 1, points.LATENT.code, z, engine)[2], expected[0])
        socket.send_bytes(bytes([1, 0, 0, 0, points.LATENT.code, 5 + 1, 0, 0]) + condition(z))
        pixels = np.frombuffer(socket.receive_bytes(), np.uint8, offset=DOWN.size + 4 * engine.d)
    np.testing.assert_array_equal(pixels.reshape(8, 8, 1), expected[1])


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (condition([1.0]), "condition payload of 4 bytes; expected 2 float32"),
        (condition([1.0, np.nan]), "holds NaN or infinity"),
        (condition([1.0, 2e4]), "holds a number beyond 10000"),
    ],
)
def test_a_condition_of_another_size_or_no_number_closes_the_socket(client, told, payload, said):
    code, reason = closes_with(client, UP.pack(1, CONDITION.code) + payload, model="told")
    assert code == 4400
    assert said in reason


def test_a_model_that_is_told_nothing_has_no_condition(client, plain):
    code, reason = closes_with(client, UP.pack(1, CONDITION.code) + condition([1.0]))
    assert (code, reason) == (4400, "condition for a model that is told nothing beside a sample")
    lives_on(client, plain)
