"""The draw tool: your own sample, drawn, uploaded or photographed, and encoded while it changes."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from app import session
from app.browser.sketch import sketch
from app.show.literal import literal
from app.state.generation import chosen_label, label_of
from vae.data.own import layouts, series_files
from vae.data.own.choices import Choices
from vae.data.own.decisions import Decision
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.modalities.picture_files import BYTES_MAX, FITS, FORMATS, SUFFIXES, Ranges, levels, opened, read_picture
from vae.studies.path import describe
from vae.studies.posterior import sample_of
from vae.text import N_, _, number

TITLE, HELP = N_("Draw"), N_("Draw or upload your own sample and see its code and reconstruction")
KEY, FILE, CAMERA, OPEN = "explore.sketch", "explore.file", "explore.camera", "explore.files"
BORDERS = 200  # training samples whose border is looked at
FIT_LABELS = dict(zip(FITS, (N_("Crop"), N_("Pad"), N_("Stretch")), strict=True))
SCALES = (N_("In the units of the data set"), N_("Standardise each channel"), N_("Do not scale"))
SCALE_LABELS = dict(zip(series_files.FITS, SCALES, strict=True))


def unavailable(engine: Engine) -> str:
    if not engine.can_encode:
        return _("{model} was imported as a decoder: it has no encoder for a drawing.", model=engine.name)
    if not engine.modality.by_hand:
        return _(
            "{model} takes {samples} ({shape} {unit}), which cannot be drawn. To encode your own, save them as an "
            "array x of shape (n, {columns}) and run: python -m vae encode {model} samples.npz --out z.npz",
            model=engine.name,
            samples=_(engine.modality.plural),
            shape=" × ".join(map(str, engine.shape)),
            unit=_(engine.modality.measured),
            columns=", ".join(map(str, engine.shape)),
        )
    return ""


def show(engine: Engine, committed: dict) -> None:
    series = engine.modality.by_hand == "curve"
    title, icon = (_("Upload"), "upload") if series else (_("Upload or take a photo"), "image")
    board, files = st.container(), st.popover(title, icon=f":material/{icon}:", key=OPEN, on_change="rerun")
    with files:
        given = chosen_series() if series else chosen_file()
    with board:
        start, name, version = given if given is not None else _committed(engine)
        label = chosen_label(engine, session.studio())
        ground = usual_border(engine) if given is not None and not series else None
        sketch(engine.name, key=KEY, start=start, name=name, version=version, label=label, ground=ground)


def usual_border(engine: Engine) -> float:
    """The median, over training samples, of the mean of a picture's border pixels, 0-1."""
    atlas = engine.atlas
    rows = np.linspace(0, atlas.n_thumbnails - 1, min(BORDERS, atlas.n_thumbnails)).astype(int)
    pictures = atlas.thumbnails(rows, engine.shape[0])
    edge = np.ones(pictures.shape[2:], bool)
    edge[1:-1, 1:-1] = False
    return float(np.median(pictures[:, :, edge].mean((1, 2)))) / 255


def chosen_file() -> tuple[np.ndarray, str, str] | None:
    """The uploaded picture as the model takes it, its name, and a key of its version."""
    fit = _fit(FITS, FIT_LABELS)
    hint = _("{formats}; at most {size} MB", formats=", ".join(FORMATS), size=number(BYTES_MAX // 2**20))
    file = st.file_uploader(
        hint, [suffix[1:] for suffix in SUFFIXES], max_upload_size=BYTES_MAX // 2**20, key=FILE,
        on_change=_close, args=(FILE, read_picture, fit),
    )  # fmt: skip
    if st.toggle(_("Camera"), key=f"{CAMERA}.on", help=_("The photo is not stored.")):
        photo = st.camera_input(
            _("Camera"), label_visibility="collapsed", key=CAMERA, on_change=_close, args=(CAMERA, read_picture, fit)
        )
        file = photo or file
    return _read(file, partial(read_picture, ranges=_ranges(file)), fit)


def chosen_series() -> tuple[np.ndarray, str, str] | None:
    """The uploaded series, likewise."""
    variables = session.engine().variables
    known = variables is not None and len(variables.std) > 0  # else nobody knows the units of the data set
    fit = _fit(series_files.FITS if known else series_files.FITS[1:], SCALE_LABELS)
    read = partial(series_files.read_series, variables=variables)
    hint = _(
        "CSV (one row per time step, one column per channel) or NPY; at most {size} MB",
        size=number(series_files.BYTES_MAX // 2**20),
    )
    file = st.file_uploader(
        hint, ["csv", "npy"], max_upload_size=series_files.BYTES_MAX // 2**20, key=FILE,
        on_change=_close, args=(FILE, read, fit),
    )  # fmt: skip
    return _read(file, read, fit)


def _close(key: str, read: Callable, fit: str) -> None:
    """Close the popover once the file of that widget can be read; else it stays open, with the reason."""
    file = session.held(key)
    if file is None:
        return
    with contextlib.suppress(ZscopeError):
        read(file.getvalue(), session.engine().shape, fit)
        session.put(OPEN, False)


def _fit(fits: tuple[str, ...], labels: dict[str, str]) -> str:
    def label(fit: str) -> str:
        return _(labels.get(fit, fit))

    return st.segmented_control(_("Fit"), fits, default=fits[0], format_func=label, key=f"{FILE}.fit") or fits[0]


def _read(file, read: Callable, fit: str) -> tuple[np.ndarray, str, str] | None:
    if file is None:
        return None
    data = file.getvalue()
    try:
        sample = read(data, session.engine().shape, fit)
    except ZscopeError as error:
        st.error(literal(f"{file.name}: {error}", code=True))
        return None
    return sample, file.name, hashlib.blake2b(sample.tobytes(), digest_size=8).hexdigest()


def _ranges(file) -> Ranges:
    """The values of black and white of a picture, as a choice already made where they had to be decided."""
    found = []
    if file is not None:
        with contextlib.suppress(ZscopeError):  # shown when it is read
            found.append(levels(opened(file.getvalue())))
    made: list[Decision] = []
    ranges = layouts.picture_ranges(found, Choices(), made)
    for decision in made:
        picked = st.selectbox(
            decision.title, decision.options, key=f"{FILE}.range.{decision.guess}", help=decision.why
        )  # the first option is the guess
        ranges = layouts.picture_ranges(found, Choices(range=picked), [])
    return ranges


def _committed(engine: Engine) -> tuple[np.ndarray, str, str]:
    """The sample at the current point, or the decoded picture if the point is not a sample."""
    point = session.studio().point
    assert point is not None  # Explore starts with one
    name = describe(engine.atlas, point)
    y = label_of(engine, np.asarray(point.z, np.float32), chosen_label(engine, session.studio()))
    if engine.modality.by_hand == "curve":
        return np.asarray(sample_of(engine, point, name, y)[0][0], np.float32), name, "committed"
    return session.sample_of(engine, point, name, y), name, "committed"
