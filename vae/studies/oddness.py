"""How odd a sample is to a model: its scores against those of samples known to be of its kind. Asks an engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Float

from ..data.published.store import here
from ..engine.engine import Engine
from ..metrics.detect import anomaly_scores
from ..registry import DATASETS

N = 500  # samples of the reference: a quantile is then known to some 2 %


@dataclass(frozen=True)
class Reference:
    """Scores of samples of the model's own kind. said: what these are, in words.

    A sample is odd by a large error, or by a rate that hardly any sample has, high or low: of noise that is even enough
    to be rebuilt well, the code stays where the prior is. `benchmarks/oddness.py` compares the scores.
    """

    scores: Mapping[str, Float[np.ndarray, " n"]]
    said: str

    def oddness(self, scores: Mapping[str, np.ndarray]) -> tuple[Float[np.ndarray, " n"], tuple[str, ...]]:
        """The share of the reference that is less odd, (n,), 0-1, and of each what it is odd by: "error", "low rate" or
        "high rate"."""
        parts = self._parts(scores)
        share = np.searchsorted(self._worst, np.max(list(parts.values()), 0)) / len(self._worst)
        names = np.array(list(parts))[np.argmax(list(parts.values()), 0)]
        return share, tuple(map(str, names))

    @cached_property
    def _sorted(self) -> dict[str, np.ndarray]:
        return {name: np.sort(values) for name, values in self.scores.items()}

    @cached_property
    def _worst(self) -> Float[np.ndarray, " n"]:
        return np.sort(np.max(list(self._parts(self.scores).values()), 0))

    def _parts(self, scores: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        parts = {"error": self._below("reconstruction_error", scores)}
        if "rate" in self.scores:
            below = self._below("rate", scores)
            parts |= {"low rate": 1 - 2 * below, "high rate": 2 * below - 1}
        return parts

    def _below(self, name: str, scores: Mapping[str, np.ndarray]) -> np.ndarray:
        """The share of the reference with a smaller score, of equals half."""
        known, given = self._sorted[name], scores[name]
        return (np.searchsorted(known, given) + np.searchsorted(known, given, "right")) / (2 * len(known))


_known: WeakKeyDictionary = WeakKeyDictionary()  # engine -> Reference


def scores(engine: Engine, x: np.ndarray, y: np.ndarray | None = None) -> dict[str, Float[np.ndarray, " n"]]:
    """vae.metrics.detect.anomaly_scores of samples (n, *shape), with labels (n,) or conditions (n, *condition) where
    the model is told some and they are known; on the engine's own thread."""
    told = None if y is None else torch.from_numpy(np.ascontiguousarray(y)).to(engine.device)
    return anomaly_scores(engine.model, torch.from_numpy(np.ascontiguousarray(x)).to(engine.device), told)


def likeliest(engine: Engine, x: np.ndarray) -> int | None:
    """The label that explains one sample x (1, *shape) best, by the bound on log p(x|y) or, without one, the error;
    None for a model without labels. On the engine's own thread."""
    if not engine.conditional:
        return None
    y = np.arange(engine.card["spec"]["n_classes"])
    found = scores(engine, np.repeat(x, len(y), 0), y)
    return int(found.get("negative_elbo", found["reconstruction_error"]).argmin())


def reference(engine: Engine) -> Reference:
    """Scores of the data's test set or, where that is not on this machine, of the map's thumbnails, with their own
    labels; measured at the first call, which must come on the engine's own thread."""
    if engine not in _known:
        x, y, said = _samples(engine)
        _known[engine] = Reference(scores(engine, x, y), said)
    return _known[engine]


def _samples(engine: Engine) -> tuple[np.ndarray, np.ndarray | None, str]:
    dataset = engine.card["dataset"]
    if here(engine.card):
        s = DATASETS.get(dataset).load()
        rows = np.linspace(0, len(s.x_test) - 1, min(N, len(s.x_test))).astype(int)
        told = s.c_test if engine.conditioned else s.y_test
        return s.x_test[rows], None if told is None else told[rows], f"{len(rows)} test samples"
    atlas = engine.atlas
    rows = np.linspace(0, atlas.n_thumbnails - 1, min(N, atlas.n_thumbnails)).astype(int)
    told = atlas.conditions if engine.conditioned else atlas.labels
    told = None if told is None else told[rows]
    if engine.modality.thumbnail_is_sample:
        x = atlas.thumbnails(rows, engine.shape[0])
        return x, told, f"{len(x)} training samples, from the thumbnails of the map"
    decoded = engine.decode(atlas.z[rows], **{"c" if engine.conditioned else "y": told})
    return decoded, told, f"{len(rows)} decoded training samples"
