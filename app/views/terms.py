"""Terms: docs/terms.md as a page of the app, to which help texts lead: /terms#rate. Needs no model."""

from __future__ import annotations

import streamlit as st

from app.show import terms

with st.container(key="zscope-terms"):
    head, rest = terms.page().split("\n## ", 1)
    st.markdown(head)
    st.markdown(terms.contents())
    st.markdown(f"## {rest}")
