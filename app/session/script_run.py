"""A run of the page's script, from begin to end, and the link that restores what it shows."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from app.live import engines
from app.session.models import digest, engine, open_some_model
from app.session.state import is_new, studio, tell, update
from app.state import links
from app.state import studio as studio_

_DIGEST, _DIGEST_CHARACTERS = "digest", 12  # of the model, in the link


def begin() -> bool:
    """Open a run: read the link if it is news, load its model, place its points. False if no model can be opened.

    A link is news on a session's first run and when the browser went back or forward; in between the session is the
    truth, since a link that travels with a fast click may be older than the state.
    """
    context = get_script_run_ctx()
    if is_new() or (context is not None and context.is_history_navigation):
        state, problems = links.from_query(st.query_params.to_dict())
        if "model" not in st.query_params:
            state = studio_.choose(state, model=engines.default() or studio_.DEFAULT_MODEL)
        update(state)
        tell(*problems)
        given = st.query_params.get(_DIGEST, "")
    else:
        given = ""
    opened = open_some_model()
    if opened and given:
        _compare_digest(opened, given)
    if opened:
        state, problems = studio_.placed(studio(), opened.atlas.z, opened.atlas.xy, _to_map(opened))
        update(state)
        tell(*problems)
    return opened is not None


def end() -> None:
    """Close a run: the link tells the state. Written once, since each writing is a step of the browser's history."""
    wanted, _ = link()
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def link() -> tuple[dict[str, str], tuple[str, ...]]:
    """The parameters of a link to the state as it is now, and what was left out to keep it short enough."""
    query, left_out = links.to_query(studio())
    return query | {_DIGEST: digest(engine())[:_DIGEST_CHARACTERS]}, left_out


def recipe() -> str:
    """All of the state as a file, for what is too long for a link."""
    return links.to_recipe(studio(), digest(engine()))


def take_recipe(text: bytes) -> None:
    """The state of such a file becomes the state. Raises: ValueError: it is none."""
    state, given, problems = links.from_recipe(text)
    engine(state.model)
    update(state)
    tell(*problems)
    _compare_digest(engine(), given)


def _compare_digest(opened, given: str) -> None:
    here = digest(opened)[: len(given)]
    if given != here and studio().model == opened.name:
        tell(
            f"This link was made with another {opened.name}: its weights hash to {given}, those here to {here}. "
            "Points mean something else here."
        )


def _to_map(opened):
    return lambda z: opened.to_map(np.asarray([z], np.float32))[0]
