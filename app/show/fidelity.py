"""Fidelity on a page: a warning about a model that reconstructs poorly."""

from __future__ import annotations

import streamlit as st

from vae.atlas.fidelity import Fidelity
from vae.atlas.fidelity_words import sentence
from vae.text import _


def warning(found: Fidelity | None, *, sigma: bool = False) -> str:
    """What to make of a model that reconstructs poorly; "" for others."""
    if found is None or not found.poor:
        return ""
    parts = (
        _("This model reconstructs poorly."),
        sentence(found, sigma=sigma),
        _("Trust says whether a point comes back, not whether its picture looks like the real samples near it."),
    )
    return " ".join(parts)


def show(found: Fidelity | None, *, sigma: bool = False) -> None:
    """A warning about a model that reconstructs poorly; nothing for others."""
    if said := warning(found, sigma=sigma):
        st.warning(said, icon=":material/blur_on:")
