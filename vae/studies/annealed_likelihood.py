"""log p(x) of a checkpoint by annealing, measured beside the engine that answers the pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engine.engine import load
from ..metrics.annealed import annealed_group
from ..metrics.estimate import Estimate
from ..metrics.subject import Subject


def annealed(name: str, report: Callable[[int, int], Any] = lambda done, n: None) -> dict[str, Estimate]:
    """The metric group "annealed" of a checkpoint. It loads a model of its own, as measuring would keep the other
    engine's thread busy for a minute. report(done, n): samples that are measured.

    Raises: NotMeasurable: it has no bound. CheckpointError, DataNotFound.
    """
    return annealed_group(Subject.of(load(name), progress=report))
