"""python -m vae.commands.fit_umap Z XY NEIGHBORS MIN_DIST EPOCHS SEED: one UMAP for the app, in a process of its own.

Prints the share of the epochs that are done, a number a line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import numpy as np

from ..latent.fit import fit_map

NICENESS = 10  # below the app, whose map stays live meanwhile


def main(argv: Sequence[str]) -> None:
    given, made, n_neighbors, min_dist, n_epochs, seed = argv
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    fitted = fit_map(
        np.load(given, allow_pickle=False),
        seed=int(seed),
        report=_say,
        n_neighbors=int(n_neighbors),
        min_dist=float(min_dist),
        n_epochs=int(n_epochs),
    )
    np.save(made, fitted.xy)


def _say(share: float) -> None:
    print(f"{share:.3f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
