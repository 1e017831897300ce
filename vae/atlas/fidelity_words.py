"""Fidelity in words: how far reconstructions are from their samples, beside neighbouring samples and PCA."""

from __future__ import annotations

from ..text import _, ngettext, significant
from .fidelity import ALIKE, Fidelity


def sentence(found: Fidelity, *, sigma: bool = False) -> str:
    """The differences of a model's reconstructions, neighbouring samples and PCA. sigma: of standardised values, in
    standard deviations; else of pixels, 0 to 1."""
    error = size(found.error, sigma)
    if found.n is None:
        said = _("Reconstructions differ from the samples by {error} (RMS)", error=error)
    else:
        said = ngettext(
            "Reconstructions of the {n} training sample on the map differ from it by {error} (RMS)",
            "Reconstructions of the {n} training samples on the map differ from them by {error} (RMS)",
            found.n,
            error=error,
        )
    if found.test is not None:
        said += _(", those of the test samples by {error}", error=size(found.test, sigma))
    said += "."
    if found.neighbour is not None:
        said += " " + _beside(found, size(found.neighbour, sigma))
    if found.pca is None or found.components is None:
        return said
    pca = size(found.pca, sigma)
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


def size(rms: float, sigma: bool) -> str:
    """A root mean squared difference of values, in standard deviations if they are standardised (sigma)."""
    return f"{significant(rms, 2)}\u202fσ" if sigma else significant(rms, 2)


def _beside(found: Fidelity, gap: str) -> str:
    if found.beyond_neighbour:
        return _("Neighbouring training samples differ less from each other: {gap}.", gap=gap)
    if found.neighbour is not None and found.error < (1 - ALIKE) * found.neighbour:
        return _("Neighbouring training samples differ more from each other: {gap}.", gap=gap)
    return _("Neighbouring training samples differ about as much from each other: {gap}.", gap=gap)
