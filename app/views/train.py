"""Train: a new training on the left, the queue and all runs on the right. Each is a process of its own."""

from __future__ import annotations

import streamlit as st

from app.panels import new_run, run_list

form, runs = st.columns([8, 13], gap="large")
with form:
    st.markdown("### Train a model")
    new_run.show()
with runs:
    st.markdown("### Runs")
    run_list.show()
