"""The way on Interpolate: where it leads, what the user does to it, and the files it can be taken along as."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from app import session
from app.browser.latent_map import latent_map
from app.browser.path_player import path_player
from app.files import downloads
from app.state.generation import chosen_label
from app.state.studio import (
    METHODS,
    WAYPOINTS_MAX,
    Studio,
    add_waypoint,
    choose,
    letter,
    move_waypoint,
    redo,
    remove_waypoint,
    reverse,
    set_waypoints,
    start,
    undo,
)
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.studies.path import OFF_DATA, default_pair, describe, places, random_pair, row_point
from vae.studies.point import Point, point_of

MAP, PLAYER, ROW = "interpolate.map", "interpolate.player", "interpolate.row"
STRIP_FRAMES = 16
BY_NUMBER = "The sample with this number in the training set, as it stands after #, becomes the last waypoint."
BUTTONS = (("swap_horiz", reverse, "Walk it backwards"), ("undo", undo, "Undo"), ("redo", redo, "Redo"))


def begin(atlas) -> None:
    """A first visit starts on a way, not on an empty page."""
    state = session.studio()
    if not state.waypoints:
        session.update(start(state, waypoints=default_pair(atlas)))
    elif len(state.waypoints) < 2:  # of a link that was cut short
        session.update(set_waypoints(state, (*state.waypoints, *default_pair(atlas))[:2]))


def on_map(engine: Engine) -> None:
    """The map with the waypoints as pins: a click adds one, pins can be dragged."""
    state, atlas = session.studio(), engine.atlas
    pins = [{"label": letter(i), "name": describe(atlas, p), "xy": p.xy} for i, p in enumerate(state.waypoints)]
    latent_map(
        engine.name,
        key=MAP,
        height=280,
        mode="waypoints",
        waypoints=pins,
        method=state.method,
        on_commit=_added,
        on_waypoint=lambda: _moved(session.sent(MAP, "waypoint")),
    )


def player(engine: Engine) -> None:
    """The live picture of the way and the list of its waypoints."""
    state, atlas = session.studio(), engine.atlas
    points = [
        {"z": p.z, "row": p.row, "name": describe(atlas, p), "label": letter(i)} for i, p in enumerate(state.waypoints)
    ]
    path_player(
        engine.name,
        key=PLAYER,
        waypoints=points,
        method=state.method,
        t=state.t,
        help=OFF_DATA,
        on_t=lambda: session.update(choose(session.studio(), t=float(session.sent(PLAYER, "t")))),
        on_edit=lambda: _edited(session.sent(PLAYER, "edit")),
    )


def controls(engine: Engine) -> None:
    """Which way is walked, and what changes it."""
    atlas = engine.atlas
    st.segmented_control("Way", METHODS, width="stretch", label_visibility="collapsed", **session.field("method"))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="zscope-way-tools"):
        tie = session.tied("way.sample", None, partial(_take_sample, atlas)) | {"label_visibility": "collapsed"}
        most = int(atlas.index.max())
        st.number_input("Add sample", 0, most, step=1, placeholder="sample #", help=BY_NUMBER, width=112, **tie)
        pair = lambda: _change(set_waypoints, random_pair(atlas, np.random.default_rng()))  # noqa: E731
        st.button("Random pair", icon=":material/casino:", on_click=pair, help="Two samples, of two classes")
        for icon, act, words in BUTTONS:
            st.button("", key=f"way.{icon}", icon=f":material/{icon}:", help=words, on_click=_change, args=(act,))


def files(engine: Engine) -> None:
    """The way as files, made when they are asked for."""
    state = session.studio()
    name = f"{engine.name}-{state.method}"

    def way(n: int | None = None) -> tuple[np.ndarray, np.ndarray | None]:
        n = n or len(places(len(state.waypoints) - 1)[0])
        z = engine.interpolate(np.array([p.z for p in state.waypoints], np.float32), n, state.method)
        return z, engine.condition_at(z, chosen_label(engine, state))

    def pictures(n: int | None = None) -> np.ndarray:
        z, c = way(n)
        return engine.decode_uint8(z, c=c)

    def numbers() -> bytes:
        z, c = way()
        return downloads.npz(engine.decode(z, c=c), z, xy=engine.to_map(z))

    missing = downloads.why_no_mp4()
    kinds: list[tuple[str, str, Callable[[], bytes | str], str, bool]] = [
        ("GIF", "gif", lambda: downloads.gif(pictures(), 3.0), "There and back, for ever", False),
        ("MP4", "mp4", lambda: downloads.mp4(pictures()), missing or "Once through", bool(missing)),
        ("PNG", "png", lambda: downloads.png(pictures(STRIP_FRAMES), STRIP_FRAMES), "A strip", False),
        ("NPZ", "npz", numbers, "Latents z, samples x and places xy", False),
        ("Recipe", "json", session.recipe, "Model, method, waypoints; the share button opens it again", False),
    ]
    with st.container(horizontal=True, gap="xsmall", key="zscope-way-files"):
        for label, ending, make, words, off in kinds:
            file = f"{name}.{ending}"
            st.download_button(label, make, file, help=words, disabled=off, on_click="ignore", key=f"way.{ending}")


# ---------------------------------------------------------------- what the user did


def _change(act: Callable[..., Studio], *given) -> None:
    try:
        session.update(act(session.studio(), *given))
    except ValueError as error:
        limit = f"A way has 2 to {WAYPOINTS_MAX} waypoints"
        session.tell(f"{limit}: {error}.")


def _take_sample(atlas, number: int | None) -> None:
    if number is None:
        return
    try:
        row = atlas.row_of(number)
    except ZscopeError as error:
        session.tell(f"S{str(error)[1:]}")
        return
    _change(add_waypoint, row_point(atlas, row))


def _moved(sent: dict | None) -> None:
    if sent and sent.get("remove"):
        _change(remove_waypoint, int(sent["at"]))
    elif sent:
        _change(move_waypoint, int(sent["at"]), _point(sent))


def _edited(sent: dict | None) -> None:
    if not sent:
        return
    at, way = int(sent["at"]), list(session.studio().waypoints)
    to = at + {"earlier": -1, "later": 1}.get(sent["do"], 0)
    if sent["do"] == "remove":
        _change(remove_waypoint, at)
    elif 0 <= at < len(way) and 0 <= to < len(way):
        way[at], way[to] = way[to], way[at]
        _change(set_waypoints, way)


def _added() -> None:
    if sent := session.sent(MAP, "committed"):
        _change(add_waypoint, _point(sent))


def _point(sent: dict) -> Point:
    return point_of(sent["z"], sent["xy"], sent["row"])
