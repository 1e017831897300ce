"""The place of what is still being computed: until it is there, words that say what is being done."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def later(doing: str) -> DeltaGenerator:
    """A place with those words in it, until `.container()` of it is filled."""
    place = st.empty()
    place.caption(f":material/hourglass_empty: {doing}")
    return place
