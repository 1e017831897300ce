"""The decoded picture at the pointer with its trust and fidelity, the nearest samples, the pinned point, and tools."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.browser import link, register

_MOUNT = register("latent_view")


def latent_view(
    model: str,
    *,
    key: str,
    committed: dict[str, Any] | None,
    neighbours: Sequence[dict[str, Any]] = (),
    labels: Sequence[str] = (),
    label: int | None = None,
    on_label: Callable[[], None] | None = None,
    pin: dict[str, Any] | None = None,
    tools: Sequence[dict[str, str]] = (),
    tool: str = "",
    on_tool: Callable[[], None] | None = None,
):
    """Mount the view. A click on a neighbour sets the current point through the map of the same page.

    Args:
        committed: {"row", "xy", "z"} as latent_map returns it.
        neighbours: {"row": map row, "distance": latent distance} each, nearest first.
        labels: class names to choose from, for a conditional model; label: the chosen one, None: of the nearest sample.
            on_label runs after a choice; session.sent(key, "label") is then {"label": number or None}.
        pin: {"row", "z"} of the pinned point; None: none.
        tools: {"name", "title", "help", "off"} each; off: the reason why it is disabled, or ""; tool: the name of the
            open one. on_tool runs after a choice; session.sent(key, "tool") is then its name.
    """
    return _MOUNT(
        key=key,
        data={
            "link": link(model),
            "committed": committed,
            "neighbours": list(neighbours),
            "labels": list(labels),
            "label": label,
            "pin": pin,
            "tools": list(tools),
            "tool": tool,
        },
        on_label_change=on_label or (lambda: None),
        on_tool_change=on_tool or (lambda: None),
    )
