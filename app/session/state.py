"""The state of one browser session: its Studio, the values of its widgets, and the messages above its page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.state import SessionStateProxy

from app.live import rights
from app.live.rights import Right
from app.state.studio import Studio, choose
from vae.errors import SettingError
from vae.text import N_, _

_NOT_HERE = {
    Right.TRAIN: N_("Visitors of this server can explore its models, but not train, save directions or upload data."),
    Right.MANAGE: N_("Visitors of this server cannot change its models and data, nor name paths on it."),
}
_STUDIO, _PROBLEMS, _SHOWN, _DRAWN = "zscope.studio", "zscope.problems", "zscope.problems.shown", "zscope.drawn"


def _state() -> SessionStateProxy:
    """The session of the visitor for whom this thread runs the page. Raises: RuntimeError: it runs none.

    Streamlit would hand out an empty session instead, so that a download made later would be that of a new visitor:
    what a thread needs of the session is passed to it.
    """
    if get_script_run_ctx(suppress_warning=True) is None:
        raise RuntimeError("the session was read by a thread that runs no page; pass on what it needs of it")
    return st.session_state


def is_new() -> bool:
    """Whether this is the first run of the session, before anything was chosen."""
    return _STUDIO not in _state()


def studio() -> Studio:
    """What the user has chosen so far."""
    return _state().setdefault(_STUDIO, Studio())


def update(new: Studio) -> None:
    """Set the state; the link is written at the end of the run."""
    _state()[_STUDIO] = new


def watch(key: str) -> None:
    """Open the theatre with the frames of that key and nothing beside them; "" closes it."""
    update(choose(studio(), watched=key, beside=""))


def tied(key: str, value, take: Callable[[Any], None]) -> dict[str, Any]:
    """Arguments that bind a widget to a value stored elsewhere: it shows `value`, and `take` gets each new value.

    The value is sent to the browser where it changes, and to a widget that the last run did not draw: the browser has
    a new one then, though the session may still hold the value of the old one. Sent each time, it would undo typing.
    """
    given = tie(key, take)
    before, now = _state().setdefault(_DRAWN, (set(), set()))
    if given["key"] not in before | now or _state().get(given["key"]) != value:
        _state()[given["key"]] = value
    now.add(given["key"])
    return given


def new_run() -> None:
    """Begin to note which widgets a run draws, see `tied`."""
    _state()[_DRAWN] = (_state().get(_DRAWN, (set(), set()))[1], set())


def tie(key: str, take: Callable[[Any], None]) -> dict[str, Any]:
    """As `tied`, for a widget that shows its own default."""
    key = f"zscope.{key}"
    return {"key": key, "on_change": lambda: take(_state()[key])}


def field(name: str) -> dict[str, Any]:
    """Arguments that bind a widget to a setting of the Studio: st.slider("Temperature", 0.0, 2.0, **field(...))."""
    return tied(f"field.{name}", getattr(studio(), name), setting(name))


def setting(name: str) -> Callable[[Any], None]:
    """A function that changes a setting of the Studio, and shows a message if the value is not valid."""

    def take(value) -> None:
        if value is None:  # an empty number field, or a segment that was deselected: the old value comes back
            return
        try:
            update(choose(studio(), **{name: value}))
        except ValueError as error:
            tell(_("{setting} = {value!r}: {reason}", setting=name, value=value, reason=error))

    return take


def held(key: str) -> Any:
    """The value of the widget with that key, or what was put there; None if there is none."""
    return _state().get(key)


def sent(key: str, name: str):
    """What the component with that key last sent as `name`; for its callback, which runs before the page."""
    return (_state().get(key) or {}).get(name)


def put(key: str, value: Any) -> None:
    """Set the value of a widget that this run has not drawn yet."""
    _state()[key] = value


def take(key: str) -> Any:
    """Remove and return what was put there; None if there is nothing."""
    return _state().pop(key, None)


def forget(key: str) -> None:
    """Reset a widget to its default."""
    _state().pop(key, None)


def kept(slot: str, key: Any, make: Callable[[], Any]) -> Any:
    """make(), cached until `key` changes: one result per slot and session. Exceptions are not cached."""
    slot = f"zscope.kept.{slot}"
    if _state().get(slot, (None,))[0] != key:
        _state().pop(slot, None)  # frees its memory before the next result is made
        _state()[slot] = (key, make())
    return _state()[slot][1]


def release(slot: str) -> None:
    """Delete what `kept` has cached in that slot."""
    _state().pop(f"zscope.kept.{slot}", None)


def may(right: Right) -> bool:
    """Whether this visitor may do that, see app.live.rights."""
    return right <= rights.of(st.context.headers, st.user.to_dict())


def why_not(right: Right) -> str:
    """A sentence on why this visitor may not do that; "" if they may."""
    return "" if may(right) else _(_NOT_HERE[right])


def required(right: Right) -> None:
    """Raises: SettingError: this visitor may not do that. For every action, however its button is drawn."""
    if why := why_not(right):
        raise SettingError(why)


def tell(*problems: str) -> None:
    """Show messages above the page until the user closes them."""
    shown = _state().setdefault(_PROBLEMS, [])
    shown.extend(p for p in problems if p not in shown)


def problems() -> tuple[str, ...]:
    return tuple(_state().get(_PROBLEMS, ()))


def told_now() -> tuple[str, ...]:
    """The messages, which the page shows from now on."""
    _state()[_SHOWN] = problems()
    return problems()


def untold() -> bool:
    """Whether a message was told since the page last showed them, as by a click that reran only a fragment."""
    return not set(problems()) <= set(_state().get(_SHOWN, ()))


def dismiss() -> None:
    _state()[_PROBLEMS] = []
