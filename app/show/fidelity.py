"""Fidelity in words: how far reconstructions are from their samples, and whether that is poor."""

from __future__ import annotations

import streamlit as st

from vae.atlas.fidelity import ALIKE, Fidelity
from vae.text import _, ngettext, significant


def sentence(found: Fidelity) -> str:
    """The differences of a model's reconstructions, neighbouring samples and PCA."""
    error = significant(found.error, 2)
    if found.neighbour is None:
        said = _("Reconstructions differ from the samples by {error} (RMS).", error=error)
    elif found.beyond_neighbour:
        said = _(
            "Reconstructions differ from the samples by {error} (RMS), more than neighbouring samples differ from each "
            "other ({neighbour}).",
            error=error,
            neighbour=significant(found.neighbour, 2),
        )
    elif found.error < (1 - ALIKE) * found.neighbour:
        said = _(
            "Reconstructions differ from the samples by {error} (RMS), less than neighbouring samples differ from each "
            "other ({neighbour}).",
            error=error,
            neighbour=significant(found.neighbour, 2),
        )
    else:
        said = _(
            "Reconstructions differ from the samples by {error} (RMS), about as much as neighbouring samples differ "
            "from each other ({neighbour}).",
            error=error,
            neighbour=significant(found.neighbour, 2),
        )
    if found.pca is None or found.components is None:
        return said
    pca = significant(found.pca, 2)
    if found.beyond_pca:
        better = ngettext(
            "PCA with {n} component does better: {pca}.",
            "PCA with {n} components does better: {pca}.",
            found.components,
            pca=pca,
        )
        return f"{said} {better}"
    return f"{said} " + ngettext(
        "PCA with {n} component: {pca}.", "PCA with {n} components: {pca}.", found.components, pca=pca
    )


def warning(found: Fidelity | None) -> str:
    """What to make of a model that reconstructs poorly; "" for others."""
    if found is None or not found.poor:
        return ""
    parts = (
        _("This model reconstructs poorly."),
        sentence(found),
        _("Trust says whether a point comes back, not whether its picture looks like the real samples near it."),
    )
    return " ".join(parts)


def show(found: Fidelity | None) -> None:
    """A warning about a model that reconstructs poorly; nothing for others."""
    if said := warning(found):
        st.warning(said, icon=":material/blur_on:")
