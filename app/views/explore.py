"""Explore: the map, and the decoded picture of the point under the pointer. A click selects a point."""

from __future__ import annotations

import streamlit as st

from app import session
from app.panels.explore import buttons, distance, original, picture, tools
from app.panels.explore.map import studio_map
from app.show import records
from app.show.failures import in_words
from app.state.studio import commit, start
from vae.studies.point import point_of

MAP = "explore.map"

engine = session.engine()
atlas = engine.atlas

if session.studio().point is None:  # a first visit starts at a real sample
    session.update(start(session.studio(), point=point_of(atlas.z[0], atlas.xy[0], 0)))


def take() -> None:
    """The map committed a point."""
    if sent := session.sent(MAP, "committed"):
        session.update(commit(session.studio(), point_of(sent["z"], sent["xy"], sent["row"])))


records.equal_latents(atlas)


@st.fragment
def stage() -> None:
    """The map, the picture and the open tool; a selected point reruns only this fragment."""
    point = session.studio().point
    assert point is not None  # set above
    mapped = point.row is None and atlas.same(engine.from_map([point.xy])[0][0], point.z)
    committed = {"row": point.row, "xy": point.xy, "z": point.z, "mapped": bool(mapped)}
    with st.container(key="zscope-stage"):  # style.css: it takes the room left in the window
        left, right = st.columns([19, 10], gap="medium")
    with left:
        studio_map(engine, key=MAP, committed=committed, on_commit=take)
    with right:
        with in_words():
            picture.show(engine, committed)
        with st.container(key="zscope-tool"), in_words():
            tools.show(engine, committed)
            distance.show(engine, point)
        buttons.show(engine)
        original.show(engine, point)
    session.end()  # the rerun of a fragment ends here
    if session.untold():  # the page shows messages above the fragment
        st.rerun(scope="app")


stage()
