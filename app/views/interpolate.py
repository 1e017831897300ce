"""Interpolate: walk from A to B, see every step at once, and how far from real samples each way leads."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from app import downloads, session
from app.components.frame_strip import frame_strip
from app.components.latent_map import latent_map
from app.components.path_player import path_player
from app.studio import METHODS, choose, pick, point_of, set_waypoints, swap
from app.walk import OFF_DATA, default_pair, describe, random_pair, row_point
from vae.latent.paths import path

MAP, PLAYER, STRIP, CLICKS = (f"interpolate.{part}" for part in ("map", "player", "strip", "clicks"))
MOVES, FILE_FRAMES = ("nearer", "A", "B"), 32
NOTES = ("space plays", "← → walk", "a frame goes there")

engine = session.engine()
atlas = engine.atlas


def take_click(moves: str) -> None:
    if sent := session.sent(MAP, "committed"):
        point, state = point_of(sent["z"], sent["xy"], sent["row"]), session.studio()
        session.update(set_waypoints(state, **{moves.lower(): point}) if moves in ("A", "B") else pick(state, point))


def take_row(which: str, row: int | None) -> None:
    if row is not None:
        session.update(set_waypoints(session.studio(), **{which: row_point(atlas, row)}))


def take_random() -> None:
    a, b = random_pair(atlas, np.random.default_rng())
    session.update(set_waypoints(session.studio(), a=a, b=b))


def take_place(key: str, name: str) -> None:
    sent = session.sent(key, name)
    session.update(choose(session.studio(), **(sent if isinstance(sent, dict) else {"t": sent})))


state = session.studio()
if state.a is None or state.b is None:  # a first visit starts on a walk, not on an empty page
    a, b = default_pair(atlas)
    session.update(state := set_waypoints(state, a=state.a or a, b=state.b or b))
walks = {m: session.walk(engine.name, engine.card["created"], state.a.z, state.b.z, m) for m in METHODS}
left, right = st.columns([19, 10], gap="medium")

with right:
    a, b = ({"z": p.z, "row": p.row, "name": describe(atlas, p)} for p in (state.a, state.b))
    scores = {m: walk.off_data for m, walk in walks.items()}
    here = {"method": state.method, "t": state.t}
    take = partial(take_place, PLAYER, "t")
    path_player(engine.name, key=PLAYER, a=a, b=b, scores=scores, help=OFF_DATA, on_t=take, **here)
    st.segmented_control("Slider walks", METHODS, width="stretch", **session.field("method"))
    moves = st.segmented_control("A click on the map moves", MOVES, default="nearer", key=CLICKS, width="stretch")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for which, end in (("a", state.a), ("b", state.b)):
            tie = session.tied(f"row.{which}", end.row, partial(take_row, which))
            st.number_input(f"{which.upper()}, row", 0, atlas.n - 1, step=1, placeholder="free", width=124, **tie)
        st.button("Swap", on_click=lambda: session.update(swap(session.studio())))
    with st.container(horizontal=True, gap="small"):
        y = engine.labels_at(z := path(np.array(state.a.z), np.array(state.b.z), FILE_FRAMES, state.method))
        st.button("Random pair", icon=":material/casino:", on_click=take_random)
        gif, npz = lambda: downloads.gif(engine.decode_uint8(z, y)), lambda: downloads.npz(engine.decode(z, y), z)
        for kind, make in (("GIF", gif), ("NPZ", npz)):
            st.download_button(kind, make, f"{engine.name}-{state.method}.{kind.lower()}", on_click="ignore")

with left:
    pins = [{"label": "A", "xy": state.a.xy}, {"label": "B", "xy": state.b.xy}]
    lines = [{"name": m, "xy": walks[m].line} for m in sorted(METHODS, key=lambda m: m != state.method)]
    take = partial(take_click, moves)
    latent_map(engine.name, key=MAP, height=405, mode="waypoints", waypoints=pins, paths=lines, on_commit=take)
    take = partial(take_place, STRIP, "frame")
    frame_strip(engine.name, walks, key=STRIP, reach=atlas.reach, notes=NOTES, on_frame=take, **here)
