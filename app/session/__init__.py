"""One browser session: its state, the link that restores it, and access to the engines that all sessions share.

Only this room uses st.session_state, st.query_params and st.cache_*. `state` has the state of the session, `models`
finds and opens models, `cached` caches results of models and data sets, and `script_run` connects each run of a page
with its link.
"""

from __future__ import annotations

from app.session.cached import (
    attribute,
    grey,
    named,
    posterior,
    sample_of,
    samples,
    similarity,
    suited,
    test_samples,
    training,
    training_split,
)
from app.session.models import (
    cards,
    digest,
    engine,
    first_opened,
    has_map,
    leave_for,
    names_taken,
    offered,
    open_model,
    picker,
    recently_used,
    some_other_model,
    unreadable,
    version,
)
from app.session.script_run import arrive, begin, end, leave, link, recipe, take_recipe
from app.session.state import (
    dismiss,
    field,
    forget,
    held,
    kept,
    may,
    problems,
    put,
    release,
    required,
    sent,
    setting,
    studio,
    take,
    tell,
    tied,
    told_now,
    untold,
    update,
    watch,
    why_not,
)
