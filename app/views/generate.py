"""Generate: new samples from the prior, the aggregate posterior or a mixture. A click opens one in Explore."""

from __future__ import annotations

from functools import partial

import streamlit as st

from app import session
from app.files import downloads
from app.panels.generate import controls, drawn_grid
from app.state.generation import columns_of, draw, recipe
from app.state.scripts import script
from vae.text import N_, _

IN_ZIP = N_("All pictures as PNG, samples in their own format, latents as NPZ, the recipe and a Python script.")

state, engine = session.studio(), session.engine()
drawn = draw(engine, state)
x = engine.decode(drawn.z, drawn.y, c=drawn.c)
pictures = engine.modality.pictures(x)

with st.container(key="zscope-stage"):  # style.css: it takes the room left in the window
    side, page = st.columns([5, 19], gap="medium")
with side:
    evidence = controls.show(engine, drawn)

columns = columns_of(engine, state)
labels = [] if drawn.y is None else [engine.atlas.classes[label] for label in drawn.y]
with page:
    drawn_grid.show(engine, drawn, x, pictures, columns, names=labels, pinned=evidence)

name = f"{engine.name}-{drawn.source}-seed{state.seed}"


def files() -> bytes:
    given, code = recipe(engine, state, drawn), script("generate", engine, state)
    how = {"modality": engine.modality, "columns": columns, "recipe": given, "python": code, "names": labels}
    return downloads.bundle(x, drawn.z, **how, variables=engine.variables)


with side, st.container(horizontal=True):
    st.download_button(
        _("PNG"), partial(downloads.png, pictures, columns), f"{name}.png", "image/png", on_click="ignore"
    )
    st.download_button(_("ZIP"), files, f"{name}.zip", "application/zip", help=_(IN_ZIP), on_click="ignore")
