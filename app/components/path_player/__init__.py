"""The live picture of a walk from A to B: a slider that decodes while it is dragged, play, and both ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.components import link, register
from vae.latent.paths import METHODS

_MOUNT = register("path_player")


def path_player(
    model: str,
    *,
    key: str,
    a: Mapping,
    b: Mapping,
    method: str,
    t: float,
    scores: Mapping[str, float],
    help: str,
    on_t: Callable[[], None],
    on_renew: Callable[[], None] = lambda: None,
):
    """a, b: {"z", "row", "name"}. t: 0 at a, 1 at b. scores: method -> off-data score; help: what that is.

    on_t runs when the slider comes to rest; where is then in session.sent(key, "t"). on_renew: the token has expired.
    """
    data = {
        "link": link(model),
        "a": dict(a),
        "b": dict(b),
        "method": method,
        "code": METHODS.index(method),
        "t": t,
        "scores": dict(scores),
        "help": help,
    }
    return _MOUNT(key=key, data=data, on_t_change=on_t, on_renew_change=on_renew)
