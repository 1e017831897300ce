"""The live picture of a walk: a slider that decodes while it is dragged, play, and the waypoints in order."""

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
    on_renew: Callable[[], None] = lambda: None,
):
    """waypoints: {"z", "row", "name", "label"} each. t: 0 at the first, 1 at the last. help: what an off-data score is.

    on_t runs when the slider comes to rest; where is then in session.sent(key, "t"). on_edit: the list was changed,
    session.sent(key, "edit") is {"do": "earlier", "later" or "remove", "at"}. on_renew: the token has expired. The ways
    themselves, and their scores, come from the frame_strip of the page.
    """
    data = {
        "link": link(model),
        "waypoints": [dict(waypoint) for waypoint in waypoints],
        "method": method,
        "code": METHODS.index(method),
        "t": t,
        "help": help,
    }
    return _MOUNT(key=key, data=data, on_t_change=on_t, on_edit_change=on_edit, on_renew_change=on_renew)
