"""The live channel: a WebSocket that answers the requests of app.live.requests, and the routes beside it.

One request is answered before the next is read, so a flood waits in the client's own buffers.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import urlparse

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from starlette.routing import BaseRoute, Mount, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit import config
from streamlit.logger import get_logger
from streamlit.web.server.server_util import allow_all_cross_origin_requests, allowlisted_origins
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from app.live import assets, engines
from app.live.requests import BAD_FRAME, Refused, Request, Scene, parcel, parse
from app.live.requests.condition import CONDITION
from vae.engine.engine import Engine
from vae.errors import UnknownName, ZscopeError
from vae.text import _

TOKEN_AGE_S = 12 * 3600
TOKEN_STEP_S = 600  # a session's token changes this often, so most reruns send the same data
REASON_BYTES = 120  # what fits in a close frame

NO_TOKEN, FOREIGN, UNKNOWN = 4401, 4403, 4404

_SECRET = secrets.token_bytes(32)
_log = get_logger(__name__)


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
        raise Refused(NO_TOKEN, _("token missing: open the page through Streamlit"))
    try:
        return _serializer().loads(given, max_age=TOKEN_AGE_S)
    except SignatureExpired:
        raise Refused(NO_TOKEN, _("token expired: reload the page")) from None
    except BadSignature:
        raise Refused(NO_TOKEN, _("token not valid here: reload the page")) from None


def check_origin(origin: str | None, host: str | None) -> None:
    """Same origin, or one that Streamlit's own settings allow. Raises: Refused."""
    if not is_host_allowed(host):
        raise Refused(FOREIGN, _("host {host!r} is not served", host=host))
    if origin is None or urlparse(origin).netloc == host:  # only browsers send Origin, and they always do
        return
    if not (allow_all_cross_origin_requests() or origin in allowlisted_origins()):
        raise Refused(FOREIGN, _("foreign origin {origin}", origin=origin))


# ---------------------------------------------------------------- the socket


def answer(engine: Engine, request: Request) -> bytes:
    """The frame that answers a request, made on the engine's own thread; a parcel with the error where that failed."""
    try:
        return request.kind.answer(engine, request)
    except ZscopeError as error:
        return parcel(request, {"error": str(error)})


async def _open(socket: WebSocket):
    check_origin(socket.headers.get("origin"), socket.headers.get("host"))
    check_token(socket.query_params.get("token"))
    name = socket.path_params["checkpoint"]
    try:
        return await asyncio.to_thread(engines.engine, name)
    except UnknownName:
        raise Refused(UNKNOWN, _("unknown checkpoint {name!r}", name=name[:40])) from None
    except ZscopeError as error:
        raise Refused(UNKNOWN, _("checkpoint {name!r} cannot be read: {error}", name=name[:40], error=error)) from error


async def live(socket: WebSocket) -> None:
    """One connection, from the handshake to its close. Refusals close with a code and a reason, after accepting."""
    await socket.accept()
    try:
        engine = await _open(socket)
        scene = Scene.of(engine)
        condition = None  # what this connection decodes with where a frame names no label
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            frame = message.get("bytes")
            if frame is None:
                raise Refused(BAD_FRAME, _("text frame; this channel is binary"))
            request = parse(frame, scene)
            if request.kind is CONDITION:
                condition = request.values
            request = replace(request, condition=condition)
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
