"""Maps of one set of samples in a row of latents, as of a model that is learning: each starts where the last one ended,
so that points move from map to map and do not jump."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float

from ..errors import ShapeError
from .fit import fit_map
from .rows import rows

FIRST_EPOCHS, NEXT_EPOCHS = 200, 40
STEP = 0.25  # first step size of a layout that begins at another, where a new one takes 1


def aligned(
    latents: Iterable[np.ndarray], *, seed: int = 0, first: int = FIRST_EPOCHS, further: int = NEXT_EPOCHS
) -> Iterator[Float[np.ndarray, "n 2"]]:
    """A map (n, 2) for each of several latents (n, d) of the same n samples, d may differ; lazily, one by one.

    The first is laid out as `fit_map` does, the next ones from the map before in fewer epochs, and then turned, shifted
    and mirrored as a whole, which a map leaves open, to lie on it. The same latents give the same maps.

    Args: first, further: epochs of UMAP for the first and the other maps.
    Raises: ShapeError: not the same number of rows as before.
    """
    last = None
    for z in latents:
        z = rows(z)
        if last is not None and len(z) != len(last):
            raise ShapeError(f"latents: given {len(z)} rows, expected {len(last)} as before.")
        yield (last := after(z, last, seed=seed, n_epochs=first if last is None else further))


def after(
    z: np.ndarray, last: np.ndarray | None, *, seed: int = 0, n_epochs: int = NEXT_EPOCHS
) -> Float[np.ndarray, "n 2"]:
    """The map of latents z (n, d), begun at `last` (n, 2) and laid on it; None: a first one."""
    if last is None:
        return fit_map(z, seed=seed, n_epochs=n_epochs).xy
    return onto(fit_map(z, seed=seed, n_epochs=n_epochs, start=last, step=STEP).xy, last)


def onto(xy: Float[np.ndarray, "n 2"], target: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
    """xy turned or mirrored and shifted as a whole to lie as near as can be to target, by least squares; distances
    stay (Schonemann, 1966)."""
    a, b = xy - xy.mean(0), target - target.mean(0)
    u, _, v = np.linalg.svd(a.T.astype(np.float64) @ b)
    return (a @ (u @ v) + target.mean(0)).astype(np.float32)
