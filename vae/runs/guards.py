"""What a run still needs does not go: the data set it trains on, and the checkpoint it trains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import SettingError
from .folder import PAUSED, QUEUED, RUNNING, home, lock, runs

NEEDING = (QUEUED, RUNNING, PAUSED)


@contextmanager
def unneeded(*, dataset: str = "", model: str = "") -> Iterator[None]:
    """Nobody needs that data set or checkpoint, and no run is queued meanwhile.

    Raises: SettingError: a run that is queued, running or paused does; which, and what to do.
    """
    if not home().is_dir():  # nothing has been trained from here
        yield
        return
    with lock():
        for run in runs():
            if run.state.name not in NEEDING:
                continue
            for what, given, needed in (("data set", dataset, run.plan["dataset"]), ("checkpoint", model, run.name)):
                if given and given == needed:
                    raise SettingError(
                        f"{what} {given!r} is in use: run {run.id} trains {'on ' * (what == 'data set')}it and is "
                        f"{run.state.name}. Stop that run first (python -m vae runs stop {run.id}), or delete it."
                    )
        yield
