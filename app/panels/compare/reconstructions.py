"""The same samples through two models."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import session
from app.show import records
from app.show.literal import literal
from vae.engine.engine import Engine
from vae.modalities.chart_scale import scale
from vae.text import _, ngettext, number

N_PICTURES = 10


def show(engine: Engine, other: Engine) -> None:
    """Rows of samples and of their reconstructions by each model, with the errors."""
    if not (engine.can_encode and other.can_encode):
        st.info(
            _(
                "One of the two models is an imported decoder, which has no encoder to reconstruct samples with: "
                "choose two that have one."
            )
        )
        return
    shown = session.samples(engine, N_PICTURES)
    given = [(one, shown.given(one)) for one in (engine, other)]
    decoded = [one.decode(one.encode(shown.x, **c)[0], **c) for one, c in given]
    white = 255 if shown.x.dtype == np.uint8 else 1
    error = [np.square(d - shown.x / np.float32(white)).mean() for d in decoded]
    alt = _("Samples above their reconstructions by both models")
    records.rows(*(engine.modality.pictures(x) for x in (shown.x, *decoded)), alt=alt)
    if said := scale(engine.variables, engine.shape):
        st.caption(said)
    st.caption(
        ngettext(
            "Top: {source}. Middle: {a}, MSE {error_a} over this {n} sample. Bottom: {b}, MSE {error_b}.",
            "Top: {source}. Middle: {a}, MSE {error_a} over these {n} samples. Bottom: {b}, MSE {error_b}.",
            len(shown.x),
            source=shown.source,
            a=literal(engine.name),
            error_a=number(error[0], 4),
            b=literal(other.name),
            error_b=number(error[1], 4),
        )
    )
