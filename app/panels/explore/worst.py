"""The worst samples by a quantity of the model, selected on the map: to be looked at and edited together."""

from __future__ import annotations

import streamlit as st

from app import session
from app.live import background
from app.state.studio import choose, select
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.studies import curation
from vae.studies.curation import Shown
from vae.text import N_, _

BY, COUNT = "explore.worst.by", "explore.worst.count"
FIRST = 25  # samples
HELP = N_(
    "The lowest of trust, stability and density, the highest of all others: a high error or label disagreement may "
    "tell of a damaged sample or a wrong label."
)


def menu(engine: Engine, edited: Shown | None) -> None:
    """A quantity, a number of samples, and a button that selects the worst."""
    known = curation.judging(engine)
    colour = session.studio().colour
    first = list(known).index(colour) if colour in known else 0
    with (
        st.form("explore.worst.form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        st.selectbox(
            _("Worst samples by"), list(known), first, format_func=lambda key: known[key].title, key=BY, help=_(HELP),
        )  # fmt: skip
        st.number_input(_("How many"), 1, engine.atlas.n, min(FIRST, engine.atlas.n), key=COUNT, width=96)
        st.form_submit_button(_("Select"), on_click=take, args=(engine, edited), key="explore.worst.go")


def take(engine: Engine, edited: Shown | None) -> None:
    """Select them; those that were dropped already do not count."""
    by, n = session.held(BY), int(session.held(COUNT) or FIRST)
    try:
        with st.spinner(_("Computing the quantity ...")):
            key = ("worst", engine.name, session.version(engine), by)
            order = background.once(key, curation.worst, engine, by, engine.atlas.n).result()
    except ZscopeError as error:
        session.tell(str(error))
        return
    rows = [row for row in order if edited is None or not edited.dropped[row]][:n]
    session.update(choose(select(session.studio(), sorted(rows)), tool="group"))
