"""A sample of the user's own: drawn, uploaded or photographed, and encoded while it changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import streamlit as st

from app import session
from app.browser.sketch import sketch
from app.state.generation import chosen_label, label_of
from vae.data.own import series_files
from vae.data.own.picture_files import BYTES_MAX, FITS, FORMATS, read_picture
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.studies.path import describe
from vae.studies.posterior import sample_of

TITLE, HELP = "Draw", "Draw or upload a sample of your own and see what the model makes of it"
KEY, FILE, CAMERA = "explore.sketch", "explore.file", "explore.camera"
FIT_WORDS = {"crop": "Cut to shape", "whole": "Whole, with margins", "stretch": "Stretched"}
SCALE_WORDS = {"standardised": "Standardise each channel", "as it is": "As it is"}


def unavailable(engine: Engine) -> str:
    if not engine.can_encode:
        return f"{engine.name} has no encoder for what is drawn: it was imported as a decoder."
    if not engine.modality.by_hand:
        kind, shape = engine.modality, ", ".join(map(str, engine.shape))
        return (
            f"{engine.name} takes {kind.plural}, {' x '.join(map(str, engine.shape))} {kind.measured} each: there is "
            f"nothing to draw. Some of your own: python -m vae encode {engine.name} samples.npz --out z.npz, with x "
            f"(n, {shape})."
        )
    return ""


def show(engine: Engine, committed: dict) -> None:
    series = engine.modality.by_hand == "curve"
    words, icon = ("Upload", "upload") if series else ("Upload or photograph", "image")
    board, files = st.container(), st.popover(words, icon=f":material/{icon}:")
    with files:
        given = chosen_series() if series else chosen_file()
    with board:
        start, name, version = given if given is not None else _committed(engine)
        label = chosen_label(engine, session.studio())
        sketch(engine.name, key=KEY, start=start, name=name, version=version, label=label)


def chosen_file() -> tuple[np.ndarray, str, str] | None:
    """The picture that was given, as the model sees it, what it is called, and a name for its version."""
    fit = _fit(FITS, FIT_WORDS)
    hint = f"{', '.join(FORMATS)}; at most {BYTES_MAX // 2**20} MB"
    file = st.file_uploader(hint, ["png", "jpg", "jpeg", "webp"], max_upload_size=BYTES_MAX // 2**20, key=FILE)
    if st.toggle("Camera", key=f"{CAMERA}.on", help="The picture is not kept anywhere"):
        file = st.camera_input("Camera", label_visibility="collapsed", key=CAMERA) or file
    return _read(file, read_picture, fit)


def chosen_series() -> tuple[np.ndarray, str, str] | None:
    """The series that was given, likewise."""
    fit = _fit(series_files.FITS, SCALE_WORDS)
    hint = f"CSV (a row a time step, a column a channel) or NPY; at most {series_files.BYTES_MAX // 2**20} MB"
    file = st.file_uploader(hint, ["csv", "npy"], max_upload_size=series_files.BYTES_MAX // 2**20, key=FILE)
    return _read(file, series_files.read_series, fit)


def _fit(fits: tuple[str, ...], words: dict[str, str]) -> str:
    def name(fit: str) -> str:
        return words.get(fit, fit)

    return st.segmented_control("Fit", fits, default=fits[0], format_func=name, key=f"{FILE}.fit") or fits[0]


def _read(file, read: Callable, fit: str) -> tuple[np.ndarray, str, str] | None:
    if file is None:
        return None
    data = file.getvalue()
    try:
        sample = read(data, session.engine().shape, fit)
    except ZscopeError as error:
        st.error(f"{file.name}: {error}")
        return None
    return sample, file.name, f"{hashlib.blake2b(data, digest_size=8).hexdigest()} {fit}"


def _committed(engine: Engine) -> tuple[np.ndarray, str, str]:
    """The sample under study: itself, or what is decoded there."""
    point = session.studio().point
    assert point is not None  # Explore begins with one
    name = describe(engine.atlas, point)
    y = label_of(engine, np.asarray(point.z, np.float32), chosen_label(engine, session.studio()))
    if engine.modality.by_hand == "curve":
        return np.asarray(sample_of(engine, point, name, y)[0][0], np.float32), name, "committed"
    return session.sample_of(engine, point, name, y), name, "committed"
