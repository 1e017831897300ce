"""Model: what this model is, how good it is, what each latent dimension carries, and how to make it again."""

from __future__ import annotations

import streamlit as st

from app import session
from app.panels.model import manage
from app.panels.train import sweep_list
from app.show import records
from app.show.cards import has_prior, number
from vae.registry import FAMILIES

N_PICTURES = 16
TALL, LOW = 400, 260  # px of the training curves: of three quantities, of one

engine = session.engine()
card = engine.card
family = FAMILIES.all().get(card["family"])

if not engine.can_encode:
    manage.imported(engine)
    st.stop()
assert family is not None  # or the checkpoint would not have opened
st.markdown(f"### {card['name']} :gray[{family.title}]")
st.caption(
    f"{family.paper}  \n"
    f"Trained on **{card['dataset']}**, {number(card['spec']['n_data'], 0)} samples · "
    f"{card.get('data_licence', '')} · {card.get('data_cite', '')} · {card.get('data_origin', '')}"
)
sweep_list.mention(card["name"], card["dataset"])
records.idea(family)
records.metrics(card)
records.collapse(card)

left, right = st.columns(2, gap="medium")
with left:
    drawn = records.latent_use(engine)
if not drawn:  # the curves take the width
    records.no_latent_use(card)
with right if drawn else st.container():
    records.training(engine, TALL if drawn or has_prior(card) else LOW)

shown = session.samples(engine, N_PICTURES)
given = shown.given(engine)
pictures, decoded = engine.modality.pictures(shown.x), engine.decode_uint8(engine.encode(shown.x, **given)[0], **given)
st.markdown("##### Reconstructions")
st.caption(f"Above: {shown.source}. Below: each one encoded to {engine.d} numbers and decoded again.")
records.rows(pictures, decoded)
records.latent_map(engine.atlas)

left, right = st.columns(2, gap="medium")
with left:
    st.markdown("##### Make it again")
    records.provenance(card)
with right:
    st.markdown("##### Settings")
    records.settings(card)
manage.show(engine)
