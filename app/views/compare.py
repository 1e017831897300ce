"""Compare: two models of the same data under one pointer, the same samples through both, and their metrics."""

from __future__ import annotations

import streamlit as st

from app import session
from app.browser.twin_maps import twin_maps
from app.panels.compare import kinds_measured, other_model, reconstructions, similarity
from app.show import card_metrics, records
from vae.text import _

engine = session.engine()
if other := other_model.show(engine):
    point = session.studio().point
    for atlas in (engine.atlas, other.atlas):
        records.equal_latents(atlas)
    twin_maps(engine.name, other.name, key="compare.maps", row=point.row if point else None)
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("##### " + _("Metrics"))
        card_metrics.comparison(engine.card, other.card)
    with right:
        st.markdown("##### " + _("The same samples through both models"))
        reconstructions.show(engine, other)
        similarity.show(engine, other)
kinds_measured.show()
