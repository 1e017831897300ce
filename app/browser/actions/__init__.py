"""The buttons below the tools: undo, redo, the pin and copying the point; and the status line at the page's foot."""

from __future__ import annotations

from collections.abc import Callable

from app.browser import link, register

_MOUNT = register("actions")


def actions(
    model: str,
    *,
    key: str,
    python: str,
    pinned: bool = False,
    held: bool = False,
    can_undo: bool = False,
    can_redo: bool = False,
    on_act: Callable[[], None] | None = None,
    on_pinned: Callable[[], None] | None = None,
):
    """Mount the buttons, which also have keys: ctrl+z, ctrl+shift+z, and space to pin a point and to compare with it.

    Args:
        python: the text that "Copy as Python" copies.
        on_act: runs after a button; session.sent(key, "act") is then "undo", "redo", "pin", "unpin",
            "hold" or "release": the current point as the held sample, or none.
        on_pinned: runs after the map pinned the point at its cursor: {"row", "xy", "z"} in session.sent(key, "pinned").
    """
    return _MOUNT(
        key=key,
        data={
            "link": link(model),
            "python": python,
            "pinned": pinned,
            "held": held,
            "can_undo": can_undo,
            "can_redo": can_redo,
        },
        on_act_change=on_act or (lambda: None),
        on_pinned_change=on_pinned or (lambda: None),
    )
