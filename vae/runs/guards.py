"""What a run still needs does not go: the data set it trains on, and the checkpoint it trains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import SettingError
from ..text import _
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
            for what, given, needed in ((_("data set"), dataset, run.plan["dataset"]), ("checkpoint", model, run.name)):
                if given and given == needed:
                    raise SettingError(
                        _(
                            "{what} {given!r} is in use: run {id} trains {value}it and is "
                            "{name}. Stop that run first (python -m vae runs stop {id}), or delete it.",
                            what=what,
                            given=given,
                            id=run.id,
                            value="on " * (what == "data set"),
                            name=run.state.name,
                        )
                    )
        yield
