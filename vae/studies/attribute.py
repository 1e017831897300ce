"""An attribute between two groups of samples: its direction, the evidence for it, and the effect of adding it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Float, Int

from ..engine.engine import Engine
from ..latent import attributes
from ..latent.attributes import Evidence
from ..latent.neighbours import Index
from ..saved.directions import Named

Rows = Sequence[int] | Int[np.ndarray, "_"]  # of the map
MOST = 1000  # rows of a group that are used
SHOWN = 64  # held-out samples of B to which the direction is added
DRAWS, DRAWS_WIDE, WIDE = 499, 99, 64  # random pairs of groups; fewer for a discriminant in many dimensions
JUDGES, NEAR, CHECKED = 4000, 15, 500
NEIGHBOUR = 15  # whose distance measures how far from the data a latent is


@dataclass(frozen=True)
class Change:
    """Before and after the direction is added once to n samples.

    votes: mean share of votes for each class, (2, classes), None without labels. pixels: mean absolute change as a
    share of the range. off_data: mean of 1 - reach / distance to the 15th nearest sample, at least 0; trust: its mean.
    others: (name, shift) along saved directions, in standard deviations of all codes.
    """

    n: int
    votes: Float[np.ndarray, "2 c"] | None
    pixels: float
    off_data: tuple[float, float]
    trust: tuple[float, float]
    others: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Attribute:
    """The evidence for a direction. right: the accuracy of the classifier behind `change`, None without labels."""

    evidence: Evidence
    change: Change
    right: float | None


@dataclass(frozen=True)
class Judge:
    """A nearest-neighbour classifier on the pixels of real samples. right: its accuracy on CHECKED other samples."""

    rows: Int[np.ndarray, " n"]
    index: Index
    labels: Int[np.ndarray, " n"]
    classes: int
    right: float

    def votes(self, pictures: np.ndarray) -> Float[np.ndarray, "b c"]:
        """Share of each class among the NEAR nearest samples, for uint8 pictures (b, c, h, w)."""
        _, nearest = self.index.query(_flat(pictures), NEAR)
        return np.stack([np.bincount(self.labels[row], minlength=self.classes) / NEAR for row in nearest])


_judges: WeakKeyDictionary = WeakKeyDictionary()


def direction(engine: Engine, a: Rows, b: Rows, method: str) -> Float[np.ndarray, " d"]:
    """The direction from rows b of the map to rows a: added once, it moves the mean of B to the mean of A, or, for the
    discriminant, to its projection."""
    a, b = (engine.atlas.z[_thinned(rows)].astype(np.float64) for rows in (a, b))
    return attributes.METHODS[method](a, b).astype(np.float32)


def attribute(engine: Engine, a: Rows, b: Rows, method: str, named: Sequence[Named] = ()) -> Attribute:
    """The evidence for that direction: everything is learned on half of each group and measured on the other half.

    Raises: ShapeError: a group is too small, see vae.latent.attributes.LEAST.
    """
    z, a, b = engine.atlas.z, _thinned(a), _thinned(b)
    draws = DRAWS_WIDE if method == "discriminant" and engine.d > WIDE else DRAWS
    evidence = attributes.evidence(z[a], z[b], method=method, draws=draws)
    (learn_a, _), (learn_b, rest) = (attributes.held_out(len(rows)) for rows in (a, b))
    judge = judge_of(engine)
    change = _change(engine, b[rest], direction(engine, a[learn_a], b[learn_b], method), judge, named)
    return Attribute(evidence, change, None if judge is None else judge.right)


def _thinned(rows: Rows) -> Int[np.ndarray, " n"]:
    """At most MOST random rows of them, ascending."""
    return np.sort(np.random.default_rng(0).permutation(np.asarray(rows, int))[:MOST])


def judge_of(engine: Engine) -> Judge | None:
    """A classifier by nearest pixels, independent of the model; None without labels. Cached for an engine."""
    atlas = engine.atlas
    if atlas.labels is None or not atlas.classes:
        return None
    if engine not in _judges:
        order = np.random.default_rng(0).permutation(n := atlas.n_thumbnails)
        learned = np.sort(order[: min(JUDGES, n - min(CHECKED, n // 3))])
        other = np.setdiff1d(order, learned)[:CHECKED]
        index = Index(_flat(atlas.thumbnails(learned)), np.ones(atlas.thumbnail(0).size, np.float32))
        judge = Judge(learned, index, atlas.labels[learned], len(atlas.classes), 0.0)
        predicted = judge.votes(atlas.thumbnails(other)).argmax(1)
        right = float((predicted == atlas.labels[other]).mean())
        _judges[engine] = Judge(learned, index, judge.labels, judge.classes, right)
    return _judges[engine]


def _change(engine: Engine, rows: np.ndarray, u: np.ndarray, judge: Judge | None, named: Sequence[Named]) -> Change:
    atlas = engine.atlas
    if judge is not None:  # the classifier must not have learned these samples
        unknown = np.setdiff1d(rows, judge.rows)
        rows = unknown if len(unknown) >= min(8, len(rows)) else rows
    z = atlas.z[rows[np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)]]
    c = engine.condition_at(z)
    pictures, off, trust = [], [], []
    for latents in (z, z + u):
        pictures.append(engine.decode_uint8(latents, c=c))
        trust.append(float(engine.trust(latents, c=c).mean()))
        far = np.array([atlas.neighbours(one, NEIGHBOUR)[1][-1] for one in latents])
        off.append(float(np.maximum(0, 1 - atlas.reach / np.maximum(far, 1e-12)).mean()))
    judge = judge if pictures[0].shape[2:] == atlas.thumb_size else None
    return Change(
        n=len(z),
        votes=np.stack([judge.votes(_as_thumbnails(p)).mean(0) for p in pictures]) if judge else None,
        pixels=float(np.abs(pictures[1].astype(np.float32) - pictures[0]).mean() / 255),
        off_data=(off[0], off[1]),
        trust=(trust[0], trust[1]),
        others=_along_others(atlas.z, u, named),
    )


def _along_others(z: np.ndarray, u: np.ndarray, named: Sequence[Named]) -> tuple[tuple[str, float], ...]:
    """How far u moves along each saved direction, in standard deviations of all codes along it; the largest first."""
    shifts = []
    for one in named:
        w = np.asarray(one.u, np.float32)
        if len(w) == len(u) and (spread := float((z @ w).std())) > 0:
            shifts.append((one.name, float(u @ w) / spread))
    return tuple(sorted(shifts, key=lambda shift: -abs(shift[1])))


def _as_thumbnails(pictures: np.ndarray) -> np.ndarray:
    return np.repeat(pictures, 3, 1) if pictures.shape[1] == 1 else pictures


def _flat(pictures: np.ndarray) -> np.ndarray:
    return pictures.reshape(len(pictures), -1).astype(np.float32) / 255
