"""The UMAP of an attached model, fitted in a process of its own: in the program it would hold the interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from ..disk.one_step import save_array
from ..disk.temporary import temporary_folder
from ..errors import ZscopeError
from ..latent.fit import MIN_DIST
from ..text import _

ROOT = Path(__file__).resolve().parents[2]
MODULE = "vae.commands.fit_umap"
NEIGHBORS, EPOCHS, SEED = 15, 200, 0  # as fit_map has them


class LayoutProcess:
    """One fit. Any thread may end it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._ended = False

    def fitted(self, z: np.ndarray) -> np.ndarray:
        """Positions (n, 2) of latents (n, d), as fit_map gives them. Raises: ZscopeError: the process failed."""
        with temporary_folder() as folder:
            given, made = folder / "z.npy", folder / "xy.npy"
            save_array(given, z)
            values = [str(value) for value in (given, made, NEIGHBORS, MIN_DIST, EPOCHS, SEED)]
            env = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
            with subprocess.Popen(
                [sys.executable, "-m", MODULE, *values],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,  # Ctrl-C in a notebook interrupts a cell and not the fit
            ) as self._process:
                if self._ended:
                    self._process.kill()
                said = self._process.communicate()[0].strip().splitlines()
            if self._process.returncode or not made.exists():
                raise ZscopeError(_("the fit of the map ended: {error}", error=said[-1] if said else "-"))
            return np.load(made, allow_pickle=False)

    def end(self) -> None:
        """End it, if it runs."""
        self._ended = True
        if self._process is not None:
            self._process.kill()
