"""Interpolate: walk from A to B, see every step at once, and how far from real samples each way leads."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from app import downloads, session
from app.components.frame_strip import frame_strip
from app.components.latent_map import latent_map
from app.components.path_player import path_player
from app.studio import METHODS, choose, letter, move_waypoint, pick, point_of, reverse, set_waypoints
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
        session.update(move_waypoint(state, "AB".index(moves), point) if moves in ("A", "B") else pick(state, point))


def take_row(at: int, row: int | None) -> None:
    if row is not None:
        session.update(move_waypoint(session.studio(), at, row_point(atlas, row)))


def take_random() -> None:
    session.update(set_waypoints(session.studio(), random_pair(atlas, np.random.default_rng())))


def take_place(key: str, name: str) -> None:
    sent = session.sent(key, name)
    session.update(choose(session.studio(), **(sent if isinstance(sent, dict) else {"t": sent})))


state = session.studio()
if len(state.waypoints) < 2:  # a first visit starts on a walk, not on an empty page
    session.update(state := set_waypoints(state, (*state.waypoints, *default_pair(atlas))[:2]))
start, end = state.waypoints[0], state.waypoints[-1]
walks = {m: session.walk(engine.name, engine.card["created"], start.z, end.z, m) for m in METHODS}
left, right = st.columns([19, 10], gap="medium")

with right:
    a, b = ({"z": p.z, "row": p.row, "name": describe(atlas, p)} for p in (start, end))
    scores = {m: walk.off_data for m, walk in walks.items()}
    here = {"method": state.method, "t": state.t}
    take = partial(take_place, PLAYER, "t")
    path_player(engine.name, key=PLAYER, a=a, b=b, scores=scores, help=OFF_DATA, on_t=take, **here)
    st.segmented_control("Slider walks", METHODS, width="stretch", **session.field("method"))
    moves = st.segmented_control("A click on the map moves", MOVES, default="nearer", key=CLICKS, width="stretch")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        for at, point in ((0, start), (len(state.waypoints) - 1, end)):
            tie = session.tied(f"row.{at}", point.row, partial(take_row, at))
            st.number_input(f"{letter(at)}, row", 0, atlas.n - 1, step=1, placeholder="free", width=124, **tie)
        st.button("Swap", on_click=lambda: session.update(reverse(session.studio())))
    with st.container(horizontal=True, gap="small"):
        y = engine.labels_at(z := path(np.array(start.z), np.array(end.z), FILE_FRAMES, state.method))
        st.button("Random pair", icon=":material/casino:", on_click=take_random)
        gif, npz = lambda: downloads.gif(engine.decode_uint8(z, y)), lambda: downloads.npz(engine.decode(z, y), z)
        for kind, make in (("GIF", gif), ("NPZ", npz)):
            st.download_button(kind, make, f"{engine.name}-{state.method}.{kind.lower()}", on_click="ignore")

with left:
    pins = [{"label": letter(i), "xy": p.xy} for i, p in enumerate((start, end))]
    lines = [{"name": m, "xy": walks[m].line} for m in sorted(METHODS, key=lambda m: m != state.method)]
    take = partial(take_click, moves)
    latent_map(engine.name, key=MAP, height=405, mode="waypoints", waypoints=pins, paths=lines, on_commit=take)
    take = partial(take_place, STRIP, "frame")
    frame_strip(engine.name, walks, key=STRIP, reach=atlas.reach, notes=NOTES, on_frame=take, **here)
