"""How alike the codes of two models are: CKA, Procrustes and shared neighbours, beside the raw samples and chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..engine.engine import Engine
from ..latent.agreement import linear_cka, nearest, procrustes, shared

Given = dict[str, np.ndarray | None]  # labels or conditions, by the name of `encode`'s argument

Code = tuple[np.ndarray, np.ndarray]  # (n, p) and the numbers of the nearest other rows of each row


@dataclass(frozen=True)
class Alike:
    """Of two codes of n samples: linear CKA; the share of variance that is the same after Procrustes alignment; the
    share of the 15 nearest neighbours that are the same."""

    cka: float
    procrustes: float
    neighbours: float


@dataclass(frozen=True)
class Similarity:
    """codes: of both models. a_raw, b_raw: of each and the raw samples, through which two codes may be alike. chance:
    of both when the samples of one are shuffled."""

    codes: Alike
    a_raw: Alike
    b_raw: Alike
    chance: Alike
    n: int


def between(a: Engine, b: Engine, x: np.ndarray, given_a: Given, given_b: Given, *, seed: int = 0) -> Similarity:
    """x: samples (n, *shape) of the data set of both models; given: what each is told of them, as for its `encode`."""
    one, two = a.encode(x, **given_a)[0], b.encode(x, **given_b)[0]
    raw = x.reshape(len(x), -1).astype(np.float32)
    shuffled = two[np.random.default_rng(seed).permutation(len(x))]
    first, second, samples, other = ((values, nearest(values)) for values in (one, two, raw, shuffled))
    return Similarity(alike(first, second), alike(first, samples), alike(second, samples), alike(first, other), len(x))


def alike(one: Code, other: Code) -> Alike:
    """Of two codes of the same samples, each with the nearest rows of every row, by Euclidean distances."""
    (x, near), (y, near_too) = one, other
    return Alike(linear_cka(x, y), procrustes(x, y), float(shared(near, near_too).mean()))
