"""The selection on the map: its pictures, its classes, how it differs from the rest, and actions on it."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import numpy as np

from app.browser import link, register

_MOUNT = register("group_card")


def group_card(model: str, group, *, key: str, names: Sequence[str] = ()):
    """Mount the card of a vae.studies.groups.Group. Its buttons act on the map: clear, invert, show only these.
    names: of all classes on the map, in the order of their colours.

    A click on one of its pictures selects that sample as the current point; the mean latent is decoded over the live
    channel.
    """
    mean = None if group.mean is None else base64.b64encode(np.ascontiguousarray(group.mean).tobytes()).decode()
    data = {
        "link": link(model),
        "count": len(group.rows),
        "n": group.n,
        "classes": [list(entry) for entry in group.classes],
        "centre": group.centre.tolist(),
        "mean": mean,
        "names": list(names),
        "spread": group.spread,
        "trust": group.trust,
        "error": group.error,
        "typical": group.typical,
        "extreme": group.extreme,
    }
    return _MOUNT(key=key, data=data)
