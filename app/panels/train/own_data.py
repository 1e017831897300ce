"""Your data: files of one's own, looked at, then kept as a data set like any other."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from app.panels.train import own_preview
from vae.data.own import shelf
from vae.data.own.choices import COLOURS, Choices, size
from vae.data.own.sources import Given, given, of_uploads
from vae.data.own.understand import Understood, understand
from vae.errors import ZscopeError
from vae.library import user_data
from vae.registry import MODALITIES
from vae.text import N_, _

UPLOAD_MB = 500
KINDS = [
    "zip", "png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "npz", "npy", "csv", "tsv", "parquet", "gz",
    "idx",
]  # fmt: skip
FITS = {"crop": "Crop", "whole": "Pad", "stretch": "Stretch"}
WHERE = N_("A path is taken only from a browser on the machine that serves the app.")
PATH = N_("A file or a folder, which is read where it is; nothing is uploaded.")
FILES = N_("They are looked at first: nothing is kept before you press Add.")
TIME = N_("Of a table: its rows in this order are a series")
GROUND = N_("What stands behind transparent places and round padded pictures")
NAME = N_("Of the data set, in the form above: a letter, then letters, digits, '_' and '-'.")
ADD = N_("Keep it as a data set like any other, and choose it for a quick run.")


def show(beside: DeltaGenerator) -> str | None:
    """A section that opens: files to add, and what was added before; beside: where it is shown what was understood of
    them. The name of the data set that was just added."""
    if added := session.take("own.added"):
        st.toast(_("Kept as {added}: a data set like any other now.", added=added), icon=":material/check:")
    turn = session.held("own.turn") or 0  # once something was added, the fields are new ones, closed and empty
    with st.expander(_("Your own data"), icon=":material/upload:", key=f"own.section.{turn}"):
        files, path = _given(turn)
        if session.local():
            _kept_before()
    if not files and not path:
        session.release("own")
        return added
    with beside.container(border=True, key="own-preview"):
        place = st.container()  # above the choices, which must be known before
        with st.expander(_("How to read it"), icon=":material/tune:", key="own.how"):
            choices = _choices()
        with place:
            found = _read(files, path, choices)
            if found:
                own_preview.summary(found.preview)
                _keep(found, turn)
        if found:
            own_preview.details(found.preview)
    return added


def _kept_before() -> None:
    for name in shelf.names():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(_line(name), width="stretch")
            with st.popover(
                "",
                icon=":material/delete:",
                type="tertiary",
                help=_(
                    "Remove {name}",
                    name=name,
                ),
            ):
                st.markdown(_("Remove **{name}**? Models trained on it stay.", name=name))
                if st.button(_("Remove it"), type="primary", key=f"own.remove.{name}"):
                    _remove(name)


def _remove(name: str) -> None:
    try:
        user_data.remove(name)
    except ZscopeError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.rerun()


def _line(name: str) -> str:
    entry = shelf.shelved().get(name)
    if entry is None:
        return _("**{name}** cannot be read", name=name)
    kind = _(
        "{modality} {map}, {value} classes",
        modality=entry.modality,
        map="x".join(map(str, entry.shape)),
        value=len(entry.classes) or "no",
    )
    return _("**{name}** {kind}, {n_bytes:.1f} MB", name=name, kind=kind, n_bytes=shelf.n_bytes(name) / 1e6)


# ---------------------------------------------------------------- adding


def _given(turn: int) -> tuple[list, str]:
    """The files that were uploaded, or a path on this machine."""
    files = st.file_uploader(
        _("A ZIP or pictures, an NPZ, NPY, CSV, Parquet or IDX file"),
        [*KINDS, *sorted({m.suffix[1:] for m in MODALITIES.all().values() if m.from_bytes} - set(KINDS))],
        accept_multiple_files=True,
        max_upload_size=UPLOAD_MB,
        key=f"own.files.{turn}",
        help=FILES,
    )
    local = session.local()
    path = st.text_input(
        _("Or a path on this machine"),
        key=f"own.path.{turn}",
        disabled=not local or bool(files),
        help=PATH if local else WHERE,
    )
    return files, path if local else ""


def _read(files: list, path: str, choices: Choices) -> Understood | None:
    """What they are, read in that way, once; or why they cannot be."""
    # an upload's name and size alone may be those of another file: its id is not
    key = (tuple(f.file_id for f in files) if files else path, choices)
    try:
        return session.kept("own", key, lambda: _understood(files, path, choices))
    except ZscopeError as error:
        st.error(str(error), icon=":material/error:")
        return None


def _choices() -> Choices:
    """How to read it: what the files are taken for, and what pictures and tables are made into."""
    first, second, third = st.columns(3)
    kinds = {"auto": _("as it looks")} | {m.name: m.plural for m in MODALITIES.all().values()}
    kind = first.selectbox(_("As"), list(kinds), format_func=kinds.__getitem__, key="own.kind")
    share = second.slider(_("Test share"), 0.05, 0.5, 0.1, 0.05, key="own.share")
    sides = first.text_input(
        _("Size of pictures, px"), placeholder=_("HxW"), key="own.size", help=_("Empty: what suits")
    )
    with second:
        fit = st.segmented_control(_("Fit"), list(FITS), format_func=FITS.__getitem__, default="crop", key="own.fit")
    with third:
        colour = st.segmented_control(_("Colour"), COLOURS, default="auto", key="own.colour")
        ground = st.segmented_control(_("Ground"), ["black", "white"], default="black", key="own.ground", help=GROUND)
    label, time, window, stride = st.columns(4)
    return Choices(
        kind=kind,
        size=_size(sides),
        colour=colour or "auto",
        fit=fit or "crop",
        ground=ground or "black",
        label_column=label.text_input(_("Label column"), key="own.label", help=_("Of a table")).strip(),
        time_column=time.text_input(_("Time column"), key="own.time", help=TIME).strip(),
        window=int(window.number_input(_("Window"), 0, 100_000, 0, key="own.window", help=_("Time steps; 0 chooses"))),
        stride=int(stride.number_input(_("Stride"), 0, 100_000, 0, key="own.stride", help=_("Time steps; 0 chooses"))),
        test_share=share,
    )


def _size(text: str) -> tuple[int, int] | None:
    try:
        return size(text) if text.strip() else None
    except ZscopeError as error:
        st.error(str(error), icon=":material/error:")
        return None


def _understood(files: list, path: str, choices: Choices) -> Understood:
    bar = st.progress(0.0, "Reading ...")
    try:
        found: Given = of_uploads([(f.name, f.size, f) for f in files]) if files else given(path)
        return understand(
            found,
            choices,
            lambda done, n: bar.progress(
                done / n,
                _(
                    "Reading {done:,} of {n:,} files",
                    done=done,
                    n=n,
                ),
            ),
        )
    finally:
        bar.empty()


def _keep(found: Understood, turn: int) -> None:
    source = found.preview.source
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(_("Name"), value=_name(source), key=f"own.name.{source}.{turn}", help=NAME)
        pressed = st.button(_("Add"), type="primary", icon=":material/add:", key="own.add", help=ADD)
    if not pressed:
        return
    try:
        user_data.add(name, found)
    except ZscopeError as error:
        st.error(str(error), icon=":material/error:")
        return
    session.release("own")
    session.put("own.added", name)
    session.put("own.turn", turn + 1)
    st.rerun()


def _name(source: str) -> str:
    """A name for what was given, from its own; with a number where that is taken."""
    stem = re.sub(r"[^A-Za-z0-9_]+", "_", PurePosixPath(source).stem).strip("_")[:32]
    stem = stem if stem[:1].isalpha() else f"data_{stem}".rstrip("_")
    for name in (stem, *(f"{stem}_{i}" for i in np.arange(2, 1000))):
        try:
            user_data.check_name(name)
        except ZscopeError:
            continue
        return name
    return ""
