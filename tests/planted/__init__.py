"""The known bugs that mutants.py plants, each with the test that is to fail for it."""

from __future__ import annotations

from tests.planted import (
    computed,
    energy,
    held_out,
    kept,
    map,
    maxent,
    measured,
    metrics,
    nll,
    sampled,
    shares,
    trained,
    used,
)
from tests.planted.mutant import Mutant

__all__ = ["MUTANTS", "Mutant"]

MUTANTS: tuple[Mutant, ...] = (
    *computed.MUTANTS,
    *energy.MUTANTS,
    *held_out.MUTANTS,
    *kept.MUTANTS,
    *map.MUTANTS,
    *maxent.MUTANTS,
    *measured.MUTANTS,
    *metrics.MUTANTS,
    *nll.MUTANTS,
    *sampled.MUTANTS,
    *shares.MUTANTS,
    *trained.MUTANTS,
    *used.MUTANTS,
)
