"""How your files are read, apart from what had to be decided: their kind, and how pictures and tables are prepared."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from app import session
from app.show.literal import literal
from vae.data.own.choices import Choices, size
from vae.data.own.understand import Preview
from vae.errors import ZscopeError
from vae.registry import MODALITIES
from vae.text import N_, _

FITS = {"crop": N_("Crop"), "whole": N_("Pad"), "stretch": N_("Stretch")}
GROUNDS = {"black": N_("Black"), "white": N_("White")}
SHADES = {"auto": N_("Detect"), "grey": N_("Grey"), "colour": N_("Colour")}
TIME = N_("For tables: sort rows by this column to form a series")
GROUND = N_("Background for transparent or padded areas")
STEPS = N_("In time steps; 0: chosen for you")
STEPS_MAX = 100_000


def choices(decided: dict[str, Any]) -> Choices:
    """As the fields say that were shown last, before they are drawn anew: which of them apply is known only when the
    files are read. decided: what was decided otherwise than by the files."""
    usual = Choices()
    sides = str(session.held("own.size") or "").strip()
    chosen = Choices(
        kind=session.held("own.kind") or usual.kind,
        size=_size(sides) if sides else None,
        colour=session.held("own.colour") or usual.colour,
        fit=session.held("own.fit") or usual.fit,
        ground=session.held("own.ground") or usual.ground,
        time_column=str(session.held("own.time") or "").strip(),
        window=session.held("own.window") or usual.window,
        stride=session.held("own.stride") or usual.stride,
        test_share=session.held("own.share") or usual.test_share,
    )
    return replace(chosen, **decided)


def show(preview: Preview | None) -> None:
    """The fields that apply to these files; all of them if the files could not be read (None)."""
    kinds = {"auto": _("detect")} | {m.name: _(m.plural) for m in MODALITIES.all().values()}
    first, second, third = st.columns(3)
    first.selectbox(_("Read as"), list(kinds), format_func=kinds.__getitem__, key="own.kind")
    second.slider(_("Test share"), 0.05, 0.5, 0.1, 0.05, key="own.share")
    if preview is None or preview.modality in ("image", "vector"):
        third.text_input(_("Picture size, px"), placeholder=_("HxW"), key="own.size", help=_("Empty: chosen for you"))
    if preview is None or preview.modality == "image":
        fit, colour, ground = st.columns(3)
        _one_of(fit, _("Fit"), FITS, "own.fit")
        _one_of(colour, _("Colour"), SHADES, "own.colour")
        _one_of(ground, _("Background"), GROUNDS, "own.ground", help=_(GROUND))
    decided = {decision.name for decision in preview.decisions} if preview else set()
    if preview is None or preview.modality == "series" or "rows" in decided:
        time, window, stride = st.columns(3)
        time.text_input(_("Time column"), key="own.time", help=_(TIME))
        window.number_input(_("Window"), 0, STEPS_MAX, 0, key="own.window", help=_(STEPS))
        stride.number_input(_("Stride"), 0, STEPS_MAX, 0, key="own.stride", help=_(STEPS))


def _one_of(place, label: str, options: dict[str, str], key: str, **more: Any) -> None:
    place.segmented_control(
        label, list(options), format_func=lambda v: _(options[v]), default=next(iter(options)), key=key, **more
    )


def _size(text: str) -> tuple[int, int] | None:
    try:
        return size(text)
    except ZscopeError as error:
        st.error(literal(error, code=True), icon=":material/error:")
        return None
