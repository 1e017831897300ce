"""Below the tools: undo and redo, the pin, copying the point, the presentation, and the status line."""

from __future__ import annotations

from app import session
from app.browser.actions import actions
from app.browser.present import present
from app.show.cards import summary
from app.state.scripts import script
from app.state.studio import hold, pin, redo, undo
from vae.engine.engine import Engine
from vae.studies.point import point_of
from vae.text import ngettext, number

KEY = "explore.actions"


def take() -> None:
    """Do what a button of the component asks for."""
    state = session.studio()
    actions_by_name = {
        "undo": lambda: undo(state),
        "redo": lambda: redo(state),
        "pin": lambda: pin(state, state.point),
        "unpin": lambda: pin(state, None),
        "hold": lambda: hold(state, state.point),
        "release": lambda: hold(state, None),
    }
    if (act := session.sent(KEY, "act")) in actions_by_name:
        session.update(actions_by_name[act]())


def take_pinned() -> None:
    if sent := session.sent(KEY, "pinned"):
        session.update(pin(session.studio(), point_of(sent["z"], sent["xy"], sent["row"])))


def show(engine: Engine) -> None:
    state = session.studio()
    actions(
        engine.name,
        key=KEY,
        python=script("explore", engine, state),
        pinned=state.pin is not None,
        held=state.held_sample is not None,
        can_undo=bool(state.past),
        can_redo=bool(state.future),
        on_act=take,
        on_pinned=take_pinned,
    )
    present(key="unseen-present", title=engine.name, about=_about(engine, len(state.selected)))


def _about(engine: Engine, selected: int) -> str:
    """What stands over the map of the presentation beside the model's name: of a selection, why the others are grey."""
    said = summary(engine.card)
    if not selected:
        return said
    n = number(engine.atlas.n)
    return f"{said} · " + ngettext("{n} of {all} samples selected", "{n} of {all} samples selected", selected, all=n)
