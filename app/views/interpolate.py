"""Interpolate: a live path through waypoints by three methods, with evidence of how far each is from the data."""

from __future__ import annotations

import streamlit as st

from app import session
from app.browser.frame_strip import frame_strip
from app.panels import classifying
from app.panels.interpolate import path
from app.state.studio import choose
from vae.modalities.chart_scale import scale
from vae.studies.path import DENSITY, OFF_DATA
from vae.text import N_, _

FRAMES = "interpolate.frames"
NOTES = (N_("click adds"), N_("drag moves"), N_("del removes"), N_("space plays"))
TOUCH_NOTES = (N_("tap adds"), N_("drag moves"))  # of the same, what fingers do

engine = session.engine()


def take_frame() -> None:
    if sent := session.sent(FRAMES, "frame"):
        session.update(choose(session.studio(), method=sent["method"], t=float(sent["t"])))


path.begin(engine.atlas)
state = session.studio()
explanations = {"density": _(DENSITY), "off_data": _(OFF_DATA), "scale": scale(engine.variables, engine.shape)}
with st.container(key="zscope-stage"):  # style.css: it takes the room left in the window
    left, right = st.columns([19, 10], gap="medium")
with right:
    path.player(engine)
    path.controls(engine)
    path.files(engine)
with left:
    path.on_map(engine)
    frame_strip(
        engine.name,
        [point.z for point in state.waypoints],
        key=FRAMES,
        method=state.method,
        t=state.t,
        help=explanations,
        notes=[_(note) for note in NOTES],
        touch_notes=[_(note) for note in TOUCH_NOTES],
        decisions=classifying.shown(engine),
        on_frame=take_frame,
    )
    if classifying.waiting(engine):
        classifying.awaited(engine)
