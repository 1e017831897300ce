"""One UMAP in a process of its own: in the program that asks for it, it would hold the interpreter for an epoch at a
time. `FitProcess` begins the process, which runs this module:

python -m vae.latent.fit_process Z XY NEIGHBORS MIN_DIST EPOCHS SEED

It prints the share of finished epochs, one number per line.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float

from ..disk.one_step import save_array
from ..disk.temporary import temporary_folder
from ..errors import ZscopeError
from ..text import _
from .fit import MIN_DIST, fit_map

ROOT = Path(__file__).resolve().parents[2]
MODULE = "vae.latent.fit_process"
NICENESS = 10  # below the program that asked, whose map must stay responsive


class FitProcess:
    """One fit. Any thread may end it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen | None = None
        self._ended = False

    def fitted(
        self,
        z: Float[np.ndarray, "n d"],
        *,
        n_neighbors: int = 15,
        min_dist: float = MIN_DIST,
        n_epochs: int = 200,
        seed: int = 0,
        report: Callable[[float], None] = lambda share: None,
    ) -> Float[np.ndarray, "n 2"]:
        """Positions on the map, as `fit_map` gives them. report is told the share of finished epochs, 0 to 1.
        Raises: ZscopeError: the process failed."""
        with temporary_folder() as folder:
            given, made = folder / "z.npy", folder / "xy.npy"
            save_array(given, z)
            values = [str(value) for value in (given, made, n_neighbors, min_dist, n_epochs, seed)]
            paths = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
            env = os.environ | {"OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1", "PYTHONPATH": paths}
            last = ""
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
                assert self._process.stdout is not None  # it is a pipe
                for line in self._process.stdout:
                    last = line.strip() or last
                    with contextlib.suppress(ValueError):
                        report(float(line))
            code = self._process.returncode
            if code or not made.exists():
                raise ZscopeError(_("the fit of the map ended with code {code}: {error}", code=code, error=last or "-"))
            return np.load(made, allow_pickle=False)

    def end(self) -> None:
        """End it, if it runs."""
        self._ended = True
        if self._process is not None:
            self._process.kill()


def main(argv: Sequence[str]) -> None:
    """The process's part: fit, and save the positions."""
    z_path, xy_path, n_neighbors, min_dist, n_epochs, seed = argv
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    fitted = fit_map(
        np.load(z_path, allow_pickle=False),
        seed=int(seed),
        report=lambda share: print(f"{share:.3f}", flush=True),
        n_neighbors=int(n_neighbors),
        min_dist=float(min_dist),
        n_epochs=int(n_epochs),
    )
    save_array(Path(xy_path), fitted.xy)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ZscopeError as e:
        sys.exit(str(e))  # whoever asked shows the last line
