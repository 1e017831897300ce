"""How alike the codes of two models are: CKA, Procrustes and shared neighbours, beside the raw samples and chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..engine.engine import Engine
from ..latent.agreement import linear_cka, nearest, procrustes, shared

Given = dict[str, np.ndarray | None]  # labels or conditions, by the name of `encode`'s argument


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
    order = np.random.default_rng(seed).permutation(len(x))
    return Similarity(alike(one, two), alike(one, raw), alike(two, raw), alike(one, two[order]), len(x))


def alike(x: np.ndarray, y: np.ndarray) -> Alike:
    """Of two codes (n, p) and (n, q) of the same samples, by Euclidean distances."""
    return Alike(linear_cka(x, y), procrustes(x, y), float(shared(nearest(x), nearest(y)).mean()))
