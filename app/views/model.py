"""Model: what this model is, how good it is, what each latent dimension carries, and how to train it again."""

from __future__ import annotations

import streamlit as st

from app import session
from app.panels.model import energy, likelihood, manage, reconstructions
from app.panels.train import sweep_list
from app.show import card_metrics, fidelity, records, usefulness
from app.show.cards import has_prior
from app.show.literal import literal
from app.show.waiting import later
from vae.atlas.fidelity import of_model
from vae.registry import FAMILIES
from vae.text import _

TALL, LOW = 400, 260  # px of the training curves: with three quantities, with one

engine = session.engine()
card = engine.card
family = FAMILIES.all().get(card["family"])

if unlike := manage.page_of(engine):
    unlike(engine)
    st.stop()
assert family is not None  # otherwise the checkpoint would not have opened
st.markdown(f"### {literal(card['name'])} :gray[{_(family.title)}]")
st.caption(f"{family.paper}  \n" + " · ".join([records.counts(card), *records.sources(card)]))
sweep_list.mention(card)
records.idea(family)
card_metrics.metrics(card)
records.collapse(card)

# The words first, charts and pictures as they come: each has its place, which says what it waits for.
trusted, charts = st.container(), later(_("Drawing the training curves …"))
st.markdown("##### " + _("Reconstructions"))
rows = later(_("Encoding and decoding samples …"))
usefulness.show(card)
likelihood.show(engine)
energy.show(engine)
laid = later(_("Drawing the map …"))
left, right = st.columns(2, gap="medium")
with left:
    st.markdown("##### " + _("Train it again"))
    records.provenance(card)
with right:
    st.markdown("##### " + _("Settings"))
    records.settings(card)
manage.show(engine)
found = of_model(engine.atlas, card)
with trusted:
    fidelity.show(found, sigma=not engine.modality.bounded)
with charts.container():
    left, right = st.columns(2, gap="medium")
    with left:
        drawn = records.latent_use(engine)
    if not drawn:  # the training curves take the whole width
        records.no_latent_use(card)
    with right if drawn else st.container():
        records.training(engine, TALL if drawn or has_prior(card) else LOW)

with rows.container():
    reconstructions.show(engine, found)
with laid.container():
    records.latent_map(engine.atlas, card)
