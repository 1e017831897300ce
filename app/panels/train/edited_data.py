"""Whether a new training uses the edits of its data set, and what they come to."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import session
from app.show.literal import literal
from vae.data import edits
from vae.data.edit_list import edits_of
from vae.errors import ZscopeError
from vae.registry import Dataset
from vae.text import N_, _, number

HELP = N_("Samples that were dropped or relabelled under Curate on Explore. Off: train on the data set as it came.")


def show(place: DeltaGenerator, data: Dataset) -> bool:
    """A checkbox, if there are edits that make a difference to a training; its value, True without one."""
    try:
        found = edits_of(data.name)
        if not found:
            return True
        with place:
            used = st.checkbox(
                _("Use the edits"), value=True, help=_(HELP), key=f"train.edits.{data.name}", persist_state="session"
            )
            if used:
                _what_they_do(data, found.card())
            else:
                said = _("As it came, without {n} edits.", n=number(sum(found.card()[k] for k in edits.COUNTS)))
                st.caption(f":material/edit_off: {said}")
        return used
    except ZscopeError as error:
        place.error(literal(error, code=True), icon=":material/error:")
        return True


def _what_they_do(data: Dataset, entry: dict[str, Any]) -> None:
    """How many samples are left, and which classes have none."""
    split = session.training_split(data)
    if split is None:
        return
    st.caption(f":material/edit_note: {edits.told(entry, split.n + entry['dropped'])}")
    if split.emptied:
        st.warning(literal(split.emptied), icon=":material/category:")
