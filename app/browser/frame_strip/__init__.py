"""The frames of a path by every method, a row for each, with the evidence under each frame and along the path.

The browser itself requests the paths (app.live.requests.path), so that they follow while a waypoint is dragged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from app.browser import link, register
from vae.latent.paths import METHODS

_MOUNT = register("frame_strip")


def frame_strip(
    model: str,
    waypoints: Sequence[Sequence[float]],
    *,
    key: str,
    method: str,
    t: float,
    help: dict[str, str],
    notes: Sequence[str] = (),
    touch_notes: Sequence[str] = (),
    decisions: dict[str, Any] | None = None,
    on_frame: Callable[[], None] = lambda: None,
):
    """Mount the rows of frames.

    Args:
        waypoints: the latent of each.
        method, t: position of the slider.
        help: explanations of "density" and "off_data", and the "scale" of all charts, "" of pictures.
        notes: texts of the last line; touch_notes: in their place where a finger points.
        decisions: of a classifier, as latent_map takes it: its classes along each path, and where they flip.
        on_frame: runs after a click on a frame; session.sent(key, "frame") is then {"method", "t"}.
    """
    data = {
        "link": link(model),
        "waypoints": [list(z) for z in waypoints],
        "methods": [{"name": name, "code": code, "first": code == 0} for code, name in enumerate(METHODS)],
        "method": method,
        "t": t,
        "help": help,
        "notes": list(notes),
        "touchNotes": list(touch_notes),
        "decisions": decisions,
    }
    return _MOUNT(key=key, data=data, on_frame_change=on_frame)
