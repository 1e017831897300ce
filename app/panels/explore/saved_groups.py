"""Selections kept under a name, with the model: saved, selected again, deleted."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import session
from app.live.rights import Right
from app.show.literal import literal
from app.state.studio import choose, select
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.saved import named_groups
from vae.saved.named_groups import Group
from vae.text import _, ngettext, number

NAME = "explore.group.name"


def saved(engine: Engine) -> tuple[Group, ...]:
    """The saved groups of a model, the newest first; shows a message if their file cannot be read."""
    try:
        return named_groups.load(engine.card)[::-1]
    except ZscopeError as error:
        session.tell(str(error))
        return ()


def rows_of(engine: Engine, group: Group) -> tuple[int, ...]:
    """The rows of the map that show samples of the group."""
    return tuple(np.flatnonzero(np.isin(engine.atlas.index, group.samples)).tolist())


def menu(engine: Engine) -> None:
    """A button that opens the groups: to save the selection as one, to select one, to delete one."""
    rows, groups, why = session.studio().selected, saved(engine), session.why_not(Right.TRAIN)
    with st.popover(_("Groups"), help=_("Keep selections under names, with this model")):
        if rows:
            st.text_input(_("Save the selection as"), key=NAME, max_chars=60, disabled=bool(why), help=why or None)
            st.button(_("Save"), on_click=keep, args=(engine, rows), disabled=bool(why), key="explore.group.save")
        elif not groups:
            st.caption(_("No groups yet. Select samples on the map, then save them here under a name."))
        for i, group in enumerate(groups):
            here = rows_of(engine, group)
            with st.container(horizontal=True, gap="small"):
                said = ngettext("{name}: {n} sample", "{name}: {n} samples", len(group.samples), name=group.name)
                st.button(
                    literal(said),
                    on_click=again,
                    args=(here,),
                    disabled=not here,
                    help=_("Samples of it on this map: {n}. Click to select them", n=number(len(here))),
                    key=f"explore.group.again.{i}",
                )
                st.button(
                    "",
                    icon=":material/delete:",
                    on_click=drop,
                    args=(engine, group.name),
                    disabled=bool(why),
                    help=why or _("Delete this group"),
                    key=f"explore.group.drop.{i}",
                )


def keep(engine: Engine, rows: tuple[int, ...]) -> None:
    """Save the selection under the name that was typed."""
    try:
        session.required(Right.TRAIN)
        named_groups.save(engine.card, session.held(NAME) or "", engine.atlas.index[list(rows)].tolist())
    except ZscopeError as error:
        session.tell(str(error))
    else:
        session.put(NAME, "")


def again(rows: tuple[int, ...]) -> None:
    """Select the samples of a group."""
    session.update(choose(select(session.studio(), rows), tool="group"))


def drop(engine: Engine, name: str) -> None:
    try:
        session.required(Right.TRAIN)
        named_groups.delete(engine.card, name)
    except ZscopeError as error:
        session.tell(str(error))
