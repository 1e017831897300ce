"""Conditional models from the engine to the page: z held, the label changed."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.websockets import WebSocketDisconnect
from streamlit.testing.v1 import AppTest

from app.browser import picture_grid
from app.live import access, channel, engines, requests
from app.live.requests import points
from app.state.generation import columns_of
from app.state.studio import Studio
from vae.errors import ShapeError

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Using `httpx` with")
    from starlette.testclient import TestClient

ROUTER = Path(__file__).parents[2] / "app" / "router.py"


@pytest.fixture
def engine(conditional):
    return engines.engine(conditional)


def frame(label: int | None, z: np.ndarray) -> bytes:
    """A request for z with a label, None: of the nearest sample."""
    return struct.pack("<IBB2x", 1, points.LATENT.code, 0 if label is None else label + 1) + z.astype("<f4").tobytes()


def picture(engine, label: int | None, z: np.ndarray) -> np.ndarray:
    answer = channel.answer(engine, requests.parse(frame(label, z), requests.Scene.of(engine)))
    return np.frombuffer(answer, np.uint8, offset=32 + 4 * engine.d).reshape(8, 8)


def test_the_label_changes_the_picture_of_a_held_latent(engine):
    z = engine.atlas.z[:1]
    seen = {engine.decode_uint8(z, label).tobytes() for label in range(10)}
    assert len(seen) == 10
    assert np.array_equal(engine.decode(z, 3), engine.decode(z, np.array([3])))


def test_the_live_channel_decodes_with_the_label_it_is_given_or_the_nearest_samples(engine):
    row = 7
    z = engine.atlas.z[row]
    for label in (0, 9):
        assert np.array_equal(picture(engine, label, z), engine.decode_uint8(z[None], label)[0, 0])
    assert np.array_equal(picture(engine, None, z), engine.decode_uint8(z[None], int(engine.atlas.labels[row]))[0, 0])


def test_a_label_that_does_not_exist_is_refused_and_the_server_lives_on(engine, conditional):
    with pytest.raises(requests.Refused, match="label 10; expected 0 to 9"):
        requests.parse(frame(10, engine.atlas.z[0]), requests.Scene.of(engine))
    with TestClient(Starlette(routes=channel.routes())) as client:
        address, headers = f"/live/{conditional}?token={access.token('')}", {"host": "testserver"}
        with client.websocket_connect(address, headers=headers) as socket:
            socket.send_bytes(frame(99, engine.atlas.z[0]))
            with pytest.raises(WebSocketDisconnect) as closed:
                socket.receive_bytes()
        assert closed.value.code == requests.BAD_FRAME
        with client.websocket_connect(address, headers=headers) as socket:
            socket.send_bytes(frame(1, engine.atlas.z[0]))
            assert len(socket.receive_bytes()) == 32 + 4 * engine.d + 64


@pytest.mark.parametrize("y", [[10], [-1], [1, 2], [0.5], "a"])
def test_labels_that_make_no_sense_are_refused(engine, y):
    with pytest.raises(ShapeError, match="labels"):
        engine.decode(engine.atlas.z[:1], np.array(y))


def test_a_model_without_labels_does_not_look_at_them(tiny_checkpoint):
    plain = engines.engine("tiny-vae")
    assert plain.labels_at(plain.atlas.z[:2]) is None
    assert np.array_equal(plain.decode(plain.atlas.z[:1], 3), plain.decode(plain.atlas.z[:1]))


def test_the_pages_offer_the_labels_and_keep_the_choice_in_the_link(conditional):
    at = AppTest.from_file(str(ROUTER), default_timeout=60)
    at.query_params["model"], at.query_params["label"] = conditional, "4"
    at.run()
    assert not at.exception
    assert at.query_params["label"] == "4"
    at.switch_page("views/generate.py").run()
    assert not at.exception
    label = next(box for box in at.selectbox if box.label == "Label")
    assert label.value == 4
    assert label.options[0] == "each in turn"
    label.select(-1).run()
    assert "label" not in at.query_params
    for page in ("interpolate", "compare", "model"):
        assert not at.switch_page(f"views/{page}.py").run().exception


def test_labels_that_take_turns_stand_in_columns_and_one_label_in_a_square(engine):
    assert columns_of(engine, Studio(count=36)) == 10
    assert columns_of(engine, Studio(count=36, label=3)) == 6
    assert columns_of(engine, Studio(count=9)) == 3  # fewer pictures than labels


def test_every_picture_of_the_grid_says_which_label_made_it(conditional, monkeypatch):
    sent = {}
    monkeypatch.setattr(picture_grid, "_MOUNT", lambda data, **_: sent.update(data) or SimpleNamespace(picked=None))
    at = AppTest.from_file(str(ROUTER), default_timeout=60)
    at.query_params["model"], at.query_params["count"] = conditional, "16"
    assert not at.run().exception
    assert not at.switch_page("views/generate.py").run().exception
    assert sent["labels"] == [str(i % 10) for i in range(16)]


def test_explore_opens_without_a_chosen_label(conditional):
    at = AppTest.from_file(str(ROUTER), default_timeout=60)
    at.query_params["model"] = conditional
    assert not at.run().exception


def test_samples_go_through_a_conditional_model_with_their_labels(conditional, engine, monkeypatch):
    asked, encode, decode = [], engine.encode, engine.decode_uint8
    monkeypatch.setattr(engine, "encode", lambda x, y=None: asked.append(y) or encode(x, y))
    monkeypatch.setattr(engine, "decode_uint8", lambda z, y=None: asked.append(y) or decode(z, y))
    at = AppTest.from_file(str(ROUTER), default_timeout=60)
    at.query_params["model"] = conditional
    assert not at.run().exception
    asked.clear()
    assert not at.switch_page("views/model.py").run().exception
    assert [list(y) for y in asked] == [[*range(10), *range(6)]] * 2  # the digits' test set, class by class
