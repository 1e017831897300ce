"""Train: a form for a new training on the left, all runs on the right; or one run in the theatre, on the whole page."""

from __future__ import annotations

import streamlit as st

from app import session
from app.live.rights import Right
from app.panels import rights_notice
from app.panels.train import new_run, run_list, theatre
from vae.text import _

if session.studio().watched:
    theatre.show()
else:
    form, runs = st.columns([8, 13], gap="large")
    with form:
        if rights_notice.show(Right.TRAIN):
            new_run.show(runs.container())
    with runs:
        st.markdown("### " + _("Runs"))
        run_list.show()
