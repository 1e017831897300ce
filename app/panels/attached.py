"""What the page tells the program that holds an attached model, and what that program sets on the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from app import session
from app.browser.pulse import pulse
from app.live.orphan import GRACE_S
from app.state import studio as studio_
from vae.errors import DecoderStopped, ZscopeError
from vae.studies.point import Point, point_of
from vae.text import _, duration

EVERY_S = 0.5
_MAP = "zscope.attached.map"  # the model and the version of its map that this session shows
LAYER, PICTURE = "zscope.layer", "zscope.picture"  # what the map shall show below the points, and be drawn as
_ENDED = "zscope.attached.ended"  # whether this session was told that the program has ended
_CHANGE = "zscope.attached"  # the number of the last change that this session has taken over


def renew() -> None:
    """Place the points anew if the map of an attached model has been laid out anew since the last run."""
    opened = session.engine()
    if "attached" not in opened.traits:
        return
    drawn, now = session.held(_MAP), (opened.name, session.version(opened))
    if drawn is not None and drawn != now and drawn[0] == now[0]:
        free = studio_.unplaced(session.studio())
        state, _problems = studio_.placed(free, opened.atlas.z, opened.atlas.xy, lambda z: _at(z, opened).xy)
        session.update(state)
    session.put(_MAP, now)


def exchange() -> None:
    """Tell the program what is on the screen, and take over what it sets from now on, if it holds the model."""
    if "attached" not in session.engine().traits:
        return
    _tell()
    _take_over()


def _tell() -> None:
    """What is on the screen, to the program that holds the model."""
    state = session.studio()
    waypoints = [p.z for p in state.waypoints if p.z]
    told: dict[str, Any] = {"selected": state.selected, "waypoints": waypoints, "colour": state.colour}
    told |= {"point": state.point.z if state.point else None}
    _asked(lambda: session.engine().model.tell(told))


def _asked(ask: Callable[[], Any]) -> Any:
    """What the program answers; None if it does not. A session is told once that it has ended."""
    try:
        return ask()
    except DecoderStopped:
        if not session.held(_ENDED):
            session.put(_ENDED, True)
            session.tell(_has_ended())
    except ZscopeError:  # it is busy, and is asked again in a moment
        pass
    return None


def _has_ended() -> str:
    return _(
        "The program that holds this model has ended. What is on this page can still be read and saved, for {time}; to "
        "go on, run the program again and use the page that it then opens.",
        time=duration(GRACE_S),
    )


@st.fragment
def _take_over() -> None:
    pulse(EVERY_S, key="unseen-attached")
    opened = session.engine()
    if "attached" not in opened.traits:  # another model was chosen since
        return
    _tell()  # a selection on Explore reruns that fragment alone
    wanted = _asked(lambda: opened.model.wanted(session.held(_CHANGE) or 0))
    if session.untold():  # the page shows messages above this fragment
        st.rerun(scope="app")
    if wanted is None:
        return
    session.put(_CHANGE, wanted.pop("change", 0))
    for name, slot in (("layer", LAYER), ("picture", PICTURE)):
        if name in wanted:
            session.put(slot, wanted[name])
    if wanted:
        session.update(_set(session.studio(), wanted, opened))
    anew = session.held(_MAP) != (opened.name, session.version(opened))  # the map was laid out anew
    if wanted or anew:
        st.rerun(scope="app")


def _set(state: studio_.Studio, wanted: dict, opened) -> studio_.Studio:
    if "colour" in wanted:
        state = studio_.choose(state, colour=wanted["colour"])
    if "selected" in wanted:
        state = studio_.select(state, wanted["selected"])
    if "waypoints" in wanted:
        state = studio_.set_waypoints(state, [_at(z, opened) for z in wanted["waypoints"]])
    if "point" in wanted:
        state = studio_.commit(state, _at(wanted["point"], opened))
    return state


def take_drawn(key: str) -> None:
    """The map was drawn as a picture: tell the program that asked for it. key: of the map."""
    opened, drawn = session.engine(), session.sent(key, "drawn")
    if drawn and "attached" in opened.traits:
        try:
            opened.model.tell({"drawn": {"n": int(drawn["n"]), "png": str(drawn["png"])}})
        except ZscopeError as error:
            session.tell(str(error))


def _at(z: list[float], opened) -> Point:
    return point_of(z, opened.to_map(np.asarray([z], np.float32))[0])
