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
from app.panels.explore import worst
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

LABEL, WORD, TURN = "explore.curate.label", "explore.curate.tag", "explore.curate.turn"
IMPORT = "explore.curate.import"
DONE, UNDONE = "explore.curate.done", "explore.curate.undone"  # steps, the newest last
STEPS = 30  # that can be undone
LISTED = 30  # changes, the newest; an export has all
CSV_MB = 20
SEEN, THUMB_PX = 24, 36  # pictures of the selection, and their width
HELP = N_("Relabel, drop or tag the selected samples. The data themselves stay as they are.")
NONE = N_("No edits yet. Select samples on the map, then relabel, drop or tag them here.")
USED = N_("The next training on these data uses the edits, unless you say otherwise on Train.")


@dataclass(frozen=True)
class Step:
    """A change of the edits at `path`: the list before and after it."""

    path: Path
    said: str
    before: Changes
    after: Changes


def shown(engine: Engine) -> Shown | None:
    """The rows of the map as they are edited now; None where they cannot be edited, or their file cannot be read."""
    if curation.why_not(engine.card):
        return None
    try:
        return _read(engine)[1]
    except ZscopeError as error:
        session.tell(str(error))
        return None


def _read(engine: Engine) -> tuple[Changes, Shown]:
    """The changes, and the rows of the map with them, read anew once their file is another. Raises: ZscopeError."""
    place = curation.place(engine.card)

    def read() -> tuple[Changes, Shown]:
        changes = edit_list.load(place)
        return changes, curation.shown(engine, come_to(changes))

    return session.kept("curate", (place.path, edit_list.stamp(place), engine.name, session.version(engine)), read)


def on_map(engine: Engine) -> dict[str, Any] | None:
    """The same as the map in the browser takes it; None where nothing differs from the map as it came."""
    edited, atlas = shown(engine), engine.atlas
    if edited is None:
        return None
    same = edited.labels is None or atlas.labels is None or np.array_equal(edited.labels, atlas.labels)
    labels = None if same else edited.labels
    if labels is None and edited.classes == tuple(atlas.classes) and not edited.dropped.any():
        return None
    return edited_of(labels, edited.classes, edited.dropped)


def menu(engine: Engine) -> None:
    """A button that opens the edits: of the selection new ones, and all that there are."""
    why = session.why_not(Right.MANAGE) or curation.why_not(engine.card)
    with (
        st.popover(_("Curate"), key="explore.curate", help=why or _(HELP), disabled=bool(why)),
        st.container(key="zscope-curate"),  # style.css: clear of the picture
    ):
        if why:
            return
        try:
            changes, edited = _read(engine)
        except ZscopeError as error:
            st.error(literal(error, code=True), icon=":material/error:")
            return
        worst.menu(engine, edited)
        if rows := session.studio().selected:
            _new(engine, rows, edited)
        _list(engine, changes)
        _files(engine, changes)


def _new(engine: Engine, rows: tuple[int, ...], edited: Shown) -> None:
    """What can be done to the selection."""
    n = len(rows)
    st.markdown("**" + ngettext("{n} sample selected", "{n} samples selected", n) + "**")
    _pictures(engine, rows)
    if edited.labels is not None:
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.selectbox(
                _("Label"), edited.classes, index=None, key=LABEL, accept_new_options=True,
                placeholder=_("A class, or a new one"),
            )  # fmt: skip
            st.button(
                _("Relabel"), on_click=relabel, args=(engine, rows), disabled=not session.held(LABEL),
                key="explore.curate.relabel",
            )  # fmt: skip
    else:
        st.caption(_("These data have no labels to correct: tag samples instead."))
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


def _pictures(engine: Engine, rows: tuple[int, ...]) -> None:
    """The first selected samples, so that nothing is dropped unseen."""
    seen = np.array([row for row in rows if row < engine.atlas.n_thumbnails][:SEEN], np.intp)
    if not len(seen):
        return
    pictures = list(engine.atlas.thumbnails(seen).transpose(0, 2, 3, 1))
    st.image(pictures, width=THUMB_PX, output_format="PNG")
    if len(rows) > len(seen):
        st.caption(_("The first {shown} of {n}", shown=number(len(seen)), n=number(len(rows))))


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
    if done := _steps(engine, DONE):
        st.button(
            _("Undo: {what}", what=literal(done[-1].said)), icon=":material/undo:", on_click=undo, args=(engine,),
            type="tertiary", key="explore.curate.undo",
        )  # fmt: skip
    if undone := _steps(engine, UNDONE):
        st.button(
            _("Redo: {what}", what=literal(undone[-1].said)), icon=":material/redo:", on_click=redo, args=(engine,),
            type="tertiary", key="explore.curate.redo",
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
    st.file_uploader(
        _("Import edits"), ["csv"], key=f"{IMPORT}.{turn}", max_upload_size=CSV_MB, on_change=_given,
        args=(engine, turn), help=_("A file that was exported here, perhaps changed since: its edits are added."),
    )  # fmt: skip


def _given(engine: Engine, turn: int) -> None:
    if (given := session.held(f"{IMPORT}.{turn}")) is not None:
        take_in(engine, given.getvalue())
        session.put(TURN, turn + 1)


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
        before, after = edit_list.merge(curation.place(engine.card), edit_csv.read(text, curation.known(engine)))
        if before == after:
            raise SettingError(_("all edits of this file are here already: none was added."))
        return before, after

    _act(engine, _("edits imported"), add)


def undo(engine: Engine) -> None:
    """Take the last step back."""
    _go(engine, DONE, UNDONE, lambda step: (step.before, step.after))


def redo(engine: Engine) -> None:
    """Do again what was undone last."""
    _go(engine, UNDONE, DONE, lambda step: (step.after, step.before))


def _go(engine: Engine, source: str, to: str, ends: Callable[[Step], tuple[Changes, Changes]]) -> None:
    """Move the newest step of one pile to the other. ends: the list to put back, and the one that there is now."""
    *rest, step = _steps(engine, source)
    try:
        session.required(Right.MANAGE)
        edit_list.put_back(curation.place(engine.card), *ends(step))
    except ZscopeError as error:  # no earlier step fits either
        session.tell(str(error))
        session.forget(DONE)
        session.forget(UNDONE)
        return
    session.put(source, tuple(rest))
    session.put(to, (*_steps(engine, to), step))


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
    if before != after:
        words = said if isinstance(said, str) else said()
        step = Step(curation.place(engine.card).path, words, before, after)
        session.put(DONE, (*_steps(engine, DONE), step)[-STEPS:])
        session.forget(UNDONE)
    return True


def _steps(engine: Engine, pile: str) -> tuple[Step, ...]:
    """The steps of the edits that this model shows."""
    path = curation.place(engine.card).path
    return tuple(step for step in session.held(pile) or () if step.path == path)
