"""The live channel: a WebSocket that answers the requests of app.live.requests, and the routes beside it.

One request is answered before the next is read, so a flood waits in the client's own buffers.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit import config
from streamlit.logger import get_logger
from streamlit.runtime import RuntimeState, get_instance

from app.live import access, assets, engines, orphan
from app.live.page import PAGES, page
from app.live.requests import BAD_FRAME, Refused, Request, Scene, parcel, parse
from app.live.requests.condition import CONDITION
from vae.engine.engine import Engine
from vae.errors import UnknownName, ZscopeError
from vae.saved import folders
from vae.text import _

REASON_BYTES = 120  # what fits in a close frame

UNKNOWN = 4404

_log = get_logger(__name__)


async def new_token(request: HttpRequest) -> Response:
    """A token for a page whose own has expired, or was made before the server was started again. POST, same origin."""
    headers = {"Cache-Control": "no-store"}
    try:
        access.check_origin(request.headers.get("origin"), request.headers.get("host"))
    except Refused as refused:
        return PlainTextResponse(refused.reason, 403, headers)
    return JSONResponse({"token": access.token(access.browser_of(request.cookies))}, headers=headers)


def answer(engine: Engine, request: Request) -> bytes:
    """The frame that answers a request, made on the engine's own thread; a parcel with the error where that failed."""
    try:
        return request.kind.answer(engine, request)
    except ZscopeError as error:
        return parcel(request, {"error": str(error)})


async def _open(socket: WebSocket):
    access.check_origin(socket.headers.get("origin"), socket.headers.get("host"))
    access.check_token(socket.query_params.get("token"), access.browser_of(socket.cookies))
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
    folder = folders.attached()
    ending = asyncio.create_task(orphan.end_after_program(folder, _page_open)) if folder else None
    yield {"warming": warming, "ending": ending}


def _page_open() -> bool:
    return get_instance().state is RuntimeState.ONE_OR_MORE_SESSIONS_CONNECTED


def _report(task: asyncio.Task) -> None:
    if not task.cancelled() and task.exception() is not None:
        _log.error("the default checkpoint could not be loaded: %s", task.exception())


async def explore(request: HttpRequest) -> Response:
    """The default page lies at the root: Streamlit would call its name a page that does not exist."""
    return RedirectResponse("./" + (f"?{request.url.query}" if request.url.query else ""))


def routes() -> list[BaseRoute]:
    """The socket, the tokens and the assets, below the prefix of `server.baseUrlPath`.

    Each has the prefix in its own path: a Mount of that prefix would also take the addresses of Streamlit's routes.
    """
    prefix = config.get_option("server.baseUrlPath").strip("/")
    below = f"/{prefix}" if prefix else ""
    return [
        WebSocketRoute(below + "/live/{checkpoint}", live),
        Route(below + "/token", new_token, methods=["POST"]),
        Route(below + "/explore", explore),
        *(Route(f"{below}/{name}", page) for name in PAGES if name != "explore"),
        *(Route(below + path, endpoint) for path, endpoint in assets.ENDPOINTS.items()),
    ]
