"""python -m vae.commands.align_maps FOLDER: the maps of a run's snapshots, in a process of its own for the app.

While the run trains, this process waits for new snapshots; it ends with the run.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from ..errors import ZscopeError
from ..forming import model_sequence, snapshots
from ..runs.folder import RUNNING, read

NICENESS = 19  # below the app and the trainer, which it must not slow down
POLL_S = 0.5


def main(folder: str) -> None:
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    os.environ["NUMBA_NUM_THREADS"] = "1"
    run_folder, n_aligned = Path(folder), -1
    while True:
        training = _is_training(run_folder)
        if len(found := snapshots.kept(run_folder)) != n_aligned:
            model_sequence.lay(run_folder)
            n_aligned = len(found) if not model_sequence.unlaid(run_folder) else -1
        if n_aligned >= 0 and not training:
            return
        time.sleep(POLL_S)


def _is_training(folder: Path) -> bool:
    run = read(folder)
    return run is not None and run.state.name == RUNNING and not run.lost


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except ZscopeError as e:
        sys.exit(f"error: {e}")  # the app reads it in the log
