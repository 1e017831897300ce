"""The controls of Generate: the source of the latents, the label, the levels to keep, temperature, number and seed."""

from __future__ import annotations

import secrets

import streamlit as st

from app import session
from app.show.literal import literal
from app.show.terms import meaning, more
from app.state.generation import Draws
from app.state.studio import COUNTS, SEED_MAX, TEMPERATURE_MAX, choose
from vae.engine.engine import Engine
from vae.text import N_, _

SOURCES = {"prior": N_("Prior"), "chains": N_("Chains"), "aggregate": N_("Aggregate"), "mixture": N_("Mixture")}
MEANING = {
    "prior": N_("Samples z from the prior p(z), which is fixed in advance or learned with the model."),
    "chains": N_(
        "States of Markov chains of the model, some steps after where they begin: not independent draws, as chains may "
        "stay in one part of the distribution."
    ),
    "aggregate": N_("Samples z from the aggregate posterior q(z): the posterior of a random training sample."),
    "mixture": N_("Samples z from a Gaussian mixture fitted to the codes: near the data, not tied to single samples."),
}
TERM = {
    "prior": "prior",
    "chains": "r-hat",
    "aggregate": "aggregate-posterior",
    "mixture": "prior-hole",
}  # of docs/terms.md
NO_PRIOR = N_("{model} is a plain autoencoder and has no prior. Samples come from Gaussians fitted to its codes.")
IMPORTED = N_("{model} was imported without a prior. Samples come from Gaussians fitted to its latents.")
LEVELS = N_("This model has a hierarchy of latents: keep the upper levels of a sample to see what the lower ones add.")
HELD = N_("The upper levels are those of the Explore point. The lower levels are sampled given the upper ones.")
OF_ENERGY = N_("Chains of p^(1/T): 1 samples from the model itself, 0 goes to likelier and likelier states.")
TEMPERATURE = N_("Factor on every standard deviation: 1 samples from the model itself, 0 takes its means.")


def show(engine: Engine, drawn: Draws) -> bool:
    """Mount the controls. Returns whether the evidence is shown on every picture."""
    if len(engine.sources) > 1:
        _source(engine, drawn.source)
    if not engine.has_prior:
        st.info(_(NO_PRIOR if engine.can_encode else IMPORTED, model=literal(engine.name)))
    if engine.conditional:
        labels = {-1: _("each in turn"), **dict(enumerate(engine.atlas.classes))}
        st.selectbox(_("Label"), labels, format_func=lambda y: labels.get(y, str(y)), **session.field("label"))
    if len(engine.levels) > 1:
        _levels(engine, drawn.held)
    chains = "chains" in engine.traits and drawn.source == "prior"
    help = _(OF_ENERGY if chains else TEMPERATURE)
    st.slider(_("Temperature"), 0.0, TEMPERATURE_MAX, step=0.05, help=help, **session.field("temperature"))
    st.segmented_control(_("Number of samples"), COUNTS, width="stretch", **session.field("count"))
    same = _("The same seed gives the same samples.")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small", key="zscope-seed"):
        st.number_input(_("Seed"), 0, SEED_MAX, step=1, help=same, width=112, **session.field("seed"))
        st.button(_("New seed"), icon=":material/casino:", on_click=_new_seed, width="stretch")
    return st.toggle(
        _("Evidence on every picture"), help=meaning("copy"), key="generate.evidence", persist_state="session"
    )


def _source(engine: Engine, source: str) -> None:
    tie = session.tied("source", source, session.setting("source"))
    prior = "chains" if "chains" in engine.traits else "prior"  # what the source of this name is
    names = {name: _(SOURCES[prior if name == "prior" else name]) for name in engine.sources}
    st.segmented_control(_("Source"), names, format_func=lambda name: names[name], width="stretch", **tie)
    shown = prior if source == "prior" else source
    st.caption(f"{_(MEANING[shown])} {more(TERM[shown])}")


def _levels(engine: Engine, held: int) -> None:
    choices = {k: _("Top {n}", n=k) if k else _("None") for k in range(len(engine.levels))}
    title = _("Latent levels to keep from the Explore point")
    name = lambda k: choices.get(k, str(k))  # noqa: E731
    st.segmented_control(title, choices, format_func=name, width="stretch", **session.field("held"))
    st.caption(_(HELD if held else LEVELS))


def _new_seed() -> None:
    session.update(choose(session.studio(), seed=secrets.randbelow(1_000_000)))
