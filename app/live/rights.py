"""What a visitor may do: explore, also train, or also manage what is stored.

Nothing here looks at the address a request comes from: behind a proxy it is the proxy's, and headers can be forged.
What counts is how the server was started, and who has signed in.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import urlparse

from streamlit import config

from app.live.access import hostname
from vae.errors import SettingError
from vae.text import _

PUBLIC = "ZSCOPE_PUBLIC"  # what every visitor may do: explore, train or manage
USERS = "ZSCOPE_USERS"  # e-mail addresses, "*@example.org" for all of a domain, of who may do everything once signed in
LOOPBACK = ("localhost", "127.0.0.1", "::1")
STREAMLIT_RUN = ("starlette-app", "starlette-app-direct")  # the ways to start in which server.address is what is bound
FORWARDED = ("forwarded", "via")  # headers that proxies add, beside all that begin with x-forwarded- or x-real-


class Right(IntEnum):
    """Each includes the ones before it."""

    EXPLORE = 1  # look at models, decode, download
    TRAIN = 2  # start and stop trainings, upload data, save directions
    MANAGE = 3  # rename, delete and import models and data, name paths of the server


def of(headers: Mapping[str, str], user: Mapping[str, Any]) -> Right:
    """The right of whoever sent these headers (names in any case), signed in as `user` (as in st.user).

    Raises: SettingError: ZSCOPE_PUBLIC is none of the rights.
    """
    if _listed(user):
        return Right.MANAGE
    return public() or (Right.MANAGE if only_here() and _local(headers) else Right.EXPLORE)


def public() -> Right | None:
    """What ZSCOPE_PUBLIC says; None if it is not set. Raises: SettingError: it is none of the rights."""
    given = os.environ.get(PUBLIC, "").strip()
    if not given:
        return None
    try:
        return Right[given.upper()]
    except KeyError:
        known = ", ".join(right.name.lower() for right in Right)
        raise SettingError(
            _("{name}={given!r}: expected one of {known}.", name=PUBLIC, given=given, known=known)
        ) from None


def only_here() -> bool:
    """Whether the server was started for this machine alone: bound to loopback, and no setting speaks of a proxy."""
    option = config.get_option
    names = [*(option("server.allowedHosts") or []), option("browser.serverAddress") or "localhost"]
    return (
        getattr(config, "_server_mode", None) in STREAMLIT_RUN
        and option("server.address") in LOOPBACK
        and all(name in LOOPBACK for name in names)
        and not (option("server.baseUrlPath") or option("server.corsAllowedOrigins"))
        and bool(option("server.enableCORS"))
    )


def _local(headers: Mapping[str, str]) -> bool:
    """Whether this may be a browser on this machine: it asks for this machine by name, and no proxy left a trace."""
    sent = {name.lower(): value for name, value in headers.items()}
    if any(name in FORWARDED or name.startswith(("x-forwarded-", "x-real-")) for name in sent):
        return False
    origin, host = sent.get("origin"), sent.get("host")
    return hostname(host) in LOOPBACK and (origin is None or urlparse(origin).netloc == host)


def sign_in_offered() -> bool:
    """Whether somebody may get more rights by signing in."""
    return bool(users())


def users() -> list[str]:
    """The addresses and patterns of ZSCOPE_USERS. Raises: SettingError: one of them is no address."""
    listed = [name.strip().lower() for name in os.environ.get(USERS, "").split(",") if name.strip()]
    if wrong := [name for name in listed if "@" not in name]:
        raise SettingError(
            _("{name}: {wrong!r} is no e-mail address, nor *@ and a domain.", name=USERS, wrong=wrong[0])
        )
    return listed


def _listed(user: Mapping[str, Any]) -> bool:
    """Whether ZSCOPE_USERS names this user, by an e-mail address that the provider has verified, or that a header of
    `server.trustedUserHeaders` gave."""
    from_proxy = "email" in dict(config.get_option("server.trustedUserHeaders") or {}).values()
    if not (from_proxy or (user.get("is_logged_in") and user.get("email_verified") is True)):
        return False
    email = str(user.get("email") or "").lower()
    return "@" in email and any(fnmatchcase(email, pattern) for pattern in users())
