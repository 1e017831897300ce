"""Model: what this model is, how good it is, what each latent dimension carries, and how to make it again."""

from __future__ import annotations

import streamlit as st

from app import session, show
from app.cards import has_prior, number
from app.panels import keep, ladder_list
from vae.registry import FAMILIES

N_PICTURES = 16
TALL, LOW = 400, 260  # px of the training curves: of three quantities, of one

engine = session.engine()
card = engine.card
family = FAMILIES.all().get(card["family"])

if not engine.can_encode:
    keep.imported(engine)
    st.stop()
st.markdown(f"### {card['name']} :gray[{family.title}]")
st.caption(
    f"{family.paper}  \n"
    f"Trained on **{card['dataset']}**, {number(card['spec']['n_data'], 0)} samples · "
    f"{card.get('data_licence', '')} · {card.get('data_cite', '')} · {card.get('data_origin', '')}"
)
ladder_list.mention(card["name"], card["dataset"])
show.idea(family)
show.metrics(card)
show.collapse(card)

left, right = st.columns(2, gap="medium")
with left:
    drawn = show.latent_use(engine)
if not drawn:  # the curves take the width
    show.no_latent_use(card)
with right if drawn else st.container():
    show.training(engine, TALL if drawn or has_prior(card) else LOW)

samples, y, source = session.samples(engine, N_PICTURES)
pictures, decoded = engine.modality.pictures(samples), engine.decode_uint8(engine.encode(samples, y)[0], y)
st.markdown("##### Reconstructions")
st.caption(f"Above: {source}. Below: each one encoded to {engine.d} numbers and decoded again.")
show.rows(pictures, decoded)
show.latent_map(engine.atlas)

left, right = st.columns(2, gap="medium")
with left:
    st.markdown("##### Make it again")
    show.provenance(card)
with right:
    st.markdown("##### Settings")
    show.settings(card)
keep.show(engine)
