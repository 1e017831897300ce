"""Train: a new training on the left, the queue and all runs on the right, each a process of its own; or one of them in
the theatre, over the whole page."""

from __future__ import annotations

import streamlit as st

from app import session
from app.panels.train import new_run, run_list, theatre

if session.studio().watched:
    theatre.show()
else:
    form, runs = st.columns([8, 13], gap="large")
    with form:
        new_run.show(runs.container())
    with runs:
        st.markdown("### Runs")
        run_list.show()
