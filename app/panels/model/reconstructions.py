"""Samples above their reconstructions, and how far these are from them."""

from __future__ import annotations

import streamlit as st

from app import session
from app.show import records
from vae.atlas.fidelity import Fidelity
from vae.atlas.fidelity_words import sentence
from vae.engine.engine import Engine
from vae.modalities.chart_scale import scale
from vae.text import _, ngettext, number

N_PICTURES = 16


def show(engine: Engine, found: Fidelity | None) -> None:
    """found: the fidelity of the model, told here unless it is poor, which has a warning of its own."""
    shown = session.samples(engine, N_PICTURES)
    given = shown.given(engine)
    decoded = engine.decode_uint8(engine.encode(shown.x, **given)[0], **given)
    st.caption(_to_codes(engine, shown.source) if engine.n_codes else _to_numbers(engine, shown.source))
    records.rows(engine.modality.pictures(shown.x), decoded, alt=_("Samples above their reconstructions"))
    said = sentence(found, sigma=not engine.modality.bounded) if found and not found.poor else ""
    for caption in filter(None, (scale(engine.variables, engine.shape), said)):
        st.caption(caption)


def _to_numbers(engine: Engine, source: str) -> str:
    return ngettext(
        "Top: {source}. Bottom: each sample encoded to {n} number and decoded again.",
        "Top: {source}. Bottom: each sample encoded to {n} numbers and decoded again.",
        engine.d,
        source=source,
    )


def _to_codes(engine: Engine, source: str) -> str:
    return ngettext(
        "Top: {source}. Bottom: each sample encoded to {n} entry of a codebook of {size} and decoded again.",
        "Top: {source}. Bottom: each sample encoded to {n} entries of a codebook of {size} and decoded again.",
        engine.codes(engine.atlas.z[:1]).size,
        source=source,
        size=number(engine.n_codes),
    )
