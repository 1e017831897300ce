"""What stands before every route, those of Streamlit included: middleware of the app."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket
from streamlit.web.server.server_util import allowlisted_origins
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import (
    _get_signed_cookie_with_chunks,
    _parse_decoded_user_cookie,
    gather_user_info,
)

from app.live import access, rights
from app.live.rights import Right
from vae.saved import folders
from vae.text import _, size

UPLOADS = "/_stcore/upload_file/"  # of Streamlit, which keeps what it is sent in memory; then session/file
FILE_MAX, SESSION_MAX, ALL_MAX = 25_000_000, 60_000_000, 600_000_000  # bytes that explorers upload within WINDOW_S
WINDOW_S = 600.0
NOTEBOOKS = ("http://localhost:*", "http://127.0.0.1:*", "vscode-webview:")


class Upload(NamedTuple):
    """An upload that was taken. when: by time.monotonic."""

    when: float
    session: str
    n_bytes: int


class Doors:
    """Answers only requests for hosts that are served, lets no page of another origin show ours in a frame, and takes
    only small uploads from those who may only explore: pictures to draw on, saved views."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.taken: deque[Upload] = deque()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        request, http = HTTPConnection(scope), scope["type"] == "http"
        if not access.host_served(request.headers.get("host")):
            why = _(
                "This server does not answer for the host {host!r}. Whoever runs it can add that name: "
                "server.allowedHosts in config.toml, or the option --server.allowedHosts of streamlit run.",
                host=request.headers.get("host"),
            )
            if http:
                return await PlainTextResponse(why, 421)(scope, receive, send)
            return await WebSocket(scope, receive, send).close(access.FOREIGN, why[:100])
        if http and scope["method"] == "PUT" and UPLOADS in scope["path"] and (why := self.too_much(request)):
            return await PlainTextResponse(why, 413)(scope, receive, send)
        await self.app(scope, receive, _framed(send) if http else send)

    def too_much(self, request: HTTPConnection) -> str:
        """Why this upload is not taken; "" if it is, which is counted."""
        if rights.of(request.headers, user_of(request)) > Right.EXPLORE:
            return ""
        given, now = request.headers.get("content-length", ""), time.monotonic()
        if not given.isdecimal() or int(given) > FILE_MAX:
            return _("Visitors of this server can upload files of up to {most}.", most=size(FILE_MAX))
        while self.taken and self.taken[0].when < now - WINDOW_S:
            self.taken.popleft()
        session = request.url.path.split(UPLOADS)[1].partition("/")[0]
        mine = int(given) + sum(upload.n_bytes for upload in self.taken if upload.session == session)
        every = int(given) + sum(upload.n_bytes for upload in self.taken)
        if mine > SESSION_MAX or every > ALL_MAX:
            return _("Too much has been uploaded in the last minutes. Try again later.")
        self.taken.append(Upload(now, session, int(given)))
        return ""


def user_of(request: HTTPConnection) -> Mapping[str, Any]:
    """Who has signed in, as in st.user; {} if nobody has."""
    raw, origin = _get_signed_cookie_with_chunks(request.cookies, USER_COOKIE_NAME), request.headers.get("origin")
    signed = _parse_decoded_user_cookie(raw, origin) if raw and origin else {}
    return signed | gather_user_info(request.headers)


def _framed(send: Send) -> Send:
    """Adds who may show the page in a frame: itself, the origins of server.corsAllowedOrigins, and notebooks on this
    machine where one of them opened it with vae.explore."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            beside = NOTEBOOKS if folders.attached() else ()
            allowed = " ".join(["'self'", *beside, *sorted(allowlisted_origins())])
            MutableHeaders(scope=message)["Content-Security-Policy"] = f"frame-ancestors {allowed}"
        await send(message)

    return sending
