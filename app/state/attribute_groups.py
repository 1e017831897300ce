"""Two groups of samples, A and B: the choices for a group, and the name of a group. Needs an engine with its map."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.state.studio import Studio
from vae.engine.engine import Engine
from vae.text import N_, _, ngettext, number

NEAR = 50
NONE, NEAREST, REST = N_("choose …"), N_("the 50 samples nearest to the point"), N_("all others")


def offers(engine: Engine, state: Studio, which: str) -> list[str]:
    """The choices for a group, "group_a" or "group_b"; the first is the present one."""
    atlas, now = engine.atlas, name_of(engine, state, which)
    known = [_(NEAREST), *(atlas.classes if atlas.labels is not None else ())]
    if state.selected:
        known.insert(0, _selection(state))
    if getattr(state, _other(which)):
        known.append(_(REST))
    return [now, *(offer for offer in known if offer != now)]


def rows_of(engine: Engine, state: Studio, which: str, offer: str) -> tuple[int, ...]:
    """The rows of the map that a choice stands for. Raises: ValueError: an unknown choice."""
    atlas = engine.atlas
    if offer == _(NONE):
        return ()
    if state.selected and offer == _selection(state):
        return state.selected
    if offer == _(NEAREST):
        assert state.point is not None  # Explore starts with one
        return tuple(sorted(int(i) for i in atlas.neighbours(np.asarray(state.point.z, np.float32), NEAR)[0]))
    if offer == _(REST):
        taken = np.asarray(getattr(state, _other(which)), int)
        return tuple(int(i) for i in np.setdiff1d(np.arange(atlas.n), taken))
    if offer in atlas.classes and atlas.labels is not None:
        return tuple(int(i) for i in np.flatnonzero(atlas.labels == atlas.classes.index(offer)))
    if offer == name_of(engine, state, which):
        return getattr(state, which)
    raise ValueError(f"unknown group {offer!r}")


def name_of(engine: Engine, state: Studio, which: str) -> str:
    """The name of a group: the class, if it is exactly the samples of one class, or its number of samples."""
    rows: Sequence[int] = getattr(state, which)
    if not rows:
        return _(NONE)
    atlas = engine.atlas
    if atlas.labels is not None:
        label = int(atlas.labels[rows[0]])
        if len(rows) == int((atlas.labels == label).sum()) and bool((atlas.labels[list(rows)] == label).all()):
            return atlas.classes[label]
    return ngettext("{n} sample", "{n} samples", len(rows))


def _selection(state: Studio) -> str:
    return _("the selection ({n})", n=number(len(state.selected)))


def _other(which: str) -> str:
    return "group_b" if which == "group_a" else "group_a"
