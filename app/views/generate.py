"""Generate: new samples from the prior or from where the data went. A click takes one to Explore."""

from __future__ import annotations

import secrets
from functools import partial

import numpy as np
import streamlit as st

from app import downloads, session
from app.components.picture_grid import picture_grid
from app.draws import columns_of, draw
from app.studio import COUNTS, SEED_MAX, SOURCES, TEMPERATURE_MAX, choose, commit, point_of

MEANING = {
    "prior": "z drawn from p(z), the distribution the model generates from, fixed beforehand or learned with it.",
    "aggregate": "z drawn from q(z), where the codes of the data do lie: the posterior of a random real sample.",
}
NO_PRIOR = "has no prior: a plain autoencoder never learnt where codes lie. Drawn from Gaussians fitted on its codes."
KEEP, HELD = "Keep of the point on Explore", "Its upper levels stay; those below are drawn anew, given what is above."
LEVELS = "This model has several levels of latents: keep the upper ones of a sample and see what the others decide."
TEMPERATURE = "Scales every standard deviation: 1 is the model's own, 0 its means."


def new_seed() -> None:
    session.update(choose(session.studio(), seed=secrets.randbelow(1_000_000)))


state, engine = session.studio(), session.engine()
drawn = draw(engine, state)
z, y, source, pictures = drawn.z, drawn.y, drawn.source, engine.decode_uint8(drawn.z, drawn.y)

controls, page = st.columns([2, 9], gap="medium")
with controls:
    if engine.has_prior:
        st.segmented_control("Source", SOURCES, format_func=str.capitalize, width="stretch", **session.field("source"))
        st.caption(MEANING[source])
    else:
        st.info(f"{engine.name} {NO_PRIOR}")
    if engine.conditional:
        names = {-1: "each in turn", **dict(enumerate(engine.atlas.classes))}
        st.selectbox("Label", names, format_func=names.get, **session.field("label"))
    if len(engine.levels) > 1:
        keep = {k: f"Top {k}" if k else "Nothing" for k in range(len(engine.levels))}
        st.segmented_control(KEEP, keep, format_func=keep.get, width="stretch", **session.field("held"))
        st.caption(HELD if drawn.held else LEVELS)
    st.slider("Temperature", 0.0, TEMPERATURE_MAX, step=0.05, help=TEMPERATURE, **session.field("temperature"))
    st.segmented_control("Pictures", COUNTS, width="stretch", **session.field("count"))
    st.number_input("Seed", 0, SEED_MAX, step=1, help="The same seed draws the same pictures.", **session.field("seed"))
    st.button("New seed", icon=":material/casino:", on_click=new_seed, width="stretch")
    evidence = st.toggle("Evidence on every picture", key="generate.evidence", persist_state="session")

columns = columns_of(engine, state)

with page:
    picked = picture_grid(
        engine.name,
        pictures,
        key="generate.grid",
        columns=columns,
        rows=[engine.atlas.neighbours(one, k=1)[0][0] for one in z],
        trust=engine.trust(z, y),
        pinned=evidence,
        labels=[] if y is None else [engine.atlas.classes[one] for one in y],
    ).picked

if picked is not None and 0 <= int(picked) < len(z):
    chosen = z[int(picked)]
    session.update(commit(state, point_of(chosen, engine.to_map(chosen[None])[0])))
    st.switch_page("views/explore.py")

name = f"{engine.name}-{source}-seed{state.seed}"
settings = {"source": np.array(source), "seed": np.array(state.seed), "temperature": np.array(state.temperature)}
with controls, st.container(horizontal=True):
    st.download_button("PNG", partial(downloads.png, pictures, columns), f"{name}.png", "image/png", on_click="ignore")
    numbers = lambda: downloads.npz(engine.decode(z, y), z, **settings)  # noqa: E731
    st.download_button("NPZ", numbers, f"{name}.npz", on_click="ignore")
