"""Latent sliders in tabs, live while they are dragged; directions can be saved, renamed and deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.browser import link, register

_MOUNT = register("latent_console")


def latent_console(
    model: str,
    *,
    key: str,
    committed: dict[str, Any] | None,
    sliders: dict[str, dict[str, Any]],
    label: int | None = None,
    saves: str = "moves",
    on_named: Callable[[], None] | None = None,
):
    """Mount the sliders. Releasing a slider sets the current point through the map of the same page.

    Args:
        committed: {"row", "xy", "z"} as latent_map returns it: the point where the sliders start.
        sliders: tab -> directions from vae.studies.sliders.plain; tabs: "here", "pca", "raw", "named", "attribute".
        label: the label that a conditional model decodes with; each label has its own sliders.
        saves: what can be saved as a direction. "moves": the move since the point was chosen; "direction": that of the
            first slider; "": nothing, nor can saved ones be renamed or deleted.
        on_named: runs after a save, rename or delete; session.sent(key, "named") is then {"act": "save", "name", "u",
            "strength", "tab"}, {"act": "rename", "old", "name"} or {"act": "delete", "name"}.
    """
    return _MOUNT(
        key=key,
        data={
            "link": link(model),
            "committed": committed,
            "sliders": sliders,
            "label": label,
            "saves": saves,
        },
        on_named_change=on_named or (lambda: None),
    )
