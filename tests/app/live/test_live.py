"""The live channel as a browser meets it: every kind of request, all that must be refused, and what is fetched."""

from __future__ import annotations

import io
import json
import math
import struct
import warnings
from collections import OrderedDict

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.websockets import WebSocketDisconnect

from app.live import access, assets, channel, engines, requests
from app.live.requests import points
from vae.errors import ShapeError

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "Using `httpx` with")  # it asks for httpx2; httpx does for these tests
    from starlette.testclient import TestClient

UP, DOWN = struct.Struct("<IB3x"), struct.Struct("<IB3x6f")  # of pictures; what is padding is 0
HOST = "testserver"


@pytest.fixture
def engine(tiny_checkpoint):
    return engines.engine("tiny-vae")


@pytest.fixture
def client(tiny_checkpoint):
    with TestClient(Starlette(routes=channel.routes()), headers={access.HEADER: access.token("")}) as client:
        yield client


def connect(client, model="tiny-vae", token=None, origin=f"http://{HOST}"):
    token = access.token("") if token is None else token
    return client.websocket_connect(f"/live/{model}?token={token}", headers={"origin": origin, "host": HOST})


def frame(sequence, kind, values):
    return UP.pack(sequence, kind) + np.asarray(values, "<f4").tobytes()


def ask(socket, sequence, kind, values, engine):
    """The parts of an answer: head fields, z, picture."""
    socket.send_bytes(frame(sequence, kind, values))
    answer = socket.receive_bytes()
    c, h, w = engine.shape
    assert len(answer) == DOWN.size + 4 * engine.d + h * w * c
    names = ("sequence", "kind", "trust", "decode_ms", "server_ms", "x", "y", "rms")
    head = dict(zip(names, DOWN.unpack_from(answer), strict=True))
    z = np.frombuffer(answer, "<f4", engine.d, DOWN.size)
    picture = np.frombuffer(answer, np.uint8, offset=DOWN.size + 4 * engine.d).reshape(h, w, c)
    assert 0 <= head["trust"] <= 1
    assert 0 < head["decode_ms"] <= head["server_ms"]
    return head, z, picture


def shown(engine, z):
    return engine.decode_uint8(np.asarray(z, np.float32)[None])[0].transpose(1, 2, 0)


def closes_with(client, send, **how):
    """The code and reason with which the socket closes after `send`."""
    with connect(client, **how) as socket:
        if send is not None:
            socket.send_bytes(send) if isinstance(send, bytes) else socket.send_text(send)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_bytes()
    return closed.value.code, closed.value.reason


def lives_on(client, engine):
    with connect(client) as socket:
        head, _, _ = ask(socket, 9, points.ROW.code, [0], engine)
    assert head["sequence"] == 9


# ---------------------------------------------------------------- what is asked


def test_a_map_position_shows_the_latent_of_that_place(client, engine):
    xy = engine.atlas.xy.mean(0)
    with connect(client) as socket:
        head, z, picture = ask(socket, 7, points.MAP.code, xy, engine)
    expected, trust = engine.from_map(xy[None])
    assert (head["sequence"], head["kind"]) == (7, points.MAP.code)
    np.testing.assert_array_equal(z, expected[0])
    np.testing.assert_array_equal(picture, shown(engine, z))
    assert head["trust"] == pytest.approx(float(trust[0]))
    np.testing.assert_allclose((head["x"], head["y"]), xy, rtol=1e-6)


def test_a_latent_is_decoded_and_placed_on_the_map(client, engine):
    z0 = engine.atlas.z[3] + 0.1
    with connect(client) as socket:
        head, z, picture = ask(socket, 1, points.LATENT.code, z0, engine)
    np.testing.assert_array_equal(z, z0)
    np.testing.assert_array_equal(picture, shown(engine, z0))
    np.testing.assert_allclose((head["x"], head["y"]), engine.to_map(z0[None])[0], rtol=1e-6)


def test_a_row_is_that_sample_exactly(client, engine):
    row = engine.atlas.n - 1
    with connect(client) as socket:
        head, z, picture = ask(socket, 2, points.ROW.code, [row], engine)
    np.testing.assert_array_equal(z, engine.atlas.z[row])
    np.testing.assert_array_equal(picture, shown(engine, engine.atlas.z[row]))
    np.testing.assert_allclose((head["x"], head["y"]), engine.atlas.xy[row])


def test_the_error_near_a_point_comes_with_its_picture(client, engine):
    """Of the nearest rows, as stored: also at a map position, and NaN where it was not measured."""
    stored = engine.atlas.measured["error"]
    with connect(client) as socket:
        for kind, values in ((1, engine.atlas.xy[2] + 0.01), (2, engine.atlas.z[4] + 0.02), (3, [5])):
            head, z, _ = ask(socket, 1, kind, values, engine)
            rows, _distances = engine.atlas.neighbours(z, 6)
            assert head["rms"] == pytest.approx(float(np.sqrt(stored[rows].mean())), rel=1e-5)
        engine.atlas.measured.pop("error")
        try:
            assert np.isnan(ask(socket, 2, 3, [5], engine)[0]["rms"])
        finally:
            engine.atlas.measured["error"] = stored


def test_trust_off_the_map_is_the_measured_round_trip(client, engine):
    with connect(client) as socket:
        for row in range(5):
            head, z, _ = ask(socket, row, points.ROW.code, [row], engine)
            assert head["trust"] == pytest.approx(float(engine.trust(z[None])[0]), abs=1e-5)
        far, _, _ = ask(socket, 9, points.LATENT.code, [60.0] * engine.d, engine)
    assert far["trust"] < 0.01


def test_answers_come_in_order_with_their_sequence(client, engine):
    sent = [5, 2**32 - 1, 0, 17]
    with connect(client) as socket:
        for sequence in sent:
            socket.send_bytes(frame(sequence, points.ROW.code, [1]))
        assert [DOWN.unpack_from(socket.receive_bytes())[0] for _ in sent] == sent


# ---------------------------------------------------------------- parcels


@pytest.fixture
def reckon(monkeypatch):
    """A kind of request made for the test: it answers with its bytes counted, or refuses to."""
    requests.kinds()  # those of files first
    monkeypatch.setattr(requests, "_KINDS", dict(requests._KINDS))

    def answer(engine, request):
        if request.values == b"no":
            raise ShapeError("given no, expected yes.")
        table = np.arange(6, dtype=np.int64).reshape(2, 3)
        return requests.parcel(request, {"bytes": len(request.values)}, odd=np.arange(5, dtype=np.uint8), table=table)

    requests.register(requests.Kind(200, "reckon", lambda scene: 16, lambda payload, scene: payload, answer))
    requests.kinds.cache_clear()
    yield
    requests.kinds.cache_clear()


def unpacked(answer: bytes) -> tuple[int, int, dict, dict[str, np.ndarray]]:
    sequence, kind, form, length = struct.unpack_from("<IBB2xI", answer)
    assert form == 1
    facts, at, arrays = json.loads(answer[12 : 12 + length]), 12 + length, {}
    for name, kind_, shape in facts.pop("arrays"):
        array = np.frombuffer(answer, np.dtype(kind_).newbyteorder("<"), math.prod(shape), at).reshape(shape)
        arrays[name], at = array, at + array.nbytes + -array.nbytes % 4
    assert at == len(answer)
    return sequence, kind, facts, arrays


def test_a_parcel_carries_facts_and_arrays(client, engine, reckon):
    with connect(client) as socket:
        socket.send_bytes(UP.pack(7, 200) + b"abc")
        sequence, kind, facts, arrays = unpacked(socket.receive_bytes())
        assert (sequence, kind, facts) == (7, 200, {"bytes": 3})
        np.testing.assert_array_equal(arrays["odd"], np.arange(5))
        np.testing.assert_array_equal(arrays["table"], np.arange(6).reshape(2, 3))
        assert (arrays["odd"].dtype, arrays["table"].dtype) == (np.uint8, np.int32)


def test_what_could_not_be_made_is_an_answer_and_the_socket_stays(client, engine, reckon):
    with connect(client) as socket:
        socket.send_bytes(UP.pack(1, 200) + b"no")
        assert unpacked(socket.receive_bytes())[2] == {"error": "given no, expected yes."}
        assert ask(socket, 2, points.ROW.code, [0], engine)[0]["sequence"] == 2


def test_a_kind_has_a_code_and_a_name_of_its_own(reckon):
    for code, name in ((1, "new"), (201, "map"), (0, "new"), (256, "new")):
        with pytest.raises(ValueError, match="not yet taken"):
            requests.register(requests.Kind(code, name, lambda scene: 0, lambda payload, scene: None, lambda e, r: b""))


# ---------------------------------------------------------------- what is refused

BAD_FRAMES = {
    "nan": (frame(1, 1, [math.nan, 0]), "NaN or infinity"),
    "infinite": (frame(1, 2, [math.inf, 0, 0, 0]), "NaN or infinity"),
    "beyond reason": (frame(1, 1, [1e30, 0]), "beyond 10000"),
    "too short": (frame(1, 2, [0, 0, 0]), "expected 4 float32"),
    "odd bytes": (frame(1, 1, [0, 0])[:-1], "expected 2 float32"),
    "no payload": (frame(1, 3, []), "expected 1 float32"),
    "half a head": (b"\x01\x00\x00", "header alone has 8"),
    "empty": (b"", "header alone has 8"),
    "unknown kind": (frame(1, 250, [0, 0]), "unknown kind 250; known: 1 map"),
    "kind zero": (frame(1, 0, [0, 0]), "unknown kind 0"),
    "row below": (frame(1, 3, [-1]), "expected a whole number, 0 to"),
    "row above": (frame(1, 3, [1e6]), "expected a whole number, 0 to"),
    "half a row": (frame(1, 3, [0.5]), "expected a whole number"),
    "text": ("hello", "channel is binary"),
}


def is_refused(client, engine, send, says: str) -> None:
    """The socket closes on that frame with a reason that says so, and the next one is answered."""
    code, reason = closes_with(client, send)
    assert code == 4400
    assert says in reason
    lives_on(client, engine)


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_a_bad_frame_closes_the_socket_and_nothing_else(client, engine, name):
    is_refused(client, engine, *BAD_FRAMES[name])


def test_a_bad_frame_leaves_other_sockets_alone(client, engine):
    with connect(client) as other:
        assert closes_with(client, frame(1, 1, [math.nan, 0]))[0] == 4400
        assert ask(other, 4, points.ROW.code, [2], engine)[0]["sequence"] == 4


def test_an_oversize_frame(client, engine):
    code, reason = closes_with(client, bytes(10_000_000))
    assert code == 1009
    assert "at most" in reason
    lives_on(client, engine)


@pytest.mark.parametrize("model", ["nope", "..", "%2e%2e%2ftiny-vae", "tiny-vae%00", "a" * 5000])
def test_an_unknown_checkpoint_is_only_ever_a_name(client, engine, model):
    with pytest.raises(WebSocketDisconnect) as closed, connect(client, model=model) as socket:
        socket.receive_bytes()
    assert closed.value.code in (4404, 1000)  # 1000: no such route at all
    lives_on(client, engine)


def test_an_unknown_checkpoint_says_so(client):
    assert closes_with(client, None, model="nope") == (4404, "unknown checkpoint 'nope'")


@pytest.mark.parametrize("origin", ["http://evil.example", f"http://{HOST}.evil.example", "null", f"http://{HOST}:81"])
def test_a_foreign_origin(client, engine, origin):
    code, reason = closes_with(client, None, origin=origin)
    assert code == 4403
    assert "foreign origin" in reason
    lives_on(client, engine)


def test_a_client_without_an_origin_needs_only_its_token(client, engine):
    with client.websocket_connect(f"/live/tiny-vae?token={access.token('')}", headers={"host": HOST}) as socket:
        assert ask(socket, 1, points.ROW.code, [0], engine)[0]["sequence"] == 1


# ---------------------------------------------------------------- what is fetched


def test_the_map_travels_in_one_piece(client, engine):
    body = client.get("/asset/tiny-vae/map.bin").content
    size = int.from_bytes(body[:4], "little")
    head, rest = json.loads(body[4 : 4 + size]), body[4 + size :]
    n = engine.atlas.n
    assert size % 4 == 0
    assert (head["n"], head["d"], head["shape"], head["classes"][:2]) == (n, 4, [8, 8, 1], ["0", "1"])
    np.testing.assert_array_equal(np.frombuffer(rest, "<f4", 2 * n).reshape(n, 2), engine.atlas.xy)
    np.testing.assert_array_equal(np.frombuffer(rest, "<i4", n, 8 * n), engine.atlas.index)
    np.testing.assert_array_equal(np.frombuffer(rest, "u1", n, 12 * n), engine.atlas.labels)
    assert len(rest) == 13 * n


def test_the_trust_field_has_north_up(client, engine):
    field, _ = engine.atlas.projector.trust_field()
    image = np.asarray(Image.open(io.BytesIO(client.get("/asset/tiny-vae/trust.png").content)))
    np.testing.assert_allclose(image[::-1, :, 3] / assets.TRUST_ALPHA, field, atol=1 / assets.TRUST_ALPHA)


@pytest.mark.parametrize(
    "part", ["/asset/tiny-vae/map.bin", "/asset/tiny-vae/thumbnails.webp", "/browser/shared/zscope.js"]
)
def test_a_reload_costs_one_empty_answer(client, part):
    first = client.get(part)
    again = client.get(part, headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    for answer in (first, again):  # a cache between may not keep it, another site may not embed it
        assert answer.headers["cache-control"] == "private,no-cache"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["accept-ranges"] == "none"


@pytest.mark.parametrize(
    "path",
    ["/asset/nope/map.bin", "/asset/tiny-vae/config.json", "/asset/tiny-vae/model.safetensors", "/browser/main.js",
     "/browser/..%2f..%2fmain.js", "/asset/%2e%2e/map.bin"],
)  # fmt: skip
def test_nothing_else_is_served(client, path):
    assert client.get(path).status_code == 404


# ---------------------------------------------------------------- one engine


def test_sessions_and_socket_share_one_engine(engine):
    assert engines.engine("tiny-vae") is engine


def test_a_full_pool_lets_the_oldest_go(engine, monkeypatch):
    monkeypatch.setattr(engines, "KEEP", 1)
    monkeypatch.setattr(engines, "_engines", OrderedDict())  # other tests of this process may have opened either
    first, other = engines.engine("tiny-vae"), engines.engine("tiny-ae")
    assert engines.engine("tiny-ae") is other
    assert engines.engine("tiny-vae") is not first
