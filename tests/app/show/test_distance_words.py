"""The line on the distance to the pinned point."""

from __future__ import annotations

from app.panels.explore.distance import sentence
from vae.studies.distance import Distance


def test_decoded_distances_of_tables_are_in_standard_deviations():
    found = Distance(latent=1.05, latent_typical=0.5, decoded=0.444, decoded_typical=0.541)
    assert "decoded values 0.44\u202fσ (neighbours: 0.54\u202fσ)." in sentence(found, sigma=True)
    assert "decoded values 0.44 (neighbours: 0.54)." in sentence(found, sigma=False)


def test_a_typical_distance_that_was_not_measured_is_left_out():
    found = Distance(latent=1.05, latent_typical=0.5, decoded=0.444, decoded_typical=None)
    assert sentence(found, sigma=True).endswith("decoded values 0.44\u202fσ.")
