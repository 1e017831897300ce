"""A run of the page's script, from begin to end, and the link that restores its state."""

from __future__ import annotations

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

from app.live import engines
from app.session.models import digest, engine, open_some_model
from app.session.state import held, is_new, new_run, put, studio, tell, update
from app.state import links
from app.state import studio as studio_
from vae.text import _

_PAGE = "zscope.page"  # that ran last
_DIGEST, _DIGEST_CHARACTERS = "digest", 12  # of the model, in the link


def begin() -> bool:
    """Start a run: read the link if it is new, load its model, place its points. False if no model can be opened.

    A link is new on the first run of a session and after the browser went back or forward. Otherwise the state of the
    session counts, since the link that comes with a fast click may be older. It also counts where the browser went back
    to an address without a model, as one types it.
    """
    new_run()
    context = get_script_run_ctx()
    moved = context is not None and context.is_history_navigation and "model" in st.query_params
    if is_new() or moved:
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


def leave() -> None:
    """Forget the fragments of the page that ran last, if another one runs now. Call it before anything is drawn.

    Streamlit keeps them until the new page has run, and the old page is in sight until then. A click in one of its
    fragments would be answered afterwards, for the old page, and the browser would empty the new one. A click that
    came before this call and still waits is merged into the rerun that is asked for here.
    """
    context, last = get_script_run_ctx(), held(_PAGE)
    if context is None or context.script_requests is None or last in (None, context.page_script_hash):
        return
    context.fragment_storage.clear()
    arrive()
    again = RerunData(
        query_string=context.query_string,
        page_script_hash=context.page_script_hash,
        cached_message_hashes=context.cached_message_hashes,
        context_info=context.context_info,
        is_history_navigation=context.is_history_navigation,
    )
    context.script_requests.request_rerun(again)


def arrive() -> None:
    """Note which page runs, once st.navigation knows it: of an address that was typed, only then."""
    context = get_script_run_ctx()
    put(_PAGE, None if context is None else context.page_script_hash)


def end() -> None:
    """End a run: write the link of the state, only once, since each change adds a step to the browser's history."""
    wanted = link()[0]
    if st.query_params.to_dict() != wanted:
        st.query_params.from_dict(wanted)


def link() -> tuple[dict[str, str], tuple[str, ...]]:
    """The parameters of a link to the current state, and the names of what was left out to keep it short enough."""
    query, left_out = links.to_query(studio())
    return query | {_DIGEST: digest(engine())[:_DIGEST_CHARACTERS]}, left_out


def recipe(page: str) -> str:
    """The whole state as a JSON file, also if it is too long for a link. page: the title of its page in lower case."""
    return links.to_recipe(studio(), digest(engine()), page)


def take_recipe(text: bytes) -> str:
    """Open such a file as the state, and return the page that shows it, "" if the file does not say.

    Raises: ValueError: not a saved file. ZscopeError: its model cannot be opened.
    """
    state, given, page, problems = links.from_recipe(text)
    engine(state.model)
    update(state)
    tell(*problems)
    _compare_digest(engine(), given)
    return page


def _compare_digest(opened, given: str) -> None:
    here = digest(opened)[: len(given)]
    if given != here and studio().model == opened.name:
        tell(
            _(
                "This link was made with a different model named {model} (weights {given}, here {here}), so its points "
                "do not show the same samples.",
                model=opened.name,
                given=given,
                here=here,
            )
        )


def _to_map(opened):
    return lambda z: opened.to_map(np.asarray([z], np.float32))[0]
