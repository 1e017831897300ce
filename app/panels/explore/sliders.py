"""The slider tool: sliders at the current point, and the user's saved directions."""

from __future__ import annotations

import numpy as np

from app import session
from app.browser.latent_console import latent_console
from app.live.rights import Right
from app.state.generation import chosen_label, label_of
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.saved import directions
from vae.saved.directions import Named
from vae.studies.sliders import slope_at, tabs
from vae.text import N_, _

TITLE, HELP = N_("Sliders"), N_("Move the point along directions that change its picture")
KEY = "explore.console"


def unavailable(engine: Engine) -> str:
    return ""


def take_named() -> None:
    """Save, rename or delete a direction, as the console asks for it."""
    sent, card = session.sent(KEY, "named"), session.engine().card
    if not sent:
        return
    try:
        session.required(Right.TRAIN)
        if sent["act"] == "save":
            source = _("set with the sliders of the tab {tab}", tab=sent["tab"])
            directions.save(card, Named(sent["name"], tuple(map(float, sent["u"])), source, float(sent["strength"])))
        elif sent["act"] == "rename":
            directions.rename(card, sent["old"], sent["name"])
        else:
            directions.delete(card, sent["name"])
    except ZscopeError as error:
        session.tell(str(error))


def show(engine: Engine, committed: dict) -> None:
    z = np.asarray(committed["z"], np.float32)
    label = chosen_label(engine, session.studio())
    latent_console(
        engine.name,
        key=KEY,
        committed=committed,
        sliders=tabs(engine, slope_at(engine, z, label_of(engine, z, label)), session.named(engine)),
        label=label,
        saves="moves" if session.may(Right.TRAIN) else "",
        on_named=take_named,
    )
