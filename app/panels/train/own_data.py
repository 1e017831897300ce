"""Your data: upload files, preview them, and add them as a data set."""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from app.live.rights import Right
from app.panels.train import own_adding, own_decisions, own_fields, own_preview
from app.panels.train.own_adding import TAKEN, TURN
from app.show.literal import literal
from vae.data.own import shelf
from vae.data.own.choices import Choices
from vae.data.own.sources import Given, given, of_uploads
from vae.data.own.understand import Understood, understand
from vae.errors import ZscopeError
from vae.library import user_data
from vae.modalities.picture_files import SUFFIXES as PICTURES
from vae.registry import MODALITIES
from vae.text import N_, _, ngettext, number
from vae.text import size as bytes_said

UPLOAD_MB = 500
KINDS = [
    "zip", *(suffix[1:] for suffix in PICTURES), "npz", "npy", "csv", "tsv", "parquet", "gz", "idx", "txt", "dat",
    "data", "tab", "pq", "xlsx", "xls", "xlsb", "ods", "h5ad",
]  # fmt: skip
PATH = N_("A file or folder on this machine; it is read in place, nothing is uploaded.")
FILES = N_("You see a preview first: nothing is saved before you press Add.")


class Chosen(NamedTuple):
    """taken: the name of the data set just added, or taken instead of the same samples again; None: none was.
    previewed: files are shown that are no data set yet."""

    taken: str | None
    previewed: bool = False


def show(beside: DeltaGenerator) -> Chosen:
    """An expander with the upload field and the data sets added before. beside: where the preview goes."""
    taken, told = session.take(TAKEN) or (None, "")
    if taken:
        st.toast(told, icon=":material/check:")
    turn = session.held(TURN) or 0  # a new key after each addition empties and closes the fields
    with st.expander(_("Your data"), icon=":material/upload:", key=f"own.section.{turn}"):
        files, path = _given(turn)
        if session.may(Right.MANAGE):
            _added_before()
    if not files and not path:
        session.release("own")
        return Chosen(taken)
    with beside.container(border=True, key="own-preview"):
        choices = own_fields.choices(own_decisions.chosen(_key(files, path)))
        found = _read(files, path, choices)
        if found:
            own_preview.summary(found.preview)
            own_adding.show(found, (_key(files, path), choices), turn)
        decisions = found.preview.decisions if found else None
        own_decisions.told(decisions or ())
        with st.expander(_("Change how it is read"), icon=":material/tune:", key="own.how"):
            own_decisions.show(_key(files, path), decisions)
            own_fields.show(found.preview if found else None)
        if found:
            own_preview.details(found.preview)
    return Chosen(taken, previewed=True)


def _added_before() -> None:
    for name in shelf.names():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_line(name), width="stretch")
            with st.popover(
                "",
                icon=":material/delete:",
                type="tertiary",
                help=_("Delete {name}", name=name),
            ):
                st.markdown(_("Delete data set **{name}**? Models trained on it are kept.", name=literal(name)))
                if st.button(_("Delete"), type="primary", key=f"own.remove.{name}"):
                    _remove(name)


def _remove(name: str) -> None:
    try:
        session.required(Right.MANAGE)
        user_data.remove(name)
    except ZscopeError as error:
        st.error(literal(error, code=True), icon=":material/error:")
        return
    st.rerun()


def _line(name: str) -> str:
    entry = shelf.shelved().get(name)
    if entry is None:
        return _("**{name}** cannot be read", name=literal(name))
    facts = {"modality": entry.modality, "shape": "x".join(map(str, entry.shape))}
    if entry.classes:
        kind = ngettext("{modality} {shape}, {n} class", "{modality} {shape}, {n} classes", len(entry.classes), **facts)
    else:
        kind = _("{modality} {shape}, no labels", **facts)
    return f"**{literal(name)}** {kind}, {bytes_said(shelf.n_bytes(name))}"


# ---------------------------------------------------------------- reading


def _given(turn: int) -> tuple[list, str]:
    """The uploaded files, or a path on this machine."""
    files = st.file_uploader(
        _("Pictures, or a ZIP, NPZ, NPY, CSV, Parquet or IDX file"),
        [*KINDS, *sorted({m.suffix[1:] for m in MODALITIES.all().values() if m.from_bytes} - set(KINDS))],
        accept_multiple_files=True,
        max_upload_size=UPLOAD_MB,
        key=f"own.files.{turn}",
        help=_(FILES),
    )
    why_not = session.why_not(Right.MANAGE)
    path = st.text_input(
        _("Or a path on this machine"),
        key=f"own.path.{turn}",
        disabled=bool(why_not or files),
        help=why_not or _(PATH),
    )
    return files, "" if why_not else path


def _key(files: list, path: str) -> tuple | str:
    """What tells these files from others: another one may have the same name and size, but not the same id."""
    return tuple(f.file_id for f in files) if files else path


def _read(files: list, path: str, choices: Choices) -> Understood | None:
    """The files as read with these choices, cached; shows the error if they cannot be read."""
    try:
        return session.kept("own", (_key(files, path), choices), lambda: _understood(files, path, choices))
    except ZscopeError as error:
        st.error(literal(error, code=True), icon=":material/error:")
        return None


def _understood(files: list, path: str, choices: Choices) -> Understood:
    bar = st.progress(0.0, _("Reading ..."))
    try:
        found: Given = of_uploads([(f.name, f.size, f) for f in files]) if files else given(path)
        return understand(
            found,
            choices,
            lambda done, n: bar.progress(
                done / n,
                _("Reading file {done} of {n}", done=number(done), n=number(n)),
            ),
        )
    finally:
        bar.empty()
