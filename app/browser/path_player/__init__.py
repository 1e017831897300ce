"""The live picture at a point of a path: a slider that decodes while it is dragged, play, and the list of waypoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from app.browser import link, register
from vae.latent.paths import METHODS

_MOUNT = register("path_player")


def path_player(
    model: str,
    *,
    key: str,
    waypoints: Sequence[Mapping],
    method: str,
    t: float,
    help: str,
    on_t: Callable[[], None],
    on_edit: Callable[[], None],
):
    """Mount the player. The paths and their off-data scores come from the frame_strip of the page.

    Args:
        waypoints: {"z", "row", "name", "label"} each.
        t: position of the slider, 0 at the first waypoint and 1 at the last.
        help: explanation of the off-data score.
        on_t: runs when the slider comes to rest; session.sent(key, "t") is then its position.
        on_edit: runs after a change of the list; session.sent(key, "edit") is then {"do", "at"}, with "do" one of
            "earlier", "later" and "remove"; or after Ctrl+Z, with Shift too: then "do" is "undo" or "redo".
    """
    data = {
        "link": link(model),
        "waypoints": [dict(waypoint) for waypoint in waypoints],
        "method": method,
        "code": METHODS.index(method),
        "t": t,
        "help": help,
    }
    return _MOUNT(key=key, data=data, on_t_change=on_t, on_edit_change=on_edit)
