"""Two groups of samples, A and B: what a group can be made of, and what one is called. Asks an engine for its map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.state.studio import Studio
from vae.engine.engine import Engine

NONE, SELECTION, NEAREST, REST, AS_IS = "choose …", "the selection", "the 50 nearest to the point", "all others", "rows"
NEAR = 50


def offers(engine: Engine, state: Studio, which: str) -> list[str]:
    """What a group, "group_a" or "group_b", can be made of just now; first what it is."""
    atlas, now = engine.atlas, name_of(engine, state, which)
    known = [NEAREST, *(atlas.classes if atlas.labels is not None else ())]
    if state.selected:
        known.insert(0, f"{SELECTION} ({len(state.selected)})")
    if getattr(state, _other(which)):
        known.append(REST)
    return [now, *(offer for offer in known if offer != now)]


def rows_of(engine: Engine, state: Studio, which: str, offer: str) -> tuple[int, ...]:
    """The rows of the map that an offer means. Raises: ValueError: it is none."""
    atlas = engine.atlas
    if offer == NONE:
        return ()
    if offer.startswith(SELECTION):
        return state.selected
    if offer == NEAREST:
        assert state.point is not None  # it is offered where there is a point
        return tuple(sorted(int(i) for i in atlas.neighbours(np.asarray(state.point.z, np.float32), NEAR)[0]))
    if offer == REST:
        taken = np.asarray(getattr(state, _other(which)), int)
        return tuple(int(i) for i in np.setdiff1d(np.arange(atlas.n), taken))
    if offer in atlas.classes and atlas.labels is not None:
        return tuple(int(i) for i in np.flatnonzero(atlas.labels == atlas.classes.index(offer)))
    if offer == name_of(engine, state, which):
        return getattr(state, which)
    raise ValueError(f"unknown group {offer!r}")


def name_of(engine: Engine, state: Studio, which: str) -> str:
    """What a group is called: its class, where it is all of one and nothing else, or how many rows it has."""
    rows: Sequence[int] = getattr(state, which)
    if not rows:
        return NONE
    atlas = engine.atlas
    if atlas.labels is not None:
        label = int(atlas.labels[rows[0]])
        if len(rows) == int((atlas.labels == label).sum()) and bool((atlas.labels[list(rows)] == label).all()):
            return atlas.classes[label]
    return f"{len(rows)} {AS_IS}"


def _other(which: str) -> str:
    return "group_b" if which == "group_a" else "group_a"
