"""The group tool: what the samples selected on the map have in common, and their rows as files."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import session
from app.browser.group_card import group_card
from app.panels.explore import curate, saved_groups
from app.state.studio import choose, select
from vae.engine.engine import Engine
from vae.studies import groups
from vae.text import N_, _

TITLE, HELP = N_("Group"), N_("What the samples selected on the map have in common")
KEY = "explore.group"
EMPTY = N_("Select samples with a lasso or a box on the map, or search for a label.")
KEYS = N_("Hold Shift to add to the selection, Alt to remove from it.")


def unavailable(engine: Engine) -> str:
    return ""


def show(engine: Engine, committed: dict) -> None:
    rows, edited = session.studio().selected, curate.shown(engine)
    if rows:
        names = edited.classes if edited else engine.atlas.classes
        group_card(engine.name, groups.describe(engine, rows, edited), key=KEY, names=names)
    else:
        st.caption(_(EMPTY))
        with st.container(key="zscope-keys-group"):  # style.css: not where a finger points
            st.caption(_(KEYS))
    with st.container(horizontal=True, gap="small"):
        saved_groups.menu(engine)  # first, with rows or without: these stay open while they change
        curate.menu(engine)
        if rows:
            _files(engine, rows)


def _files(engine: Engine, rows: tuple[int, ...]) -> None:
    """The rows as files, and as groups of the attribute tool."""
    name = f"{engine.name}-{len(rows)}-samples"
    for kind, make in (("CSV", groups.table), ("NPZ", groups.arrays)):
        help = _("The rows as {format}: number, label, latent, map position, trust and metrics", format=kind)
        file = f"{name}.{kind.lower()}"
        st.download_button(kind, partial(make, engine, rows), file, on_click="ignore", help=help)
    for side, which in (("A", "group_a"), ("B", "group_b")):
        help = _("Use the selection as group {side} of the attribute tool", side=side)
        st.button(_("Use as {side}", side=side), on_click=use_as, args=(which,), help=help)


def use_as(which: str) -> None:
    """Use the selection as a group of the attribute tool, and open that tool."""
    state = session.studio()
    session.update(choose(select(state, state.selected, which), tool="attribute"))
