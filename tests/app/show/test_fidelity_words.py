"""Fidelity in words."""

from __future__ import annotations

import pytest

from app.show.fidelity import warning
from vae.atlas.fidelity import Fidelity
from vae.atlas.fidelity_words import sentence


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Fidelity(0.087, 0.138), "by 0.087 (RMS). Neighbouring training samples differ more from each other: 0.14."),
        (
            Fidelity(0.1, 0.105),
            "by 0.1 (RMS). Neighbouring training samples differ about as much from each other: 0.1.",
        ),
        (Fidelity(0.2, 0.1), "by 0.2 (RMS). Neighbouring training samples differ less from each other: 0.1."),
        (
            Fidelity(0.092, n=10_000, test=0.102),
            "the 10,000 training samples on the map differ from them by 0.092 (RMS), those of the test samples by 0.1.",
        ),
        (Fidelity(0.2), "Reconstructions differ from the samples by 0.2 (RMS)."),
        (Fidelity(0.1, 0.3, 0.1, 1), "PCA with 1 component: 0.1."),
        (Fidelity(0.2, 0.3, 0.1, 16), "PCA with 16 components does better: 0.1."),
    ],
)
def test_a_sentence_compares(found, words):
    assert words in sentence(found)


def test_standardised_values_are_in_standard_deviations():
    assert "differ from the samples by 0.65\u202fσ (RMS)" in sentence(Fidelity(0.65, 0.8), sigma=True)
    assert "PCA with 3 components: 0.7\u202fσ." in sentence(Fidelity(0.65, 0.8, 0.7, 3), sigma=True)


def test_only_a_poor_model_has_a_warning():
    assert warning(Fidelity(0.087, 0.138, 0.143, 16)) == ""
    assert warning(None) == ""
    said = warning(Fidelity(0.2, 0.1, 0.3, 16))
    assert said.startswith("This model reconstructs poorly.")
    assert "does better" not in said
    assert "PCA with 16 components does better" in warning(Fidelity(0.2, 0.3, 0.1, 16))
