"""The map of a model: every reference sample as a point, and the latent at any position under the pointer."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from app.browser import link, register

_MOUNT = register("latent_map")


def latent_map(
    model: str,
    *,
    key: str,
    mode: Literal["explore", "waypoints"] = "explore",
    committed: dict[str, Any] | None = None,
    waypoints: Sequence[dict[str, Any]] = (),
    method: str = "",
    shown: dict[str, Any] | None = None,
    selected: Sequence[int] = (),
    edited: dict[str, Any] | None = None,
    n: int = 0,
    held: dict[str, Any] | None = None,
    decisions: dict[str, Any] | None = None,
    heard: dict[str, int] | None = None,
    drawn: dict[str, Any] | None = None,
    on_commit: Callable[[], None] | None = None,
    on_show: Callable[[], None] | None = None,
    on_select: Callable[[], None] | None = None,
    on_waypoint: Callable[[], None] | None = None,
    on_hold: Callable[[], None] | None = None,
    on_residual: Callable[[], None] | None = None,
    on_drawn: Callable[[], None] | None = None,
):
    """Mount the map, which fills its column (style.css).

    Each on_... runs before the page after that action of the user; session.sent(key, name) then has

    - "committed": {"row": int or None, "xy": [x, y] on the first map, "z": [d], "n": counter};
    - "shown": {"view": str, "colour": str, "camera": [x0, x1, y0, y1] or None, "n": time}, once the map is at rest;
    - "selected": {"bits": text, "n": time}; `rows_of` reads the rows from it;
    - "hold": {"point": {"row", "xy", "z"}} of a sample to hold, or {"point": None} to release it;
    - "residual": {"share": 0-1} of the residual of the held sample, once its slider was released;
    - "drawn": {"n": that of `drawn`, "png": base64 of a PNG}, once it was drawn;
    - "waypoint": {"at", "z", "xy", "row"} of one that was moved, or {"at", "remove": True}.

    Args:
        committed: the current point, which is marked and restored when the pointer leaves, as returned ("n" is not
            needed); "mapped": its z was read off the map at its xy, so that the trust of the position is its trust.
        waypoints: {"label": "A", "name": ..., "xy": [x, y]} each, in mode "waypoints": pins that can be dragged.
        method: the method whose path is drawn on top; the paths themselves come from the frame_strip of the page.
        shown: as returned; the map follows where it has changed.
        selected: rows, of the `n` rows of the map.
        held: {"row", "z", "xy", "share"} of the sample whose residual places are decoded with; None: none is held.
        decisions: {"name", "classes", "said", "help"} of the classifier whose decisions colour the places of the map,
            and how far it is right; None: none is open.
        edited: what the rows are now, as `edited_of` gives it; None: the map shows the labels it has shown so far.
        drawn: {"layer": what lies below the points, as the program that holds the model wants it, or None; "picture":
            {"n", "width", "height", "scale", "legend"} of a picture of the map that it wants, n counting them, or
            None}.
        heard: "shown" and "selected" -> "n" of the last one that the page has handled; older ones are ignored.
    """
    nothing = lambda: None  # noqa: E731
    return _MOUNT(
        key=key,
        data={
            "link": link(model),
            "mode": mode,
            "committed": committed,
            "waypoints": list(waypoints),
            "method": method,
            "selected": bits_of(selected, n),
            "held": held,
            "decisions": decisions,
            "edited": edited,
            "heard": heard or {},
            **(drawn or {}),
            **(shown or {}),
        },
        on_committed_change=on_commit or nothing,
        on_shown_change=on_show or nothing,
        on_selected_change=on_select or nothing,
        on_waypoint_change=on_waypoint or nothing,
        on_hold_change=on_hold or nothing,
        on_residual_change=on_residual or nothing,
        on_drawn_change=on_drawn or nothing,
    )


def edited_of(labels: np.ndarray | None, classes: Sequence[str], dropped: np.ndarray) -> dict[str, Any]:
    """Rows of a map as they were edited: the class of each as base64 of a byte, 255 for none and "" without labels; the
    names of all classes; and which were dropped, as `bits_of`."""
    given = "" if labels is None else base64.b64encode(labels.astype(np.uint8).tobytes()).decode()
    return {"labels": given, "classes": list(classes), "dropped": bits_of(np.flatnonzero(dropped), len(dropped))}


def bits_of(rows: Sequence[int] | np.ndarray, n: int) -> str:
    """Rows of a map with n rows as the map takes them: base64 of one bit per row, lowest bit first; "" for none."""
    if not len(rows):
        return ""
    mask = np.zeros(n, bool)
    mask[np.asarray(rows)] = True
    return base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode()


def rows_of(sent: dict[str, Any] | None, n: int) -> tuple[int, ...]:
    """The rows of a "selected" from the map, ascending; empty if it is not valid, and without rows beyond n."""
    text = str((sent or {}).get("bits", ""))
    try:
        packed = np.frombuffer(base64.b64decode(text, validate=True), np.uint8)
    except ValueError:
        return ()
    return tuple(int(row) for row in np.flatnonzero(np.unpackbits(packed, bitorder="little")[:n]))
