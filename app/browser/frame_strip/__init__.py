"""Film strips of a way by every method, one under the other, with the evidence under each frame and along the way.

The browser asks for the ways itself (app.live.requests.path), so that they follow while a waypoint is dragged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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
    on_frame: Callable[[], None] = lambda: None,
):
    """waypoints: the latent of each. method, t: where the slider is. help: what "density" and "off_data" mean.

    on_frame runs after a click on a frame; session.sent(key, "frame") is then {"method", "t"}. notes: the last line.
    """
    data = {
        "link": link(model),
        "waypoints": [list(z) for z in waypoints],
        "methods": [{"name": name, "code": code, "first": code == 0} for code, name in enumerate(METHODS)],
        "method": method,
        "t": t,
        "help": help,
        "notes": list(notes),
    }
    return _MOUNT(key=key, data=data, on_frame_change=on_frame, on_renew_change=lambda: None)
