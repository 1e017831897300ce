"""Your data, previewed: the name they get as a data set, and the data set that has the same samples already."""

from __future__ import annotations

import re
from collections.abc import Hashable
from pathlib import PurePosixPath

import streamlit as st

from app import session
from app.live.rights import Right
from app.show.literal import literal
from vae.data.own import shelf
from vae.data.own.understand import Understood
from vae.errors import ZscopeError
from vae.library import user_data
from vae.text import N_, _

TAKEN, TURN = "own.taken", "own.turn"  # the data set to select, and a sentence about it; how often one was
NAME = N_("Name of the data set: a letter, then letters, digits, '_' and '-'.")
ADD = N_("Save it as a data set and select it for a quick run.")
USE = N_("Select it for a quick run; nothing is saved.")


def show(found: Understood, key: Hashable, turn: int) -> None:
    """A field for the name, and the button that adds the data set. If one with the same samples is stored, it is
    offered first. key: changes with what was read; turn: the value of TURN."""
    source = found.preview.source
    free, clash = _name(source)
    same = session.kept("own.same", (key, *shelf.names()), lambda: shelf.same_as(found))
    if same:
        _offer(same, turn)
    elif clash:
        st.caption(
            ":material/info: "
            + _(
                "There is a data set **{clash}** already, built in or yours, with other samples: these get the name "
                "**{name}** or another one.",
                clash=literal(clash),
                name=literal(free),
            )
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(_("Name"), value=free, key=f"own.name.{source}.{turn}", help=_(NAME))
        pressed = st.button(
            _("Add again") if same else _("Add"), type="secondary" if same else "primary", icon=":material/add:",
            key="own.add", help=_(ADD),
        )  # fmt: skip
    if not pressed:
        return
    try:
        session.required(Right.TRAIN)
        user_data.add(name, found)
    except ZscopeError as error:
        st.error(literal(error, code=True), icon=":material/error:")
        return
    _select(name, _("Added data set {name}.", name=literal(name)), turn)


def _offer(same: str, turn: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        said = _("You have these samples already, as data set **{name}**.", name=literal(same))
        st.markdown(f":material/info: {said}", width="stretch")
        label = _("Use {name}", name=literal(same))
        if st.button(label, type="primary", icon=":material/check:", key="own.use", help=_(USE)):
            _select(same, _("Selected data set {name}.", name=literal(same)), turn)


def _select(name: str, told: str, turn: int) -> None:
    """Select a data set in the form, and empty the fields for files."""
    session.release("own")
    session.release("own.same")
    session.put(TAKEN, (name, told))
    session.put(TURN, turn + 1)
    st.rerun()


def _name(source: str) -> tuple[str, str]:
    """A free name for a data set made of the name of its file, and the data set that has that name already; "" if none
    has."""
    stem = re.sub(r"[^A-Za-z0-9_]+", "_", PurePosixPath(source).stem).strip("_")[:32]
    stem = stem if stem[:1].isalpha() else f"data_{stem}".rstrip("_")
    clash = shelf.clash(stem) or ""
    for name in (stem, *(f"{stem}_{i}" for i in range(2, 1000))):
        try:
            user_data.check_name(name)
        except ZscopeError:
            continue
        return name, clash
    return "", clash
