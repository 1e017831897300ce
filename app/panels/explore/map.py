"""The map of Explore: its view, colours, camera and selection are part of the state and of the link."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from app import session
from app.browser.latent_map import latent_map, rows_of
from app.panels import attached
from app.panels import classifying as decisions
from app.panels.explore import curate
from app.state.studio import choose, hold, select
from vae.engine.engine import Engine
from vae.studies.point import point_of
from vae.text import _


def studio_map(engine: Engine, *, key: str, committed: dict | None, on_commit: Callable[[], None]) -> None:
    """Mount the map of an engine; see latent_map."""
    state = session.studio()
    latent_map(
        engine.name,
        key=key,
        committed=committed,
        shown={"view": state.view, "colour": state.colour, "camera": state.camera},
        selected=state.selected,
        edited=curate.on_map(engine),
        n=engine.atlas.n,
        held=_held(),
        decisions=decisions.shown(engine),
        heard={name: (session.sent(key, name) or {}).get("n", 0) for name in ("shown", "selected")},
        on_commit=on_commit,
        on_show=partial(_take_shown, key),
        on_select=partial(_take_selected, key, engine.atlas.n),
        on_hold=partial(_take_hold, key),
        on_residual=partial(_take_residual, key),
        drawn={"layer": session.held(attached.LAYER), "picture": session.held(attached.PICTURE)},
        on_drawn=partial(attached.take_drawn, key),
    )
    if decisions.waiting(engine):
        decisions.awaited(engine)


def _held() -> dict[str, Any] | None:
    """The held sample as the browser parts take it, with the share of its residual."""
    state = session.studio()
    held = state.held_sample
    return None if held is None else {"row": held.row, "z": held.z, "xy": held.xy, "share": state.residual}


def _take_shown(key: str) -> None:
    if not (sent := session.sent(key, "shown")):
        return
    camera = sent.get("camera")
    settings = {"view": sent["view"], "colour": sent["colour"], "camera": tuple(map(float, camera)) if camera else None}
    try:
        session.update(choose(session.studio(), **settings))
    except ValueError as error:
        session.tell(_("The settings of the map could not be saved: {error}.", error=error))


def _take_hold(key: str) -> None:
    sent = (session.sent(key, "hold") or {}).get("point")
    held = point_of(sent["z"], sent["xy"], sent["row"]) if sent else None
    session.update(hold(session.studio(), held))


def _take_residual(key: str) -> None:
    """The share of the residual of the held sample."""
    if sent := session.sent(key, "residual"):
        session.update(choose(session.studio(), residual=float(sent["share"])))


def _take_selected(key: str, n: int) -> None:
    """A new selection opens the group tool; an empty one closes it."""
    state = select(session.studio(), rows_of(session.sent(key, "selected"), n))
    if state.selected:
        state = choose(state, tool="group")
    elif state.tool == "group":
        state = choose(state, tool="sliders")
    session.update(state)
