"""Explore: the map, and the picture of whatever is under the pointer. A click keeps a point."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from app import session
from app.components.latent_console import latent_console, slider_tabs
from app.draws import chosen_label
from app.panels.map import studio_map
from app.studio import choose, commit, point_of, undo
from vae.latent.traverse import COARSE, STEP, axes, local_directions

MAP, CONSOLE = "explore.map", "explore.console"
NEIGHBOURS, SLIDERS = 6, 8

engine = session.engine()
atlas = engine.atlas

if session.studio().point is None:  # a first visit starts on a real sample
    session.update(commit(session.studio(), point_of(atlas.z[0], atlas.xy[0], 0)))


def take() -> None:
    """The map committed a point."""
    if sent := session.sent(MAP, "committed"):
        session.update(commit(session.studio(), point_of(sent["z"], sent["xy"], sent["row"])))


def take_back() -> None:
    session.update(undo(session.studio()))


def take_label() -> None:
    sent = session.sent(CONSOLE, "label") or {"label": None}
    session.update(choose(session.studio(), label=-1 if sent["label"] is None else int(sent["label"])))


def sliders(z: np.ndarray, y: int | None) -> dict:
    """What to pull at z, as the console's tabs: local directions and single axes."""
    step = COARSE if engine.n_codes else STEP
    given = (partial(engine.decode, y=y), z, atlas.z_std, min(SLIDERS, engine.d), atlas.z_mean, step)
    return slider_tabs(*(engine.submit(of, *given).result() for of in (local_directions, axes)))


@st.fragment
def stage() -> None:
    """The map and the console; a commit reruns only this."""
    point, chosen = session.studio().point, chosen_label(engine, session.studio())  # None: as the nearest sample
    near = engine.labels_at(np.asarray([point.z], np.float32))
    y = int(near[0]) if chosen is None and near is not None else chosen
    z = np.asarray(point.z, np.float32)
    mapped = point.row is None and np.allclose(engine.from_map([point.xy])[0][0], z, atol=1e-3)
    committed = {"row": point.row, "xy": point.xy, "z": point.z, "mapped": bool(mapped)}
    left, right = st.columns([19, 10], gap="medium")
    with left:
        studio_map(engine, key=MAP, committed=committed, on_commit=take)
    indices, distances = atlas.neighbours(z, NEIGHBOURS + 1)
    near = [{"row": int(i), "distance": float(d)} for i, d in zip(indices, distances, strict=True) if i != point.row]
    with right:
        latent_console(
            engine.name,
            key=CONSOLE,
            committed=committed,
            neighbours=near[:NEIGHBOURS],
            sliders=sliders(z, y),
            labels=atlas.classes if engine.conditional else (),
            label=chosen,
            on_label=take_label,
            can_undo=len(session.studio().past) > 1,
            on_undo=take_back,
        )
    session.end()  # a fragment's rerun ends here


stage()
