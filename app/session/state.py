"""What one browser session holds: its Studio, the values of its widgets, and the messages above its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse

import streamlit as st

from app.state.studio import Studio, choose

LOCAL = (None, "localhost", "127.0.0.1", "::1")  # None: Streamlit's word for an address on this machine
_STUDIO, _PROBLEMS = "zscope.studio", "zscope.problems"


def is_new() -> bool:
    """Whether this session has not chosen anything yet: its first run."""
    return _STUDIO not in st.session_state


def studio() -> Studio:
    """What the user has chosen, as of now."""
    return st.session_state.setdefault(_STUDIO, Studio())


def update(new: Studio) -> None:
    """Keep a new state; the link follows at the end of the run."""
    st.session_state[_STUDIO] = new


def watch(key: str) -> None:
    """Into the theatre with the frames of that key, nothing laid over them; "": out of it."""
    update(choose(studio(), watched=key, beside=""))


def tied(key: str, value, take: Callable[[Any], None]) -> dict[str, Any]:
    """Arguments that tie a widget to a value kept elsewhere: it shows `value`, and `take` gets what the user sets."""
    given = tie(key, take)
    if given["key"] not in st.session_state or st.session_state[given["key"]] != value:
        st.session_state[given["key"]] = value
    return given


def tie(key: str, take: Callable[[Any], None]) -> dict[str, Any]:
    """As `tied`, of a widget that shows its own default."""
    key = f"zscope.{key}"
    return {"key": key, "on_change": lambda: take(st.session_state[key])}


def field(name: str) -> dict[str, Any]:
    """Arguments that tie a widget to one setting of the Studio: st.slider("Temperature", 0.0, 2.0, **field(...))."""

    return tied(f"field.{name}", getattr(studio(), name), setting(name))


def setting(name: str) -> Callable[[Any], None]:
    """What takes a new value of one setting of the Studio; a value that it does not take is told."""

    def take(value) -> None:
        if value is None:  # an emptied number field, or a segment clicked off: the old value comes back
            return
        try:
            update(choose(studio(), **{name: value}))
        except ValueError as error:
            tell(f"{name} = {value!r}: {error}")

    return take


def held(key: str) -> Any:
    """What the widget of that key holds, or what was put there; None: nothing."""
    return st.session_state.get(key)


def sent(key: str, name: str):
    """What the component mounted under `key` last sent as `name`; for its callback, which runs before the page."""
    return (st.session_state.get(key) or {}).get(name)


def put(key: str, value: Any) -> None:
    """A widget that this run has not drawn yet will show that value."""
    st.session_state[key] = value


def take(key: str) -> Any:
    """What was put there, once; None from then on."""
    return st.session_state.pop(key, None)


def forget(key: str) -> None:
    """A widget starts anew, with what its page gives it."""
    st.session_state.pop(key, None)


def kept(slot: str, key: Any, make: Callable[[], Any]) -> Any:
    """make(), remembered for as long as `key` is the same: one result a slot and session. What it raises is not."""
    slot = f"zscope.kept.{slot}"
    if st.session_state.get(slot, (None,))[0] != key:
        st.session_state.pop(slot, None)  # its memory is free before the next needs some
        st.session_state[slot] = (key, make())
    return st.session_state[slot][1]


def release(slot: str) -> None:
    """What `kept` remembers in that slot."""
    st.session_state.pop(f"zscope.kept.{slot}", None)


def local() -> bool:
    """Whether the browser is on the machine that serves the app: only then may it name paths, delete and take files in.

    All three must say so: the peer's address, the host that was asked for, and the page's origin. Behind a proxy on the
    same machine the address alone would tell nothing.
    """
    headers = st.context.headers
    hosts = [headers.get("Host", ""), headers.get("Origin", "")]
    names = [urlparse(h if "//" in h else f"//{h}").hostname for h in hosts if h]
    forwarded = any(headers.get(name) for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))
    return not forwarded and st.context.ip_address in LOCAL and all(name in LOCAL for name in names)


def tell(*problems: str) -> None:
    """Sentences to show above the page until the user closes them."""
    kept = st.session_state.setdefault(_PROBLEMS, [])
    kept.extend(p for p in problems if p not in kept)


def problems() -> tuple[str, ...]:
    return tuple(st.session_state.get(_PROBLEMS, ()))


def dismiss() -> None:
    st.session_state[_PROBLEMS] = []
