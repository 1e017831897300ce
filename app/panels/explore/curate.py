"""Edits of the data: selected samples relabelled, dropped or tagged, all changes listed, and each taken back.

They are stored with the data set and never in it; what shows them here is the map, and what uses them is a training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from app import session
from app.browser.latent_map import edited_of
from app.live.rights import Right
from app.show.literal import literal
from app.state.studio import choose, select
from vae.data import edit_csv, edit_list
from vae.data.edit_list import Changes
from vae.data.edits import DROP, TAG, TRAIN, Change, come_to, described, summary
from vae.engine.engine import Engine
from vae.errors import SettingError, ZscopeError
from vae.studies import curation
from vae.studies.curation import Shown
from vae.text import N_, _, ngettext, number

LABEL, WORD, LAST, TURN = "explore.curate.label", "explore.curate.tag", "explore.curate.last", "explore.curate.turn"
LISTED = 30  # changes, the newest; an export has all
CSV_MB = 20
HELP = N_("Relabel, drop or tag the selected samples. The data themselves stay as they are.")
NONE = N_("No edits yet. Select samples on the map, then relabel, drop or tag them here.")
USED = N_("The next training on these data uses the edits, unless you say otherwise on Train.")


@dataclass(frozen=True)
class Undoable:
    """The last change of the edits at `path`: the list before and after it."""

    path: Path
    said: str
    before: Changes
    after: Changes


def shown(engine: Engine) -> Shown | None:
    """The rows of the map as they are edited now; None where they cannot be edited, or their file cannot be read."""
    if curation.why_not(engine.card):
        return None
    try:
        return curation.shown(engine)
    except ZscopeError as error:
        session.tell(str(error))
        return None


def on_map(engine: Engine) -> dict[str, Any] | None:
    """The same as the map in the browser takes it."""
    edited = shown(engine)
    return edited_of(edited.labels, edited.classes, edited.dropped) if edited else None


def menu(engine: Engine) -> None:
    """A button that opens the edits: of the selection new ones, and all that there are."""
    why = session.why_not(Right.MANAGE) or curation.why_not(engine.card)
    with st.popover(_("Curate"), key="explore.curate", help=why or _(HELP), disabled=bool(why)):
        if why:
            return
        try:
            place = curation.place(engine.card)
            changes = edit_list.load(place)
        except ZscopeError as error:
            st.error(literal(error, code=True), icon=":material/error:")
            return
        if rows := session.studio().selected:
            _new(engine, rows)
        _list(engine, changes)
        _files(engine, changes)


def _new(engine: Engine, rows: tuple[int, ...]) -> None:
    """What can be done to the selection."""
    n, edited = len(rows), shown(engine)
    st.markdown("**" + ngettext("{n} sample selected", "{n} samples selected", n) + "**")
    if edited and edited.labels is not None:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.selectbox(
                _("Label"), edited.classes, index=None, key=LABEL, accept_new_options=True,
                placeholder=_("A class, or a new one"),
            )  # fmt: skip
            st.button(
                _("Relabel"), on_click=relabel, args=(engine, rows), disabled=not session.held(LABEL),
                key="explore.curate.relabel",
            )  # fmt: skip
    with (
        st.form("explore.curate.form", border=False),
        st.container(horizontal=True, vertical_alignment="bottom", gap="small"),
    ):
        st.text_input(_("Tag"), key=WORD, max_chars=60, placeholder=_("A word, such as blurred"))
        st.form_submit_button(_("Tag"), on_click=tag, args=(engine, rows), key="explore.curate.tag.go")
    with st.container(horizontal=True, gap="small"):
        st.button(_("Drop"), icon=":material/block:", on_click=drop, args=(engine, rows), key="explore.curate.drop")
        st.button(
            _("Restore"), icon=":material/restart_alt:", on_click=restore, args=(engine, rows),
            help=_("Take every edit of the selected samples back"), key="explore.curate.restore",
        )  # fmt: skip


def _list(engine: Engine, changes: Changes) -> None:
    """What there is, and each change with buttons that select its samples and that take it back."""
    if not changes:
        st.caption(_(NONE))
    else:
        edits = come_to(changes)
        st.caption(f"**{summary(edits)}** {_(USED) if engine.card['dataset'] else ''}")
        for at, change in list(enumerate(changes))[::-1][:LISTED]:
            _line(engine, change, f"explore.curate.{at}")
        if len(changes) > LISTED:
            earlier = len(changes) - LISTED
            st.caption(ngettext("and {n} earlier change", "and {n} earlier changes", earlier))
    if last := _last(engine):
        st.button(
            _("Undo: {what}", what=literal(last.said)), icon=":material/undo:", on_click=undo, args=(engine, last),
            type="tertiary", key="explore.curate.undo",
        )  # fmt: skip


def _line(engine: Engine, change: Change, key: str) -> None:
    here = rows_of(engine, change)
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.button(
            literal(described(change)), on_click=again, args=(here,), disabled=not here, width="stretch",
            help=_("Samples of it on this map: {n}. Click to select them", n=number(len(here))), key=f"{key}.again",
        )  # fmt: skip
        st.button(
            "", icon=":material/close:", on_click=take_back, args=(engine, change),
            help=_("Take this change back"), key=f"{key}.back",
        )  # fmt: skip


def _files(engine: Engine, changes: Changes) -> None:
    """The edits as a file, and from one."""
    turn = session.held(TURN) or 0  # a new key after each import empties the field
    with st.container(horizontal=True, gap="small"):
        name = f"{engine.card['dataset'] or engine.name}-edits.csv"
        st.download_button(
            _("Export"), _exported(engine, changes), name, on_click="ignore", disabled=not changes,
            help=_("A CSV file with a line for each edited sample"), key="explore.curate.export",
        )  # fmt: skip
        st.button(_("Take all back"), on_click=clear, args=(engine,), disabled=not changes, key="explore.curate.clear")
    given = st.file_uploader(
        _("Import edits"), ["csv"], key=f"explore.curate.import.{turn}", max_upload_size=CSV_MB,
        help=_("A file that was exported here, perhaps changed since: its edits are added."),
    )  # fmt: skip
    if given is not None:
        take_in(engine, given.getvalue())
        session.put(TURN, turn + 1)
        st.rerun(scope="fragment")


def _exported(engine: Engine, changes: Changes) -> Callable[[], str]:
    """Made when it is asked for, on a thread that must not read the session."""
    return lambda: edit_csv.written(come_to(changes), curation.known(engine))


def rows_of(engine: Engine, change: Change) -> tuple[int, ...]:
    """The rows of the map that show samples of a change."""
    if change.split != TRAIN:
        return ()
    return tuple(np.flatnonzero(np.isin(engine.atlas.index, change.samples)).tolist())


# ---------------------------------------------------------------- what buttons do


def relabel(engine: Engine, rows: Sequence[int]) -> None:
    def change() -> Change:
        made = curation.relabel(engine, rows, session.held(LABEL) or "")
        if made is None:
            raise SettingError(_("all selected samples have this label already."))
        return made

    _add(engine, change)


def drop(engine: Engine, rows: Sequence[int]) -> None:
    _add(engine, lambda: Change(DROP, curation.numbers(engine.atlas, rows)))


def tag(engine: Engine, rows: Sequence[int]) -> None:
    if _add(engine, lambda: Change(TAG, curation.numbers(engine.atlas, rows), session.held(WORD) or "")):
        session.put(WORD, "")


def again(rows: tuple[int, ...]) -> None:
    """Select the samples of a change."""
    session.update(choose(select(session.studio(), rows), tool="group"))


def restore(engine: Engine, rows: Sequence[int]) -> None:
    said = ngettext("{n} sample restored", "{n} samples restored", len(rows))
    samples = curation.numbers(engine.atlas, rows)
    _act(engine, said, lambda: edit_list.restore(curation.place(engine.card), TRAIN, samples))


def take_back(engine: Engine, change: Change) -> None:
    said = _("taken back: {what}", what=described(change))
    _act(engine, said, lambda: edit_list.take_back(curation.place(engine.card), change))


def clear(engine: Engine) -> None:
    _act(engine, _("all changes taken back"), lambda: edit_list.clear(curation.place(engine.card)))


def take_in(engine: Engine, data: bytes) -> None:
    """Add the edits of a file."""

    def add() -> tuple[Changes, Changes]:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise SettingError(_("the file is not UTF-8 text ({error}).", error=error)) from None
        return edit_list.add(curation.place(engine.card), edit_csv.read(text, curation.known(engine)))

    _act(engine, _("edits imported"), add)


def undo(engine: Engine, last: Undoable) -> None:
    try:
        session.required(Right.MANAGE)
        edit_list.put_back(curation.place(engine.card), last.before, last.after)
    except ZscopeError as error:
        session.tell(str(error))
    session.forget(LAST)


def _add(engine: Engine, change: Callable[[], Change]) -> bool:
    """Add a change; whether that was possible."""
    made: list[Change] = []

    def add() -> tuple[Changes, Changes]:
        made.append(change())
        return edit_list.add(curation.place(engine.card), made)

    return _act(engine, lambda: described(made[0]), add)


def _act(engine: Engine, said: str | Callable[[], str], act: Callable[[], tuple[Changes, Changes]]) -> bool:
    """Change the list, and keep what undoes it. said: what was done."""
    try:
        session.required(Right.MANAGE)
        before, after = act()
    except ZscopeError as error:
        session.tell(str(error))
        return False
    words = said if isinstance(said, str) else said()
    session.put(LAST, Undoable(curation.place(engine.card).path, words, before, after))
    return True


def _last(engine: Engine) -> Undoable | None:
    """The last change of the edits that this model shows."""
    last: Undoable | None = session.held(LAST)
    return last if last is not None and last.path == curation.place(engine.card).path else None
