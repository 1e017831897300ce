"""What one browser session holds, the link that restores it, and the way to the engines that all sessions share.

The only part that touches st.session_state, st.query_params and st.cache_*. `state` holds what was chosen, `models`
opens what it names, `remembered` asks them, `script_run` ties each run of the page to its link.
"""

from __future__ import annotations

from app.session.cached import attribute, n_train, named, posterior, sample_of, samples, test_samples, training
from app.session.models import (
    cards,
    digest,
    engine,
    has_map,
    leave_for,
    names_taken,
    offered,
    open_model,
    picker,
    some_other_model,
)
from app.session.script_run import begin, end, link, recipe, take_recipe
from app.session.state import (
    dismiss,
    field,
    forget,
    held,
    kept,
    local,
    problems,
    put,
    release,
    sent,
    setting,
    studio,
    take,
    tell,
    tied,
    update,
    watch,
)
