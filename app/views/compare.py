"""Compare: two models of the same data under one cursor, the same samples through both, and their figures."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import session
from app.browser.twin_maps import twin_maps
from app.show import records
from app.show.cards import grouped, summary
from vae.text import N_

N_PICTURES = 10

engine, cards = session.engine(), session.offered()
data = engine.card["dataset"]
others = [n for n in grouped(cards) if data and n != engine.name and cards[n].get("dataset") == data]
if not others:
    alone = (
        f"{engine.name} is the only model of {data} here. Train another, and they can be compared: "
        f"`python -m vae train beta_vae {data}`"
    )
    brought = f"{engine.name} brought latents and no data set: there are no samples to compare it by."
    st.info(alone if data else brought)
    session.end()
    st.stop()

state = session.studio()
chosen = state.other if state.other in others else others[0]
left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
left.markdown(f"### {engine.name}")
with right:
    st.selectbox(
        N_("Compare with"),
        others,
        format_func=lambda name: f"{name}\u2002{summary(cards[name])}",
        **session.tied("field.other", chosen, session.setting("other")),
    )
other = session.engine(chosen)
row = state.point.row if state.point else None
twin_maps(engine.name, other.name, key="compare.maps", row=row)

left, right = st.columns([5, 9], gap="medium")
with left:
    st.markdown("##### Figures")
    records.comparison(engine.card, other.card)
with right:
    st.markdown("##### The same samples through both")
    if not (engine.can_encode and other.can_encode):
        st.info(N_("One of the two was imported as a decoder: it has no encoder to put samples through."))
        st.stop()
    shown = session.samples(engine, N_PICTURES)
    given = [(one, shown.given(one)) for one in (engine, other)]
    decoded = [one.decode(one.encode(shown.x, **told)[0], **told) for one, told in given]
    scale = 255 if shown.x.dtype == np.uint8 else 1
    error = [np.square(d - shown.x / np.float32(scale)).mean() for d in decoded]
    records.rows(*(engine.modality.pictures(x) for x in (shown.x, *decoded)))
    st.caption(
        f"Above: {shown.source}. Middle: {engine.name}, mse {error[0]:.4f} over these {len(shown.x)}. "
        f"Below: {other.name}, mse {error[1]:.4f}."
    )
