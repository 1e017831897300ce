"""What a classifier says of the pictures that a model decodes: over the map, at a latent, and along a path.

Samples that are decoded need not look like those that the classifier knows: its accuracy on test samples, and on their
reconstructions, stands beside whatever it is asked. Decision maps: after LAPEX, 2026.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from ..data.published.store import here
from ..engine.engine import Engine
from ..errors import NotMeasurable
from ..metrics.estimate import Estimate, in_english
from ..metrics.usefulness import accuracy_estimate
from ..registry import DATASETS
from ..text import _
from .classifiers import Classifier

SIDE = 64  # cells of a field, across and up
SAMPLES = 2000  # test samples, at most
AT_ONCE = 64  # samples that a program is asked for in one call
HALVINGS = 12  # of a step of a path, to where the class flips


class Decided(NamedTuple):
    """Of each latent: the most probable class (n,) and its probability (n,), 1/k to 1."""

    label: Int[np.ndarray, " n"]
    confidence: Float[np.ndarray, " n"]


class Flip(NamedTuple):
    """Where along a path, t in 0-1, the most probable class changes."""

    t: float
    before: int
    after: int


@dataclass(frozen=True)
class Agreement:
    """Shares 0-1 of test samples whose label the classifier gives: on_samples, and on_reconstructions, None without an
    encoder. majority: that of the most frequent class alone. same: whose reconstruction it calls as the sample.
    of_program: these are samples that a program gave with its model, and no test split."""

    on_samples: Estimate
    on_reconstructions: Estimate | None
    same: Estimate | None
    majority: Estimate
    of_program: bool = False

    def shares(self) -> dict[str, Estimate]:
        """Those that there are, by name."""
        found = {name: getattr(self, name) for name in ("on_samples", "on_reconstructions", "same", "majority")}
        return {name: share for name, share in found.items() if share is not None}


def decided(engine: Engine, classifier: Classifier, z: np.ndarray, c: np.ndarray | None = None) -> Decided:
    """What the classifier says of decoded latents (n, d). c: what they are decoded with; None: what the nearest samples
    have. Raises: what decode and the classifier raise."""
    c = engine.condition_at(z) if c is None else c
    return of_probabilities(classifier.probabilities(engine.decode(z, c=c)))


def of_probabilities(p: Float[np.ndarray, "n k"]) -> Decided:
    return Decided(p.argmax(1).astype(np.int64), p.max(1).astype(np.float32))


@dataclass(frozen=True)
class Field:
    """Decisions on a lattice over the map. label, confidence, trust: (side, side), row 0 at the lowest y, of the
    middles of the cells of box (x0, y0, x1, y1)."""

    label: np.ndarray
    confidence: np.ndarray
    trust: np.ndarray
    box: tuple[float, float, float, float]

    def flipping(self) -> np.ndarray:
        """Cells with a neighbour to the right or above of another class, (side, side) bool."""
        at = self.label
        out = np.zeros(at.shape, bool)
        out[:, :-1] |= at[:, :-1] != at[:, 1:]
        out[:-1] |= at[:-1] != at[1:]
        return out


def field(engine: Engine, classifier: Classifier, side: int = SIDE) -> Field:
    """What it says of the latent that the map has at each place. Raises: as `decided`."""
    x0, y0, x1, y1 = box = engine.atlas.projector.box
    x, y = (low + (np.arange(side) + 0.5) * (high - low) / side for low, high in ((x0, x1), (y0, y1)))
    xy = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float32)
    z, trust = engine.from_map(xy)
    found = decided(engine, classifier, z)
    label, confidence, trust = (v.reshape(side, side) for v in (found.label, found.confidence, trust))
    return Field(label, confidence, trust, box)


def agreement(engine: Engine, classifier: Classifier, n: int = SAMPLES, seed: int = 0) -> Agreement:
    """How often it gives the label of test samples, at most n of them, beside the most frequent class of the training
    set; of a model that a program holds, of the samples of its map, beside their own most frequent class.

    Raises: NotMeasurable: there are no labels, or no samples here. As `decided`."""
    card = engine.card
    if "attached" in engine.traits:
        return _on_given(engine, classifier, n, seed)
    if not here(card) or not card["dataset"]:
        raise NotMeasurable(_("{model}: its data set is not on this machine.", model=engine.name))
    s = DATASETS.get(card["dataset"]).load()
    if s.y_test is None or s.y_train is None:
        raise NotMeasurable(_("{model}: its data set has no labels.", model=engine.name))
    rows = np.random.default_rng(seed).permutation(len(s.x_test))[:n]
    x, y = s.x_test[rows], s.y_test[rows]
    most = int(np.bincount(s.y_train[s.y_train >= 0]).argmax())
    said = classifier.probabilities(x).argmax(1)
    again = None
    if engine.can_encode:
        c = s.c_test[rows] if engine.conditioned and getattr(s, "c_test", None) is not None else None
        given = {"c": c} if c is not None else {"y": y} if engine.conditional else {}
        again = classifier.probabilities(engine.decode(engine.encode(x, **given)[0], **given)).argmax(1)

    return _judged(y, said, again, y == most, seed)


def _on_given(engine: Engine, classifier: Classifier, n: int, seed: int) -> Agreement:
    """The same of the samples that a program gave with its model; as `agreement`."""
    atlas = engine.atlas
    if not getattr(engine.model, "gives", False):
        raise NotMeasurable(_("your program gave no samples: vae.explore takes them as x=."))
    if atlas.labels is None:
        raise NotMeasurable(_("your program gave no labels: vae.explore takes them as labels=."))
    rows = np.sort(np.random.default_rng(seed).permutation(atlas.n)[:n])
    y, said = atlas.labels[rows], _of_given(engine, classifier, rows)
    again = decided(engine, classifier, atlas.z[rows]).label if engine.can_encode else None

    return _judged(y, said, again, y == np.bincount(y).argmax(), seed, of_program=True)


def _judged(
    y: np.ndarray,
    said: np.ndarray,
    again: np.ndarray | None,
    frequent: np.ndarray,
    seed: int,
    *,
    of_program: bool = False,
) -> Agreement:
    """What is said of samples with labels y, and again of their reconstructions. frequent: whose label is the most
    frequent class."""

    def share(right: np.ndarray, of: str) -> Estimate:
        return accuracy_estimate(right, seed, of)

    samples = in_english("share of test samples given their label")
    most = in_english("the most frequent class of the training set, for every sample")
    if of_program:
        samples = in_english("share of the samples of the program, no test split, given their label")
        most = in_english("the most frequent class of these samples, for every sample")
    return Agreement(
        on_samples=share(said == y, samples),
        on_reconstructions=None if again is None else share(again == y, in_english("the same, of reconstructions")),
        same=None if again is None else share(again == said, in_english("reconstructions called as their sample")),
        majority=share(frequent, most),
        of_program=of_program,
    )


def _of_given(engine: Engine, classifier: Classifier, rows: np.ndarray) -> Int[np.ndarray, " n"]:
    """The most probable class of the program's own samples at rows (n,) of the map."""
    parts = [rows[i : i + AT_ONCE] for i in range(0, len(rows), AT_ONCE)]
    return np.concatenate([classifier.probabilities(engine.model.given(part)).argmax(1) for part in parts])  # type: ignore[attr-defined]


def disagreeing(engine: Engine, classifier: Classifier) -> tuple[Int[np.ndarray, " m"], bool]:
    """Rows of the map that the classifier calls otherwise than their label, and whether the samples themselves were
    asked, or, where the data set is not on this machine, what their latents decode to.

    Raises: NotMeasurable: no labels.
    """
    atlas = engine.atlas
    if atlas.labels is None or not len(atlas.classes):
        raise NotMeasurable(_("{model}: its data set has no labels.", model=engine.name))
    real = bool(engine.card["dataset"]) and here(engine.card)
    if getattr(engine.model, "gives", False):
        said, real = _of_given(engine, classifier, np.arange(atlas.n)), True
    elif real:
        x = DATASETS.get(engine.card["dataset"]).load().x_train[atlas.index]
        said = classifier.probabilities(x).argmax(1)
    else:
        said = decided(engine, classifier, atlas.z).label
    return np.flatnonzero((said != atlas.labels) & (atlas.labels >= 0) & (atlas.labels < len(atlas.classes))), real


def flips(
    engine: Engine, classifier: Classifier, waypoints: np.ndarray, n: int = 65, method: str = "linear"
) -> tuple[Float[np.ndarray, " n"], Decided, tuple[Flip, ...]]:
    """t (n,) along the path through waypoints (w, d), what it says there, and the places between two steps where the
    class changes, halved to n^-1 2^-12. A change that is undone within one step is not seen. Raises: as `decided`."""
    t = np.linspace(0.0, 1.0, n)
    z = engine.interpolate(waypoints, n, method)
    found = decided(engine, classifier, z)
    at = np.flatnonzero(found.label[1:] != found.label[:-1])
    if not len(at):
        return t, found, ()
    low, high = z[at], z[at + 1]  # a step is short: a straight line between its ends
    before = found.label[at]
    start, end = t[at].copy(), t[at + 1].copy()
    for _halving in range(HALVINGS):
        middle = (low + high) / 2
        same = decided(engine, classifier, middle).label == before
        low, high = np.where(same[:, None], middle, low), np.where(same[:, None], high, middle)
        half = (start + end) / 2
        start, end = np.where(same, half, start), np.where(same, end, half)
    after = found.label[at + 1]
    places = (start + end) / 2
    return t, found, tuple(Flip(float(p), int(b), int(a)) for p, b, a in zip(places, before, after, strict=True))
