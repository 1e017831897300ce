"""How odd a sample is to a model: its anomaly scores compared with those of samples like the model's data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np
import torch
from jaxtyping import Float

from ..data.as_evaluated import of_card
from ..data.published.store import here
from ..engine.engine import Engine
from ..metrics.detect import anomaly_scores
from ..text import N_, ngettext

N = 500  # samples of the reference: a quantile is then known to about 2 %
ERROR, ENERGY, LOW_RATE, HIGH_RATE = N_("error"), N_("energy"), N_("low rate"), N_("high rate")  # reasons to be odd


@dataclass(frozen=True)
class Reference:
    """Scores of samples like the model's data. said: a noun phrase for these samples.

    A sample is odd if its error is large, or if its rate is unusually high or low: noise that is smooth enough to be
    reconstructed well has a code close to the prior. For an energy-based model it is odd if its error or its energy is
    large. `benchmarks/oddness.py` compares the scores.
    """

    scores: Mapping[str, Float[np.ndarray, " n"]]
    said: str

    def oddness(self, scores: Mapping[str, np.ndarray]) -> tuple[Float[np.ndarray, " n"], tuple[str, ...]]:
        """The share of the reference that is less odd, (n,), 0-1, and for each sample the reason: ERROR, ENERGY,
        LOW_RATE or HIGH_RATE."""
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
        parts = {ERROR: self._below("reconstruction_error", scores)}
        if "energy" in self.scores:
            parts[ENERGY] = self._below("energy", scores)
        if "rate" in self.scores:
            below = self._below("rate", scores)
            parts |= {LOW_RATE: 1 - 2 * below, HIGH_RATE: 2 * below - 1}
        return parts

    def _below(self, name: str, scores: Mapping[str, np.ndarray]) -> np.ndarray:
        """The share of the reference with a smaller score; equal scores count half."""
        known, given = self._sorted[name], scores[name]
        return (np.searchsorted(known, given) + np.searchsorted(known, given, "right")) / (2 * len(known))


_known: WeakKeyDictionary = WeakKeyDictionary()  # engine -> Reference


def scores(engine: Engine, x: np.ndarray, y: np.ndarray | None = None) -> dict[str, Float[np.ndarray, " n"]]:
    """vae.metrics.detect.anomaly_scores of samples (n, *shape), with labels (n,) or conditions (n, *condition) if the
    model takes them and they are known. Call it on the engine's thread."""
    condition = None if y is None else torch.from_numpy(np.ascontiguousarray(y)).to(engine.device)
    pixels = torch.from_numpy(np.ascontiguousarray(engine.seen(x))).to(engine.device)
    return anomaly_scores(engine.model, pixels, condition)


def likeliest(engine: Engine, x: np.ndarray) -> int | None:
    """The label that explains one sample x (1, *shape) best, by the bound on log p(x|y) or, without a bound, by the
    error; None for a model without labels. Call it on the engine's thread."""
    if not engine.conditional:
        return None
    y = np.arange(engine.card["spec"]["n_classes"])
    found = scores(engine, np.repeat(x, len(y), 0), y)
    return int(found.get("negative_elbo", found["reconstruction_error"]).argmin())


def reference(engine: Engine) -> Reference:
    """Scores of the test set or, if that is not on this machine, of the map's thumbnails, with their labels. The first
    call computes them, later calls return the cached ones. Call it on the engine's thread."""
    if engine not in _known:
        x, y, said = _samples(engine)
        _known[engine] = Reference(scores(engine, x, y), said)
    return _known[engine]


def _samples(engine: Engine) -> tuple[np.ndarray, np.ndarray | None, str]:
    if here(engine.card):
        s = of_card(engine.card)
        rows = np.linspace(0, len(s.x_test) - 1, min(N, len(s.x_test))).astype(int)
        conditions = s.c_test if engine.conditioned else s.y_test
        said = ngettext("{n} test sample", "{n} test samples", len(rows))
        return s.x_test[rows], None if conditions is None else conditions[rows], said
    atlas = engine.atlas
    rows = np.linspace(0, atlas.n_thumbnails - 1, min(N, atlas.n_thumbnails)).astype(int)
    conditions = atlas.conditions if engine.conditioned else atlas.labels
    conditions = None if conditions is None else conditions[rows]
    if engine.modality.thumbnail_is_sample:
        said = ngettext("{n} training sample (its thumbnail)", "{n} training samples (their thumbnails)", len(rows))
        return atlas.thumbnails(rows, engine.shape[0]), conditions, said
    decoded = engine.decode(atlas.z[rows], **{engine.condition_name: conditions})
    return decoded, conditions, ngettext("{n} decoded training sample", "{n} decoded training samples", len(rows))
