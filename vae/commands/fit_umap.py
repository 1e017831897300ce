"""python -m vae.commands.fit_umap Z XY NEIGHBORS MIN_DIST EPOCHS SEED: one UMAP for the app, in a process of its own.

Prints the share of finished epochs, one number per line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..disk.one_step import save_array
from ..errors import ZscopeError
from ..latent.fit import fit_map

NICENESS = 10  # below the app, whose map must stay responsive


def main(argv: Sequence[str]) -> None:
    z_path, xy_path, n_neighbors, min_dist, n_epochs, seed = argv
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    fitted = fit_map(
        np.load(z_path, allow_pickle=False),
        seed=int(seed),
        report=_report,
        n_neighbors=int(n_neighbors),
        min_dist=float(min_dist),
        n_epochs=int(n_epochs),
    )
    save_array(Path(xy_path), fitted.xy)


def _report(share: float) -> None:
    print(f"{share:.3f}", flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ZscopeError as e:
        sys.exit(str(e))  # the app shows the last line
