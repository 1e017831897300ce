"""Film strips of walks, one under the other, with the evidence under each frame. A click on a frame goes there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.components import link, register
from app.components.picture_grid import sheet_url
from vae.latent.paths import METHODS

_MOUNT = register("frame_strip")


def frame_strip(
    model: str,
    walks: Mapping[str, object],
    *,
    key: str,
    method: str,
    t: float,
    reach: float,
    notes: Sequence[str] = (),
    on_frame: Callable[[], None] = lambda: None,
):
    """walks: method name -> app.walk.Walk, in this order. method, t: where the slider is. reach: in latent space.

    on_frame runs after a click; session.sent(key, "frame") is then {"method", "t"}. notes: the last line.
    """
    strips = [
        {
            "name": name,
            "code": METHODS.index(name),
            "sheet": sheet_url(walk.frames, len(walk.frames)),
            "rows": [int(row) for row in walk.rows],
            "reach": [int(n) for n in walk.reach],
        }
        for name, walk in walks.items()
    ]
    data = {
        "link": link(model),
        "strips": strips,
        "method": method,
        "t": t,
        "reach": round(reach, 3),
        "shape": list(next(iter(walks.values())).frames.shape[2:]),
        "notes": list(notes),
    }
    return _MOUNT(key=key, data=data, on_frame_change=on_frame, on_renew_change=lambda: None)
