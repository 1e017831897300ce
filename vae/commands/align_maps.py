"""python -m vae.commands.align_maps FOLDER: the maps of a folder's snapshots, in a process of its own for the app.

Of a run that trains it stays until the run ends, and lays out each snapshot as it comes.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from ..forming import model_sequence, snapshots
from ..runs.folder import RUNNING, read

NICENESS = 19  # below the trainer, which it shall not slow, and the app
LOOK_S = 0.5


def main(folder: str) -> None:
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    os.environ["NUMBA_NUM_THREADS"] = "1"
    watched, seen = Path(folder), -1
    while True:
        going = _trains(watched)
        if len(found := snapshots.kept(watched)) != seen:
            model_sequence.lay(watched)
            seen = len(found) if not model_sequence.unlaid(watched) else -1
        if seen >= 0 and not going:
            return
        time.sleep(LOOK_S)


def _trains(folder: Path) -> bool:
    run = read(folder)
    return run is not None and run.state.name == RUNNING and not run.lost


if __name__ == "__main__":
    main(*sys.argv[1:])
