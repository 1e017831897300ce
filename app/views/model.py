"""Model: what this model is, how good it is, what each latent dimension carries, and how to make it again."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import figures, session, show
from app.cards import has_prior, number
from vae.metrics.latent import perplexity
from vae.registry import FAMILIES

N_PICTURES = 16
QUIET = {"displayModeBar": False}

engine = session.engine()
card, measured = engine.card, engine.card.get("metrics") or {}
family = FAMILIES.get(card["family"])

st.markdown(f"### {card['name']} :gray[{family.title}]")
st.caption(
    f"{family.paper}  \n"
    f"Trained on **{card['dataset']}**, {number(card['spec']['n_data'], 0)} samples · "
    f"{card.get('data_licence', '')} · {card.get('data_cite', '')} · {card.get('data_origin', '')}"
)
show.idea(family)
show.metrics(card)
show.collapse(card)

left, right = st.columns(2, gap="medium")
with left:
    if "discrete" in family.traits:
        st.markdown("##### Codebook")
        used = np.bincount(engine.codes(engine.atlas.z).ravel(), minlength=engine.n_codes)
        st.plotly_chart(figures.usage_bars(used), config=QUIET)
        st.caption(
            f"How often each of the {len(used)} codes is used by the samples of the map, most used first. "
            f"{(used > 0).sum()} are used at all; perplexity {perplexity(used):.0f}."
        )
    else:
        st.markdown("##### Rate of each latent dimension")
        if measured.get("rate_per_dim_nats"):
            st.plotly_chart(figures.rate_bars(measured["rate_per_dim_nats"], engine.atlas.active), config=QUIET)
            grey = "" if engine.atlas.active.all() else " Grey: its mean hardly varies, so it carries nothing."
            st.caption(f"KL(q(z|x) ‖ p(z)) of each, test set.{grey}")
        elif measured.get("rate_nats") is not None:
            st.info("The rate of this family is no sum over dimensions.")
        elif has_prior(card):
            st.info(f"Training measures this when it ends; `python -m vae eval {card['name']}` prints it now.")
        else:
            st.info("The code of a sample is a point, so there is no rate: it costs nothing and promises nothing.")
with right:
    st.markdown("##### Training")
    if engine.history:
        st.plotly_chart(figures.training_curve(engine.history, has_prior(card)), config=QUIET)
        st.caption("Nats a sample, by epoch; dotted: on the test set. A steep first tenth may leave its axis.")
    else:
        st.info("No history was kept with this checkpoint.")

samples, y, source = session.samples(engine, N_PICTURES)
pictures, decoded = engine.modality.pictures(samples), engine.decode_uint8(engine.encode(samples, y)[0], y)
st.markdown("##### Reconstructions")
st.caption(f"Above: {source}. Below: each one encoded to {engine.d} numbers and decoded again.")
show.rows(pictures, decoded)

left, right = st.columns(2, gap="medium")
with left:
    st.markdown("##### Make it again")
    show.provenance(card)
with right:
    st.markdown("##### Settings")
    show.settings(card)
