"""Generate: new samples from the prior or from where the data went. A click takes one to Explore."""

from __future__ import annotations

import secrets
from functools import partial

import streamlit as st

from app import session
from app.files import downloads
from app.panels.generate import drawn_grid
from app.state.generation import columns_of, draw, recipe
from app.state.scripts import script
from app.state.studio import COUNTS, SEED_MAX, TEMPERATURE_MAX, choose

MEANING = {
    "prior": "z drawn from p(z), the distribution the model generates from, fixed beforehand or learned with it.",
    "aggregate": "z drawn from q(z), where the codes of the data do lie: the posterior of a random real sample.",
    "mixture": "z drawn from Gaussians fitted on the codes: near the data, yet not tied to single samples.",
}
NO_PRIOR = "has no prior: a plain autoencoder never learnt where codes lie. Drawn from Gaussians fitted on its codes."
BROUGHT = "came without a prior: drawn from Gaussians fitted on the latents that it brought."
KEEP, HELD = "Keep of the point on Explore", "Its upper levels stay; those below are drawn anew, given what is above."
LEVELS = "This model has several levels of latents: keep the upper ones of a sample and see what the others decide."
TEMPERATURE = "Scales every standard deviation: 1 is the model's own, 0 its means."
IN_ZIP = "Every picture as a PNG, samples in their own format, latents as NPZ, a recipe, and lines of Python for it."


def new_seed() -> None:
    session.update(choose(session.studio(), seed=secrets.randbelow(1_000_000)))


state, engine = session.studio(), session.engine()
drawn = draw(engine, state)
z, y, source = drawn.z, drawn.y, drawn.source
x = engine.decode(z, y, c=drawn.c)
pictures = engine.modality.pictures(x)

controls, page = st.columns([5, 19], gap="medium")
with controls:
    if len(engine.sources) > 1:
        tie = session.tied("source", source, session.setting("source"))
        st.segmented_control("Source", engine.sources, format_func=str.capitalize, width="stretch", **tie)
        st.caption(MEANING[source])
    if not engine.has_prior:
        st.info(f"{engine.name} {NO_PRIOR if engine.can_encode else BROUGHT}")
    if engine.conditional:
        names = {-1: "each in turn", **dict(enumerate(engine.atlas.classes))}
        st.selectbox("Label", names, format_func=lambda y: names.get(y, str(y)), **session.field("label"))
    if len(engine.levels) > 1:
        keep = {k: f"Top {k}" if k else "Nothing" for k in range(len(engine.levels))}
        st.segmented_control(
            KEEP, keep, format_func=lambda k: keep.get(k, str(k)), width="stretch", **session.field("held")
        )
        st.caption(HELD if drawn.held else LEVELS)
    st.slider("Temperature", 0.0, TEMPERATURE_MAX, step=0.05, help=TEMPERATURE, **session.field("temperature"))
    st.segmented_control("Pictures", COUNTS, width="stretch", **session.field("count"))
    st.number_input("Seed", 0, SEED_MAX, step=1, help="The same seed draws the same pictures.", **session.field("seed"))
    st.button("New seed", icon=":material/casino:", on_click=new_seed, width="stretch")
    evidence = st.toggle("Evidence on every picture", key="generate.evidence", persist_state="session")

columns, labels = columns_of(engine, state), [] if y is None else [engine.atlas.classes[one] for one in y]
with page:
    drawn_grid.show(engine, drawn, x, pictures, columns, names=labels, pinned=evidence)

name = f"{engine.name}-{source}-seed{state.seed}"


def files() -> bytes:
    given, code = recipe(engine, state, drawn), script("generate", engine, state)
    how = {"modality": engine.modality, "columns": columns, "recipe": given, "python": code, "names": labels}
    return downloads.bundle(x, z, **how)


with controls, st.container(horizontal=True):
    st.download_button("PNG", partial(downloads.png, pictures, columns), f"{name}.png", "image/png", on_click="ignore")
    st.download_button("ZIP", files, f"{name}.zip", "application/zip", help=IN_ZIP, on_click="ignore")
