"""An error as words where the part that failed would be, so that the rest of the page stays."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from app.show.literal import literal
from vae.errors import ZscopeError


@contextmanager
def in_words() -> Iterator[None]:
    """Show an error that zscope raises on purpose. Streamlit would show one that leaves a fragment without its text."""
    try:
        yield
    except ZscopeError as error:
        st.error(literal(error, code=True), icon=":material/error:")
