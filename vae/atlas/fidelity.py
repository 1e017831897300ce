"""Fidelity: how far reconstructions are from their samples, beside how far samples are from each other, and PCA."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int, Real

from ..data.principal import floats
from ..data.rows_on_disk import Rows
from ..latent.threads import one_thread
from ..saved.schema import is_number, is_whole
from .atlas import Atlas
from .measured import ERROR

NEAREST = 6  # rows whose reconstructions tell the fidelity at a latent
PAIRED, LEAST = 500, 100  # rows whose nearest other sample is searched, and of very large data
PRODUCTS = 50_000_000_000  # multiplications that may take, about 3 s on one core
TRAIN = 60_000  # samples among which it is searched, at most
FITTED = 3_000  # rows of the principal components, where a sample has more values than that
CHUNK = 2_048  # samples converted to floats at once
ALIKE = 0.1  # relative: differences that are this close are called equal


@dataclass(frozen=True)
class Fidelity:
    """Root mean squared differences per value of a sample, in units of the data; None: not measured.

    error: between the n training samples of the map and their reconstructions; test: between test samples and theirs.
    neighbour: between training samples and the nearest other one. pca: between the samples of the map and their
    reconstruction by `components` principal components of them, as many as the latent has dimensions.
    """

    error: float
    neighbour: float | None = None
    pca: float | None = None
    components: int | None = None
    n: int | None = None
    test: float | None = None

    @property
    def beyond_neighbour(self) -> bool:
        """Reconstructions differ clearly more from their samples than neighbouring samples from each other."""
        return self.neighbour is not None and self.error > (1 + ALIKE) * self.neighbour

    @property
    def beyond_pca(self) -> bool:
        """They differ clearly more from their samples than those of PCA."""
        return self.pca is not None and self.error > (1 + ALIKE) * self.pca

    @property
    def poor(self) -> bool:
        return self.beyond_neighbour or self.beyond_pca


def errors_near(atlas: Atlas, z: Float[np.ndarray, "b d"]) -> Float[np.ndarray, " b"] | None:
    """The root mean squared error of the reconstructions of the 6 rows nearest to each latent, from what is stored with
    the map. None if it was not measured."""
    errors = atlas.measured.get(ERROR)
    if errors is None or len(errors) != atlas.n:
        return None
    rows = np.stack([atlas.neighbours(one, NEAREST)[0] for one in z])
    return np.sqrt(errors[rows].mean(1))


def of_model(atlas: Atlas, card: Mapping[str, Any]) -> Fidelity | None:
    """The fidelity over all rows of a map, with the baselines of the card where it has them. None for a model whose
    reconstructions were not measured, or that has none."""
    errors = atlas.measured.get(ERROR)
    if errors is None or len(errors) != atlas.n or not np.isfinite(errors).all():
        return None
    mse: Any = (card.get("metrics") or {}).get("mse")
    test = math.sqrt(mse) if is_number(mse) and mse >= 0 else None
    return Fidelity(float(np.sqrt(errors.mean(dtype=np.float64))), **baselines_of(card), n=atlas.n, test=test)


def baselines_of(card: Mapping[str, Any]) -> dict[str, Any]:
    """neighbour, pca and components of a card; those that it lacks are None."""
    found = (card.get("atlas") or {}).get("baselines") or {}

    def size(key: str) -> float | None:
        value: Any = found.get(key)
        return float(value) if is_number(value) and value >= 0 else None

    components = found.get("components")
    return {
        "neighbour": size("neighbour"),
        "pca": size("pca"),
        "components": components if is_whole(components, 1) else None,
    }


def baselines(
    train: np.ndarray | Rows, index: Int[np.ndarray, " n"], *, d: int, discrete: bool = False, seed: int = 0
) -> dict[str, float | int]:
    """What a card says of the data, for `baselines_of`. train: (m, *shape), uint8 0-255 or float; index: the rows of
    the map, of which pca is. d: dimensions of the latent; discrete: it consists of codes, which are no components to
    count.

    pca is left out for discrete latents, and where d components are all that the data have; neighbour for one sample.
    """
    found: dict[str, float | int] = {}
    x = train.reshape(len(train), -1)
    if len(x) > 1:
        found["neighbour"] = neighbour_rms(x, seed)
    error = None if discrete else pca_rms(x[index], d, seed)
    return found if error is None else found | {"pca": error, "components": d}


def neighbour_rms(x: np.ndarray | Rows, seed: int = 0) -> float:
    """Root mean squared difference, per value, between rows of x (m, v) and the nearest other row: of up to 500 rows,
    among up to 60 000. It is one number for all models of a data set, whatever rows their maps show."""
    random = np.random.default_rng(seed)
    some = np.arange(len(x)) if len(x) <= TRAIN else np.sort(random.permutation(len(x))[:TRAIN])
    count = int(np.clip(PRODUCTS // (len(some) * x.shape[1]), LEAST, PAIRED))
    rows = np.sort(random.permutation(some)[:count])
    asked = floats(x[rows])
    centre = asked.mean(0)
    asked = asked - centre
    best, nearest = np.full(len(rows), np.inf), np.zeros(len(rows), np.int64)
    for start in range(0, len(some), CHUNK):
        here = some[start : start + CHUNK]
        part = floats(x[here]) - centre
        with one_thread():
            squared = np.square(part).sum(1) - 2.0 * (asked @ part.T)  # but for |asked|^2
        squared[rows[:, None] == here] = np.inf
        column = squared.argmin(1)
        least = squared[np.arange(len(rows)), column]
        nearest[least < best] = here[column[least < best]]
        best = np.minimum(best, least)
    gap = floats(x[nearest]) - centre - asked  # anew: the differences above are rounded
    return float(np.sqrt(np.square(gap, dtype=np.float64).mean()))


def pca_rms(x: Real[np.ndarray, "n v"], d: int, seed: int = 0) -> float | None:
    """Root mean squared error per value of x, rebuilt from its d leading principal components. None if the data have no
    more than d. Eckart and Young, 1936: the variance that remains is the sum of the other eigenvalues."""
    from scipy.linalg import eigh  # here: only building and measuring a map need it

    n, v = x.shape
    if v > FITTED and n > FITTED:
        x = x[np.sort(np.random.default_rng(seed).permutation(n)[:FITTED])]
        n = FITTED
    size = min(n, v)
    if d >= min(n - 1, v):
        return None
    total, second = np.zeros(v), np.zeros((size, size))
    with one_thread():
        for start in range(0, n, CHUNK):
            total += floats(x[start : start + CHUNK]).sum(0, dtype=np.float64)
        mean = total / n
        if v <= n:
            for start in range(0, n, CHUNK):
                part = floats(x[start : start + CHUNK]) - mean
                second += part.T @ part
        else:
            centred = floats(x) - mean.astype(np.float32)
            second = (centred @ centred.T).astype(np.float64)
        leading = eigh(second, eigvals_only=True, subset_by_index=[size - d, size - 1])
    return float(np.sqrt(max(0.0, np.trace(second) - leading.sum()) / (n * v)))
