"""Below the tools: undo and redo, the pin, ways to take the point along; and the status line at the page's foot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.components import link, register

_MOUNT = register("actions")


def actions(
    model: str,
    *,
    key: str,
    committed: dict[str, Any] | None,
    pinned: bool = False,
    can_undo: bool = False,
    can_redo: bool = False,
    label: int | None = None,
    conditional: bool = False,
    on_act: Callable[[], None] | None = None,
    on_renew: Callable[[], None] | None = None,
):
    """Mount the buttons, which have keys too: ctrl+z, ctrl+shift+z, and space to pin and to flip.

    Args:
        committed: {"row", "xy", "z"}: what "Copy as Python" writes down, with the label that a conditional model
            decodes with (None: that of the nearest sample).
        on_act: runs after a button; session.sent(key, "act") is then "undo", "redo", "pin" or "unpin".
        on_renew: called when the browser's token has expired; a rerun is all it takes.
    """
    return _MOUNT(
        key=key,
        data={
            "link": link(model),
            "committed": committed,
            "pinned": pinned,
            "can_undo": can_undo,
            "can_redo": can_redo,
            "label": label,
            "conditional": conditional,
        },
        on_act_change=on_act or (lambda: None),
        on_renew_change=on_renew or (lambda: None),
    )
