"""The map of a model: every reference sample as a point, and the latent of any place under the pointer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from app.components import link, register

_MOUNT = register("latent_map")


def latent_map(
    model: str,
    *,
    key: str,
    height: int = 640,
    mode: Literal["explore", "waypoints"] = "explore",
    committed: dict[str, Any] | None = None,
    waypoints: Sequence[dict[str, Any]] = (),
    paths: Sequence[dict[str, Any]] = (),
    on_commit: Callable[[], None] | None = None,
):
    """Mount the map. The result's .committed is None or {"row": int or None, "xy": [x, y], "z": [d], "n": counter}.

    on_commit runs before the page when a point was committed; session.sent(key, "committed") then has it.

    Args:
        height: px; in mode "explore" the least height, as the map fills the window.
        committed: the point to mark and to restore when the pointer leaves, as returned ("n" is not needed);
            "mapped": its z was read off the map at its xy, so that its trust is that of the place too.
        waypoints: {"label": "A", "xy": [x, y]} each.
        paths: {"name": ..., "xy": [[x, y] or None, ...]} each, None a torn hop.
    """
    return _MOUNT(
        key=key,
        data={
            "link": link(model),
            "height": height,
            "mode": mode,
            "committed": committed,
            "waypoints": list(waypoints),
            "paths": list(paths),
        },
        on_committed_change=on_commit or (lambda: None),
    )
