"""Selections kept under a name, with the model: saved, selected again, renamed, deleted, and the last change undone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from app import session
from app.live.rights import Right
from app.show.literal import literal
from app.state.studio import choose, select
from vae.engine.engine import Engine
from vae.errors import SettingError, ZscopeError
from vae.saved import named_groups
from vae.saved.model_entries import checked_name
from vae.saved.named_groups import Group
from vae.text import _, ngettext, number

NAME, LAST = "explore.group.name", "explore.group.last"


@dataclass(frozen=True)
class Change:
    """A change of the groups in `file` that can be undone: a name (now, before), or a group that was deleted."""

    file: Path
    said: str
    renamed: tuple[str, str] | None = None
    deleted: Group | None = None


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
    """A button that opens the groups: to save the selection as one, to select, rename or delete one."""
    rows, groups, why = session.studio().selected, saved(engine), session.why_not(Right.TRAIN)
    with st.popover(_("Groups"), key="explore.groups"):
        if rows:
            with st.form("explore.group.form", border=False):  # so that Enter saves, and leaving the field does not
                st.text_input(_("Save the selection as"), key=NAME, max_chars=60, disabled=bool(why), help=why or None)
                st.form_submit_button(
                    _("Save"), on_click=keep, args=(engine, rows), disabled=bool(why), key="explore.group.save"
                )
        elif not groups:
            st.caption(_("No groups yet. Select samples on the map, then save them here under a name."))
        for i, group in enumerate(groups):
            _line(engine, group, f"explore.group.{i}", why)
        if last := _last(engine):
            st.button(
                _("Undo: {what}", what=literal(last.said)), icon=":material/undo:", on_click=back, args=(engine, last),
                disabled=bool(why), type="tertiary", key="explore.group.undo",
            )  # fmt: skip


def _line(engine: Engine, group: Group, key: str, why: str) -> None:
    """The name of a group, which Enter changes; a button that selects it, and one that deletes it."""
    here = rows_of(engine, group)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        tie = session.tied(f"{key}.name", group.name, partial(rename, engine, group.name))
        st.text_input(
            _("Name of the group"), max_chars=60, disabled=bool(why), label_visibility="collapsed",
            help=why or _("Press Enter to rename the group"), **tie,
        )  # fmt: skip
        st.button(
            ngettext("{n} sample", "{n} samples", len(group.samples)), on_click=again, args=(here,), disabled=not here,
            help=_("Samples of it on this map: {n}. Click to select them", n=number(len(here))), key=f"{key}.again",
        )  # fmt: skip
        st.button(
            "", icon=":material/delete:", on_click=drop, args=(engine, group), disabled=bool(why),
            help=why or _("Delete this group"), key=f"{key}.drop",
        )  # fmt: skip


def _last(engine: Engine) -> Change | None:
    """The last change of a group of this model."""
    last: Change | None = session.held(LAST)
    return last if last is not None and last.file == named_groups.file_of(engine.card) else None


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


def rename(engine: Engine, old: str, typed: str) -> None:
    """Give a group the name that was typed."""
    try:
        session.required(Right.TRAIN)
        new = checked_name(typed)
        named_groups.rename(engine.card, old, new)
    except ZscopeError as error:
        session.tell(str(error))
    else:
        said = _("{old} was renamed to {new}", old=old, new=new)
        session.put(LAST, Change(named_groups.file_of(engine.card), said, renamed=(new, old)))


def drop(engine: Engine, group: Group) -> None:
    try:
        session.required(Right.TRAIN)
        named_groups.delete(engine.card, group.name)
    except ZscopeError as error:
        session.tell(str(error))
    else:
        said = _("{name} was deleted", name=group.name)
        session.put(LAST, Change(named_groups.file_of(engine.card), said, deleted=group))


def back(engine: Engine, last: Change) -> None:
    """Take the last change back; a group saved meanwhile under the same name is not replaced."""
    try:
        session.required(Right.TRAIN)
        if last.renamed:
            named_groups.rename(engine.card, *last.renamed)
        if last.deleted:
            if any(one.name == last.deleted.name for one in named_groups.load(engine.card)):
                raise SettingError(_("there already is a group {new!r}: rename it first.", new=last.deleted.name))
            named_groups.save(engine.card, last.deleted.name, last.deleted.samples)
    except ZscopeError as error:
        session.tell(str(error))
    else:
        session.forget(LAST)
