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

UPLOAD_MB = 500
KINDS = [
    "zip", "png", "jpg", "jpeg", "webp", "gif", "bmp", "tif", "tiff", "npz", "npy", "csv", "tsv", "parquet", "gz",
    "idx",
]  # fmt: skip
FITS = {"crop": "Crop", "whole": "Pad", "stretch": "Stretch"}
WHERE = "A path is taken only from a browser on the machine that serves the app."
PATH = "A file or a folder, which is read where it is; nothing is uploaded."
FILES = "They are looked at first: nothing is kept before you press Add."
TIME = "Of a table: its rows in this order are a series"
GROUND = "What stands behind transparent places and round padded pictures"
NAME = "Of the data set, in the form above: a letter, then letters, digits, '_' and '-'."
ADD = "Keep it as a data set like any other, and choose it for a quick run."


def show(beside: DeltaGenerator) -> str | None:
    """A section that opens: files to add, and what was added before; beside: where it is shown what was understood of
    them. The name of the data set that was just added."""
    if added := session.take("own.added"):
        st.toast(f"Kept as {added}: a data set like any other now.", icon=":material/check:")
    turn = session.held("own.turn") or 0  # once something was added, the fields are new ones, closed and empty
    with st.expander("Your own data", icon=":material/upload:", key=f"own.section.{turn}"):
        files, path = _given(turn)
        if session.local():
            _kept_before()
    if not files and not path:
        session.release("own")
        return added
    with beside.container(border=True, key="own-preview"):
        place = st.container()  # above the choices, which must be known before
        with st.expander("How to read it", icon=":material/tune:", key="own.how"):
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
            with st.popover("", icon=":material/delete:", type="tertiary", help=f"Remove {name}"):
                st.markdown(f"Remove **{name}**? Models trained on it stay.")
                if st.button("Remove it", type="primary", key=f"own.remove.{name}"):
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
        return f"**{name}** cannot be read"
    kind = f"{entry.modality} {'x'.join(map(str, entry.shape))}, {len(entry.classes) or 'no'} classes"
    return f"**{name}** {kind}, {shelf.n_bytes(name) / 1e6:.1f} MB"


# ---------------------------------------------------------------- adding


def _given(turn: int) -> tuple[list, str]:
    """The files that were uploaded, or a path on this machine."""
    files = st.file_uploader(
        "A ZIP or pictures, an NPZ, NPY, CSV, Parquet or IDX file",
        [*KINDS, *sorted({m.suffix[1:] for m in MODALITIES.all().values() if m.from_bytes} - set(KINDS))],
        accept_multiple_files=True,
        max_upload_size=UPLOAD_MB,
        key=f"own.files.{turn}",
        help=FILES,
    )
    local = session.local()
    path = st.text_input(
        "Or a path on this machine",
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
    kinds = {"auto": "as it looks"} | {m.name: m.plural for m in MODALITIES.all().values()}
    kind = first.selectbox("As", list(kinds), format_func=kinds.__getitem__, key="own.kind")
    share = second.slider("Test share", 0.05, 0.5, 0.1, 0.05, key="own.share")
    sides = first.text_input("Size of pictures, px", placeholder="HxW", key="own.size", help="Empty: what suits")
    with second:
        fit = st.segmented_control("Fit", list(FITS), format_func=FITS.__getitem__, default="crop", key="own.fit")
    with third:
        colour = st.segmented_control("Colour", COLOURS, default="auto", key="own.colour")
        ground = st.segmented_control("Ground", ["black", "white"], default="black", key="own.ground", help=GROUND)
    label, time, window, stride = st.columns(4)
    return Choices(
        kind=kind,
        size=_size(sides),
        colour=colour or "auto",
        fit=fit or "crop",
        ground=ground or "black",
        label_column=label.text_input("Label column", key="own.label", help="Of a table").strip(),
        time_column=time.text_input("Time column", key="own.time", help=TIME).strip(),
        window=int(window.number_input("Window", 0, 100_000, 0, key="own.window", help="Time steps; 0 chooses")),
        stride=int(stride.number_input("Stride", 0, 100_000, 0, key="own.stride", help="Time steps; 0 chooses")),
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
        return understand(found, choices, lambda done, n: bar.progress(done / n, f"Reading {done:,} of {n:,} files"))
    finally:
        bar.empty()


def _keep(found: Understood, turn: int) -> None:
    source = found.preview.source
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", value=_name(source), key=f"own.name.{source}.{turn}", help=NAME)
        pressed = st.button("Add", type="primary", icon=":material/add:", key="own.add", help=ADD)
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
