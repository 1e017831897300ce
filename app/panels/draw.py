"""A sample of the user's own: drawn, uploaded or photographed, and encoded while it changes."""

from __future__ import annotations

import hashlib

import numpy as np
import streamlit as st

from app import session
from app.components.sketch import sketch
from app.draws import chosen_label, label_of
from app.walk import describe
from vae.errors import ZscopeError
from vae.pictures import BYTES_MAX, FITS, FORMATS, read_picture

TITLE, HELP = "Draw", "Draw or upload a picture and see what the model makes of it"
KEY, FILE, CAMERA = "explore.sketch", "explore.file", "explore.camera"
FIT_WORDS = {"crop": "Cut to shape", "whole": "Whole, with margins", "stretch": "Stretched"}


def unavailable(engine) -> str:
    if not engine.can_encode:
        return f"{engine.name} has no encoder for what is painted: it was imported as a decoder."
    if engine.modality.name != "image":
        return f"{engine.name} takes {engine.modality.name} of shape {engine.shape}: there is nothing to paint."
    return ""


def show(engine, committed: dict) -> None:
    board, files = st.container(), st.popover("Upload or photograph", icon=":material/image:")
    with files:
        given = chosen_file()
    with board:
        start, name, version = given if given is not None else _committed(engine)
        label = chosen_label(engine, session.studio())
        sketch(engine.name, key=KEY, start=start, name=name, version=version, label=label)


def chosen_file() -> tuple[np.ndarray, str, str] | None:
    """The picture that was given, as the model sees it, what it is called, and a name for its version."""
    suffixes = ["png", "jpg", "jpeg", "webp"]
    fit = (
        st.segmented_control(
            "Fit", FITS, default="crop", format_func=lambda fit: FIT_WORDS.get(fit, fit), key=f"{FILE}.fit"
        )
        or "crop"
    )
    hint = f"{', '.join(FORMATS)}; at most {BYTES_MAX // 2**20} MB"
    file = st.file_uploader(hint, suffixes, max_upload_size=BYTES_MAX // 2**20, key=FILE)
    if st.toggle("Camera", key=f"{CAMERA}.on", help="The picture is not kept anywhere"):
        file = st.camera_input("Camera", label_visibility="collapsed", key=CAMERA) or file
    if file is None:
        return None
    data = file.getvalue()
    try:
        picture = read_picture(data, session.engine().shape, fit)
    except ZscopeError as error:
        st.error(f"{file.name}: {error}")
        return None
    return picture, file.name, f"{hashlib.blake2b(data, digest_size=8).hexdigest()} {fit}"


def _committed(engine) -> tuple[np.ndarray, str, str]:
    """The picture of the point under study: the sample itself, or what is decoded there."""
    point = session.studio().point
    name = describe(engine.atlas, point)
    y = label_of(engine, np.asarray(point.z, np.float32), chosen_label(engine, session.studio()))
    x = session.sample_of(engine, point, name, y)
    return x, name, "committed"
