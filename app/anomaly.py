"""How odd a sample is to a model: its errors against those of samples known to be of its kind. Asks an engine."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Float

import vae
from vae.data.store import here
from vae.metrics.detect import anomaly_scores

N = 500  # samples of the reference: a quantile is then known to some 2 %


@dataclass(frozen=True)
class Reference:
    """Errors of samples of the model's own kind, rising. said: what these are, in words."""

    errors: Float[np.ndarray, " n"]
    said: str

    def quantile(self, error: float) -> float:
        """The share of the reference with a smaller error: .99 is odder than 99 of 100."""
        return float(np.searchsorted(self.errors, error) / len(self.errors))


_known: WeakKeyDictionary = WeakKeyDictionary()  # engine -> Reference


def scores(engine, x: np.ndarray) -> dict[str, Float[np.ndarray, " n"]]:
    """vae.metrics.detect.anomaly_scores of samples (n, *shape); on the engine's own thread."""
    return anomaly_scores(engine.model, torch.from_numpy(np.ascontiguousarray(x)).to(engine.device))


def reference(engine) -> Reference:
    """Errors of the data's test set or, where that is not on this machine, of the map's thumbnails; measured at the
    first call, which must come on the engine's own thread."""
    if engine not in _known:
        x, said = _samples(engine)
        errors = scores(engine, x)["reconstruction_error"]
        _known[engine] = Reference(np.sort(errors), said)
    return _known[engine]


def _samples(engine) -> tuple[np.ndarray, str]:
    dataset = engine.card["dataset"]
    if here(engine.card):
        x = vae.datasets()[dataset].load().x_test
        x = x[np.linspace(0, len(x) - 1, min(N, len(x))).astype(int)]
        return x, f"{len(x)} test samples"
    atlas = engine.atlas
    rows = np.linspace(0, atlas.n_thumbnails - 1, min(N, atlas.n_thumbnails)).astype(int)
    if engine.modality.name == "image":
        x = atlas.thumbnails(rows, engine.shape[0])
        return x, f"{len(x)} training samples, from the thumbnails of the map"
    y = None if atlas.labels is None else atlas.labels[rows]
    return engine.decode(atlas.z[rows], y), f"{len(rows)} decoded training samples"
