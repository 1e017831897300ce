"""A sequence of maps of the same samples, such as the epochs of a training. Each map starts from the one before, so
that points move from map to map instead of jumping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float

from ..errors import ShapeError
from ..text import _
from .fit import fit_map
from .rows import rows

FIRST_EPOCHS, NEXT_EPOCHS = 200, 40
STEP = 0.25  # first step size of a layout that starts from another map; a new layout takes 1


def aligned(
    latents: Iterable[np.ndarray], *, seed: int = 0, first: int = FIRST_EPOCHS, further: int = NEXT_EPOCHS
) -> Iterator[Float[np.ndarray, "n 2"]]:
    """A map (n, 2) for each array of latents (n, d) of the same n samples, where d may differ; computed lazily.

    The first is laid out by `fit_map`; each further one starts from the map before, takes fewer epochs, and is then
    rotated, reflected and shifted onto it, which does not change distances. The same latents give the same maps.

    Args: first, further: epochs of UMAP for the first and the other maps.
    Raises: ShapeError: the number of rows changes.
    """
    last = None
    for z in latents:
        z = rows(z)
        if last is not None and len(z) != len(last):
            raise ShapeError(
                _(
                    "latents: given {given} rows, expected {expected} as in the map before.",
                    given=len(z),
                    expected=len(last),
                )
            )
        yield (last := after(z, last, seed=seed, n_epochs=first if last is None else further))


def after(
    z: np.ndarray, last: np.ndarray | None, *, seed: int = 0, n_epochs: int = NEXT_EPOCHS
) -> Float[np.ndarray, "n 2"]:
    """The map of latents z (n, d), started from the map `last` (n, 2) and aligned with it; None: a first map."""
    if last is None:
        return fit_map(z, seed=seed, n_epochs=n_epochs).xy
    return onto(fit_map(z, seed=seed, n_epochs=n_epochs, start=last, step=STEP).xy, last)


def onto(xy: Float[np.ndarray, "n 2"], target: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n 2"]:
    """xy rotated, reflected and shifted onto target by least squares: orthogonal Procrustes (Schonemann, 1966)."""
    a, b = xy - xy.mean(0), target - target.mean(0)
    u, _, v = np.linalg.svd(a.T.astype(np.float64) @ b)
    return (a @ (u @ v) + target.mean(0)).astype(np.float32)
