"""The path on Interpolate: its waypoints on the map, the player, the controls and the files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import streamlit as st

from app import session
from app.browser.latent_map import latent_map
from app.browser.path_player import path_player
from app.files import downloads
from app.panels.explore import curate
from app.show import records
from app.state.generation import chosen_label
from app.state.studio import (
    METHODS,
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
from vae.modalities.variables import described
from vae.studies.path import OFF_DATA, default_pair, describe, random_pair, row_point, t_values
from vae.studies.point import Point, point_of
from vae.text import N_, _, number

MAP, PLAYER = "interpolate.map", "interpolate.player"
SHEET_FRAMES = 16
BY_NUMBER = N_("Adds the sample with this number in the training set (after the # in its name) as the last waypoint.")
BUTTONS = (("swap_horiz", reverse, N_("Reverse the path")), ("undo", undo, N_("Undo")), ("redo", redo, N_("Redo")))


def begin(atlas) -> None:
    """A first visit starts with a path instead of an empty page."""
    state = session.studio()
    if not state.waypoints:
        session.update(start(state, waypoints=default_pair(atlas)))
    elif len(state.waypoints) < 2:  # from a truncated link
        session.update(set_waypoints(state, (*state.waypoints, *default_pair(atlas))[:2]))


def on_map(engine: Engine) -> None:
    """The map with the waypoints as pins: a click adds one, and pins can be dragged."""
    state, atlas = session.studio(), engine.atlas
    records.equal_latents(atlas)
    pins = [{"label": letter(i), "name": describe(atlas, p), "xy": p.xy} for i, p in enumerate(state.waypoints)]
    latent_map(
        engine.name,
        key=MAP,
        mode="waypoints",
        waypoints=pins,
        method=state.method,
        edited=curate.on_map(engine),
        on_commit=_added,
        on_waypoint=lambda: _moved(session.sent(MAP, "waypoint")),
    )


def player(engine: Engine) -> None:
    """The live picture at a point of the path, and the list of waypoints."""
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
        help=_(OFF_DATA),
        on_t=lambda: session.update(choose(session.studio(), t=float(session.sent(PLAYER, "t")))),
        on_edit=lambda: _edited(session.sent(PLAYER, "edit")),
    )


def controls(engine: Engine) -> None:
    """The method, buttons that change the path, and a field that adds a sample."""
    atlas = engine.atlas
    st.segmented_control(_("Path"), METHODS, width="stretch", label_visibility="collapsed", **session.field("method"))
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="zscope-path-tools"):
        tie = session.tied("path.sample", None, partial(_take_sample, atlas)) | {"label_visibility": "collapsed"}
        most = int(atlas.index.max())
        hint = _("sample #")
        st.number_input(_("Add sample"), 0, most, step=1, placeholder=hint, help=_(BY_NUMBER), width=112, **tie)
        pair = lambda: _change(set_waypoints, random_pair(atlas, np.random.default_rng()))  # noqa: E731
        help = _("Two random samples of different classes")
        st.button(_("Random pair"), icon=":material/casino:", on_click=pair, help=help)
        for icon, act, help in BUTTONS:
            st.button("", key=f"path.{icon}", icon=f":material/{icon}:", help=_(help), on_click=_change, args=(act,))


def files(engine: Engine) -> None:
    """Download buttons; each file is made when its button is clicked."""
    state = session.studio()
    name = f"{engine.name}-{state.method}"

    def path(n: int | None = None) -> tuple[np.ndarray, np.ndarray | None]:
        n = n or len(t_values(len(state.waypoints) - 1)[0])
        z = engine.interpolate(np.array([p.z for p in state.waypoints], np.float32), n, state.method)
        return z, engine.condition_at(z, chosen_label(engine, state))

    def pictures(n: int | None = None) -> np.ndarray:
        z, c = path(n)
        return engine.decode_uint8(z, c=c)

    def arrays() -> bytes:
        z, c = path()
        return downloads.npz(engine.decode(z, c=c), z, xy=engine.to_map(z), **described(engine.variables))

    missing, recipe = downloads.why_no_mp4(), session.recipe("interpolate")
    frames = _("{n} frames side by side", n=number(SHEET_FRAMES))
    video = missing or _("Video from the first waypoint to the last")
    kinds: list[tuple[str, str, Callable[[], bytes] | str, str, bool]] = [
        ("GIF", "gif", lambda: downloads.gif(pictures(), 3.0), _("Looping, forwards and backwards"), False),
        ("MP4", "mp4", lambda: downloads.mp4(pictures()), video, bool(missing)),
        ("PNG", "png", lambda: downloads.png(pictures(SHEET_FRAMES), SHEET_FRAMES), frames, False),
        ("NPZ", "npz", arrays, _("Latents z, samples x and map positions xy"), False),
        (_("Recipe"), "json", recipe, _("Model, method and waypoints; open it with the Share button"), False),
    ]
    with st.container(horizontal=True, gap="xsmall", key="zscope-path-files"):
        for label, suffix, make, help, off in kinds:
            file = f"{name}.{suffix}"
            st.download_button(label, make, file, help=help, disabled=off, on_click="ignore", key=f"path.{suffix}")


# ---------------------------------------------------------------- user actions


def _change(act: Callable[..., Studio], *given) -> None:
    try:
        session.update(act(session.studio(), *given))
    except ValueError as error:
        session.tell(_("The path was not changed: {reason}.", reason=error))


def _take_sample(atlas, number: int | None) -> None:
    if number is None:
        return
    try:
        row = atlas.row_of(number)
    except ZscopeError as error:
        message = str(error)
        session.tell(message[:1].upper() + message[1:])
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
    if sent["do"] in ("undo", "redo"):
        return _change(undo if sent["do"] == "undo" else redo)
    at, waypoints = int(sent["at"]), list(session.studio().waypoints)
    to = at + {"earlier": -1, "later": 1}.get(sent["do"], 0)
    if sent["do"] == "remove":
        _change(remove_waypoint, at)
    elif 0 <= at < len(waypoints) and 0 <= to < len(waypoints):
        waypoints[at], waypoints[to] = waypoints[to], waypoints[at]
        _change(set_waypoints, waypoints)


def _added() -> None:
    if sent := session.sent(MAP, "committed"):
        _change(add_waypoint, _point(sent))


def _point(sent: dict) -> Point:
    return point_of(sent["z"], sent["xy"], sent["row"])
