"""log p(x) by annealing, measured in the background when a page asks for it; kept until the server ends."""

from __future__ import annotations

from collections.abc import Hashable
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple

from app.live import background
from vae.studies.annealed_likelihood import annealed

_progress: dict[Hashable, tuple[int, int]] = {}  # (samples measured, of how many), of each model


class Measuring(NamedTuple):
    """A measurement that was begun. done, n: samples; n is 0 until the first are measured."""

    job: Future
    done: int
    n: int


def look(name: str, weights: str) -> Measuring | None:
    """What was begun for this model; None: nothing, or it failed to begin."""
    job = background.begun(("annealed", name, weights))
    return None if job is None else Measuring(job, *_progress.get((name, weights), (0, 0)))


def begin(name: str, weights: str) -> None:
    """Measure, if it is not being measured already."""
    _progress.pop((name, weights), None)
    background.once(("annealed", name, weights), annealed, name, partial(_told, (name, weights)), minutes=True)


def _told(key: Hashable, done: int, n: int) -> None:
    _progress[key] = (done, n)
