"""Interpolate: a way through waypoints by three methods, live, with the evidence of how far each leads from data."""

from __future__ import annotations

import streamlit as st

from app import session
from app.browser.frame_strip import frame_strip
from app.panels.interpolate import path
from app.state.studio import choose
from vae.studies.path import DENSITY, OFF_DATA

STRIP = "interpolate.strip"
NOTES = ("click adds", "drag moves", "del removes", "space plays")

engine = session.engine()


def take_frame() -> None:
    if sent := session.sent(STRIP, "frame"):
        session.update(choose(session.studio(), method=sent["method"], t=float(sent["t"])))


path.begin(engine.atlas)
state = session.studio()
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
        key=STRIP,
        method=state.method,
        t=state.t,
        help={"density": DENSITY, "off_data": OFF_DATA},
        notes=NOTES,
        on_frame=take_frame,
    )
