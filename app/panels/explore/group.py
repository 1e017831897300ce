"""The samples selected on the map: what they have in common, and their rows to take along."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import session
from app.browser.group_card import group_card
from app.state.studio import choose, select
from vae.engine.engine import Engine
from vae.studies import groups

TITLE, HELP = "Group", "What the samples selected on the map have in common"
KEY = "explore.group"
EMPTY = (
    "Draw a lasso or a box on the map, or search for a label: the samples in it are the group. "
    "Shift adds to it, alt removes from it."
)


def unavailable(engine: Engine) -> str:
    return ""


def show(engine: Engine, committed: dict) -> None:
    rows = session.studio().selected
    if not rows:
        st.caption(EMPTY)
        return
    group_card(engine.name, groups.describe(engine, rows), key=KEY)
    with st.container(horizontal=True, gap="small"):
        name = f"{engine.name}-{len(rows)}-samples"
        for kind, make in (("CSV", groups.table), ("NPZ", groups.arrays)):
            help = f"The rows as {kind}: number, label, latent, place, trust and what was measured"
            file = f"{name}.{kind.lower()}"
            st.download_button(kind, partial(make, engine, rows), file, on_click="ignore", help=help)
        for side, which in (("A", "group_a"), ("B", "group_b")):
            help = f"Compare: the selection becomes group {side} of an attribute"
            st.button(f"Use as {side}", on_click=use_as, args=(which,), help=help)


def use_as(which: str) -> None:
    """The selection becomes a group of the attribute tool, which opens."""
    state = session.studio()
    session.update(choose(select(state, state.selected, which), tool="attribute"))
