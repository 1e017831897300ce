"""The live channel: a WebSocket that answers pointer positions and sliders with pictures, and the routes beside it.

Binary, little-endian. Up: u32 sequence, u8 kind, u8 label + 1 (0: that of the nearest reference sample; only
conditional models look at it), 2 bytes padding, float32 payload. Down: u32 sequence, u8 kind, 3 bytes
padding, float32 trust, decode_ms, server_ms, x, y, then z (d) float32 and the picture as uint8 (h, w, c).
One request is answered before the next is read, so a flood waits in the client's own buffers.
"""

from __future__ import annotations

import asyncio
import math
import secrets
import struct
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import IntEnum
from urllib.parse import urlparse

import numpy as np
from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit import config
from streamlit.logger import get_logger
from streamlit.web.server.server_util import allow_all_cross_origin_requests, allowlisted_origins
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from app import assets, engines
from vae.errors import UnknownName, ZscopeError
from vae.latent import paths

UP = struct.Struct("<IBB2x")
DOWN = struct.Struct("<IB3x5f")
VALUE_MAX = 1e4  # largest |number| a payload may hold: float32 distances must stay finite
TOKEN_AGE_S = 12 * 3600
TOKEN_STEP_S = 600  # a session's token changes this often, so most reruns send the same data
REASON_BYTES = 120  # what fits in a close frame

BAD_FRAME, NO_TOKEN, FOREIGN, UNKNOWN, OVERSIZE = 4400, 4401, 4403, 4404, 1009

_SECRET = secrets.token_bytes(32)
_log = get_logger(__name__)


class Kind(IntEnum):
    """What a request asks to see."""

    MAP = 1  # x, y
    LATENT = 2  # z (d)
    ROW = 3  # index of a reference sample
    PATH = 4  # method (0 linear, 1 slerp), t, za (d), zb (d)


class Refused(Exception):
    """The socket must close, with this code and reason."""

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True)
class Request:
    """One checked frame. values: float32, as long as its kind needs, finite."""

    sequence: int
    kind: Kind
    values: np.ndarray
    label: int | None = None


# ---------------------------------------------------------------- who may ask


class _CoarseSigner(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(time.time() // TOKEN_STEP_S * TOKEN_STEP_S)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_SECRET, salt="zscope-live", signer=_CoarseSigner)


def token(session: str) -> str:
    """A signed pass to the live channel for one browser session, good for 12 hours of this process."""
    return _serializer().dumps(session)


def check_token(given: str | None) -> str:
    """The session a token was made for. Raises: Refused: missing, expired or forged."""
    if not given:
        raise Refused(NO_TOKEN, "token missing: open the page through Streamlit")
    try:
        return _serializer().loads(given, max_age=TOKEN_AGE_S)
    except SignatureExpired:
        raise Refused(NO_TOKEN, "token expired: reload the page") from None
    except BadSignature:
        raise Refused(NO_TOKEN, "token not valid here: reload the page") from None


def check_origin(origin: str | None, host: str | None) -> None:
    """Same origin, or one that Streamlit's own settings allow. Raises: Refused."""
    if not is_host_allowed(host):
        raise Refused(FOREIGN, f"host {host!r} is not served")
    if origin is None or urlparse(origin).netloc == host:  # only browsers send Origin, and they always do
        return
    if not (allow_all_cross_origin_requests() or origin in allowlisted_origins()):
        raise Refused(FOREIGN, f"foreign origin {origin}")


# ---------------------------------------------------------------- what is asked


def parse(frame: bytes, d: int, n: int, classes: int = 0) -> Request:
    """A frame's request. d: latent size, n: reference rows. Raises: Refused: anything about it is wrong."""
    longest = UP.size + 4 * (2 + 2 * d)
    if len(frame) > longest:
        raise Refused(OVERSIZE, f"frame of {len(frame)} bytes; at most {longest}")
    if len(frame) < UP.size:
        raise Refused(BAD_FRAME, f"frame of {len(frame)} bytes; the header alone has {UP.size}")
    sequence, code, label = UP.unpack_from(frame)
    if code not in list(Kind):
        raise Refused(BAD_FRAME, f"unknown kind {code}; known: " + ", ".join(f"{k.value} {k.name}" for k in Kind))
    kind = Kind(code)
    expected = {Kind.MAP: 2, Kind.LATENT: d, Kind.ROW: 1, Kind.PATH: 2 + 2 * d}[kind]
    if len(frame) != UP.size + 4 * expected:
        raise Refused(BAD_FRAME, f"{kind.name} payload of {len(frame) - UP.size} bytes; expected {expected} float32")
    values = struct.unpack_from(f"<{expected}f", frame, UP.size)  # a few floats: numpy would take longer to start
    if not all(map(math.isfinite, values)):
        raise Refused(BAD_FRAME, f"{kind.name} payload holds NaN or infinity")
    if kind is Kind.ROW:
        if not (values[0] == int(values[0]) and 0 <= values[0] < n):
            raise Refused(BAD_FRAME, f"row {values[0]:g}; expected a whole number, 0 to {n - 1}")
    elif max(map(abs, values)) > VALUE_MAX:
        raise Refused(BAD_FRAME, f"{kind.name} payload holds a number beyond {VALUE_MAX:g}")
    if kind is Kind.PATH and values[0] not in (0, 1):
        raise Refused(BAD_FRAME, f"path method {values[0]:g}; known: 0 linear, 1 slerp")
    if label > classes:
        raise Refused(BAD_FRAME, f"label {label - 1}; expected 0 to {classes - 1}, or none")
    return Request(sequence, kind, np.array(values, np.float32), label - 1 if label else None)


def answer(engine, request: Request) -> bytes:
    """The frame that answers a request: where it is, how far to trust it, z and the decoded picture.

    Runs on the engine's own thread. Trust: does z come back when its picture is encoded again? At map positions the
    map knows how likely; elsewhere the picture is encoded again, here and now.
    """
    start = time.perf_counter()
    values, trust = request.values, None
    if request.kind is Kind.MAP:
        xy = values[None, :]
        z, trust = engine.from_map(xy)
    elif request.kind is Kind.ROW:
        row = int(values[0])
        z, xy = engine.atlas.z[row : row + 1], engine.atlas.xy[row : row + 1]
    else:
        if request.kind is Kind.LATENT:
            z = values[None, :]
        else:
            za, zb = np.split(values[2:], 2)
            move = paths.slerp if values[0] else paths.lerp
            z = np.asarray(move(za, zb, float(values[1])), np.float32).reshape(1, -1)
        xy = engine.to_map(z)
    z = np.ascontiguousarray(z, np.float32)
    before = time.perf_counter()
    y = engine.labels_at(z) if request.label is None else request.label
    x = engine.decode(z, y)
    after = time.perf_counter()
    if trust is None or request.label is not None:  # what the map knows is of the label that belongs there
        trust = engine.atlas.projector.returned(z, engine.encode(x, y)[0], xy)
    picture = engine.modality.pictures(x)[0]
    end = time.perf_counter()
    head = DOWN.pack(
        request.sequence,
        request.kind,
        float(trust[0]),
        1e3 * (after - before),
        1e3 * (end - start),
        *(float(v) for v in xy[0]),
    )
    return head + z.tobytes() + picture.transpose(1, 2, 0).tobytes()


# ---------------------------------------------------------------- the socket


async def _open(socket: WebSocket):
    check_origin(socket.headers.get("origin"), socket.headers.get("host"))
    check_token(socket.query_params.get("token"))
    name = socket.path_params["checkpoint"]
    try:
        return await asyncio.to_thread(engines.engine, name)
    except UnknownName:
        raise Refused(UNKNOWN, f"unknown checkpoint {name[:40]!r}") from None
    except ZscopeError as error:
        raise Refused(UNKNOWN, f"checkpoint {name[:40]!r} cannot be read: {error}") from error


async def live(socket: WebSocket) -> None:
    """One connection, from the handshake to its close. Refusals close with a code and a reason, after accepting."""
    await socket.accept()
    try:
        engine = await _open(socket)
        n, d = engine.atlas.z.shape
        classes = len(engine.atlas.classes) if engine.conditional else 0
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            frame = message.get("bytes")
            if frame is None:
                raise Refused(BAD_FRAME, "text frame; this channel is binary")
            request = parse(frame, d, n, classes)
            await socket.send_bytes(await asyncio.wrap_future(engine.submit(answer, engine, request)))
    except Refused as refused:
        _log.info("live channel closed: %s %s", refused.code, refused.reason)
        reason = refused.reason.encode()[:REASON_BYTES].decode(errors="ignore")
        await socket.close(refused.code, reason)
    except WebSocketDisconnect:
        return


@asynccontextmanager
async def lifespan(app):
    """Load and warm the default engine once a process, beside the opening of the port rather than before it."""
    warming = asyncio.create_task(asyncio.to_thread(engines.warm))
    warming.add_done_callback(_report)
    yield {"warming": warming}


def _report(task: asyncio.Task) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.error("the default checkpoint could not be loaded: %s", task.exception())


def base_path() -> str:
    """The prefix every address of this app carries ("" or "/prefix"), from Streamlit's server.baseUrlPath."""
    prefix = config.get_option("server.baseUrlPath").strip("/")
    return f"/{prefix}" if prefix else ""


def routes() -> list[BaseRoute]:
    """The socket and the assets, below the base path."""
    own: list[BaseRoute] = [WebSocketRoute("/live/{checkpoint}", live), *assets.ROUTES]
    return [Mount(base_path(), routes=own)] if base_path() else own


ROUTES = routes()
