"""Guards data sets and checkpoints that an unfinished run still needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import SettingError
from ..text import N_, _
from .folder import PAUSED, QUEUED, RUNNING, home, lock, runs

NEEDING = (QUEUED, RUNNING, PAUSED)
DATA_IN_USE = N_(
    "data set {name} is in use: run {run} trains on it and is {state}. Stop that run first "
    "(python -m vae runs stop {run}) or delete it."
)
MODEL_IN_USE = N_(
    "checkpoint {name} is in use: run {run} trains it and is {state}. Stop that run first "
    "(python -m vae runs stop {run}) or delete it."
)


@contextmanager
def unneeded(*, dataset: str = "", model: str = "") -> Iterator[None]:
    """Holds the lock of the queue while a data set or a checkpoint that no unfinished run needs is changed.

    Raises: SettingError: a run that is queued, running or paused needs it; the message names the run.
    """
    if not home().is_dir():  # nothing has been trained from here
        yield
        return
    with lock():
        for run in runs():
            if run.state.name not in NEEDING:
                continue
            if dataset and dataset == run.plan["dataset"]:
                raise SettingError(_(DATA_IN_USE, name=repr(dataset), run=run.id, state=_(run.state.name)))
            if model and model == run.name:
                raise SettingError(_(MODEL_IN_USE, name=repr(model), run=run.id, state=_(run.state.name)))
        yield
