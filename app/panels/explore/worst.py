"""The worst samples by a quantity of the model, selected on the map: to be looked at and edited together."""

from __future__ import annotations

import streamlit as st

from app import session
from app.live import background
from app.state.studio import choose, select
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.studies import curation
from vae.studies.curation import LOW, Shown
from vae.text import _

BY, COUNT = "explore.worst.by", "explore.worst.count"
FIRST = 25  # samples


def menu(engine: Engine, edited: Shown | None) -> None:
    """A quantity, a number of samples, and a button that selects the worst."""
    known = curation.judging(engine)
    named = {
        key: _("{title}: lowest", title=found.title) if key in LOW else _("{title}: highest", title=found.title)
        for key, found in known.items()
    }
    colour = session.studio().colour
    first = list(known).index(colour) if colour in known else 0
    with (
        st.form("explore.worst.form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        st.selectbox(
            _("Worst samples by"), list(known), first, format_func=named.__getitem__, key=BY,
            help=_("High error or label disagreement may tell of a damaged sample or a wrong label."),
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
