"""The known bugs that mutants.py plants, each with the test that is to fail for it."""

from __future__ import annotations

from tests.planted import computed, energy, held_out, kept, map, measured, metrics, nll, shares, trained, used
from tests.planted.mutant import Mutant

__all__ = ["MUTANTS", "Mutant"]

MUTANTS: tuple[Mutant, ...] = (
    *computed.MUTANTS,
    *energy.MUTANTS,
    *held_out.MUTANTS,
    *kept.MUTANTS,
    *map.MUTANTS,
    *measured.MUTANTS,
    *metrics.MUTANTS,
    *nll.MUTANTS,
    *shares.MUTANTS,
    *trained.MUTANTS,
    *used.MUTANTS,
)
