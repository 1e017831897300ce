"""Who is let in: the hosts that are served, the origins, and the tokens of the live channel and of the assets.

A token belongs to one browser, known by the cookie that Streamlit gives each, and to the folder of checkpoints of the
server that made it. Whoever may open the page may have one; pages of other sites may not.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
import socket
import time
from collections.abc import Mapping
from functools import cache
from urllib.parse import urlparse

from itsdangerous import BadSignature, SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from streamlit import config
from streamlit.web.server.server_util import allow_all_cross_origin_requests, allowlisted_origins
from streamlit.web.server.starlette.starlette_app_utils import decode_xsrf_token_string
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

from app.live.requests import Refused
from vae.errors import SettingError
from vae.saved import folders
from vae.text import _

SECRET = "ZSCOPE_SECRET"  # the key of the tokens, the same for several processes behind one address
SECRET_LEAST = 16  # characters
TOKEN_AGE_S = 12 * 3600
TOKEN_STEP_S = 600  # a browser's token changes this often, so most reruns send the same data
HEADER = "x-zscope-token"

NO_TOKEN, FOREIGN = 4401, 4403


# ---------------------------------------------------------------- hosts and origins


def hostname(host: str | None) -> str | None:
    """The name or address in a Host header, in lower case without port and brackets; None if it is malformed."""
    try:
        return urlparse(f"//{host}").hostname if host else None
    except ValueError:
        return None


def host_served(host: str | None) -> bool:
    """Whether requests for this host are answered.

    `server.allowedHosts` decides where it is set. Otherwise all addresses are served, and the names of this machine; no
    other name is, so that a page of another site cannot reach the app through a name that it points here (DNS
    rebinding).
    """
    if config.get_option("server.allowedHosts"):
        return is_host_allowed(host)
    name = hostname(host)
    return name is not None and (name in _names_here() or name.endswith(".localhost") or _is_address(name))


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@cache
def _names_here() -> frozenset[str]:
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, name.partition(".")[0], f"{name.partition('.')[0]}.local"})


def check_origin(origin: str | None, host: str | None) -> None:
    """Same origin, or one that Streamlit's own settings allow. Raises: Refused."""
    if origin is None or urlparse(origin).netloc == host:  # only browsers send Origin, and they always do
        return
    if not (allow_all_cross_origin_requests() or origin in allowlisted_origins()):
        raise Refused(FOREIGN, _("foreign origin {origin}", origin=origin))


# ---------------------------------------------------------------- tokens


def browser_of(cookies: Mapping[str, str]) -> str:
    """What tells one browser from another, of the cookie that Streamlit gives each; "" for one without."""
    drawn, _when = decode_xsrf_token_string(cookies.get(XSRF_COOKIE_NAME, ""))
    return hashlib.blake2b(drawn, digest_size=12).hexdigest() if drawn else ""


def token(browser: str) -> str:
    """A signed pass for one browser (see `browser_of`) to the live channel and the assets, good for 12 hours."""
    return _serializer().dumps([browser, _folder()])


def check_token(given: str | None, browser: str) -> None:
    """Raises: Refused: the token is missing, expired, forged, of another browser or of other checkpoints."""
    if not given:
        raise Refused(NO_TOKEN, _("token missing: open the page through Streamlit"))
    try:
        made_for = _serializer().loads(given, max_age=TOKEN_AGE_S)
    except SignatureExpired:
        raise Refused(NO_TOKEN, _("token expired: reload the page")) from None
    except BadSignature:
        raise Refused(NO_TOKEN, _("token not valid here: reload the page")) from None
    if made_for != [browser, _folder()]:
        raise Refused(NO_TOKEN, _("token of another browser or of other checkpoints: reload the page"))


class _CoarseSigner(TimestampSigner):
    def get_timestamp(self) -> int:
        return int(time.time() // TOKEN_STEP_S * TOKEN_STEP_S)


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(key(), salt="zscope-live", signer=_CoarseSigner)


@cache
def _random() -> bytes:
    return secrets.token_bytes(32)


def key() -> bytes:
    """The key that signs tokens: of ZSCOPE_SECRET, else random for this process. Raises: SettingError: too short."""
    given = os.environ.get(SECRET, "")
    if not given:
        return _random()
    if len(given) < SECRET_LEAST:
        raise SettingError(
            _(
                "{name} has {n} characters; expected at least {least} random ones, as from: openssl rand -hex 32",
                name=SECRET,
                n=len(given),
                least=SECRET_LEAST,
            )
        )
    return given.encode()


def _folder() -> str:
    return hashlib.blake2b(str(folders.root().resolve()).encode(), digest_size=6).hexdigest()
