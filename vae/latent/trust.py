"""The trust in a map position: the probability that, decoded, encoded and placed again, it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ..errors import ShapeError
from ..text import _
from .auroc import auroc
from .calibration import (
    HIGH,
    LOW,
    calibration_error,
    calibration_noise,
    fit_curve,
    fit_logistic,
    linear,
    log_odds,
    logistic,
)
from .inverse import CELLS, Grid
from .trust_model import TrustModel

Decoder = Callable[[np.ndarray], Any]  # latents -> samples, in any form that the encoder takes
Encoder = Callable[[Any], np.ndarray]

QUANTILE = 0.95  # of the round trips of the reference set: a position that moves farther does not return
FARTHEST = 0.03  # map widths: upper limit of that bound
TRIPS = 64  # nodes per side at which positions are decoded and encoded; the rest of the trip is known on a finer one
FINE, PER_ROW = 128, 16  # that has at least so many nodes per side, and for each reference point; at most CELLS a side
OWN = 1_000  # rows of the reference set that set the bounds
POSITIONS = 5_000  # more round trips, uniform and near data: half to calibrate on, half to evaluate on
NEAR = 6_000  # further ones near data, where the probability is neither 0 nor 1, for its calibration
CHUNK = 512  # decoded at once
# In holes, where a position certainly moves on the map, the number can only rank positions. Flat tails let both
# criteria contribute, so that the ranking is right for either criterion alone, too.
_TAIL, _TAIL_SLOPE, _LATENT_SLOPE = -4.0, 0.015, 0.35


@runtime_checkable  # so that annotations of it are checked in the tests
class Map(Protocol):
    """The map whose positions are evaluated, such as a Projector: z (n, d) at xy (n, 2), and both directions."""

    @property
    def z(self) -> np.ndarray: ...

    @property
    def xy(self) -> np.ndarray: ...

    @property
    def scale(self) -> np.ndarray: ...

    @property
    def box(self) -> tuple[float, float, float, float]: ...

    @property
    def width(self) -> float: ...

    @property
    def reach(self) -> float: ...

    def seen(self, z: np.ndarray) -> np.ndarray: ...

    def to_map(self, z: np.ndarray) -> np.ndarray: ...

    def from_map(self, xy: np.ndarray) -> tuple[np.ndarray, np.ndarray]: ...


def calibrate(projector: Map, decode: Decoder, encode: Encoder, *, seed: int = 0) -> TrustModel:
    """The probability that a map position returns: decode its latent, encode the result, place it on the map.

    The criteria. A position returns if it lands no farther from where it started than 95 % of the positions of the
    reference set (map), and if its code is no farther from the decoded latent, in the map's metric, than for 95 % of
    the latents of the reference set (latent). The bounds are at most 3 % of the map's width and the median distance to
    a 15th neighbour, so that a model whose round trips all go far is not trusted.
    The score. Map: logistic regression on the log distance of T(I(p)) from p, known on a fine lattice (see `fine`),
    and on that of the full trip (64 x 64 decodes). Latent: logistic regression on the log latent distance of the full
    trip. Their product is stored on the lattice.
    The probability. What is read of the score between the nodes is recalibrated by an increasing curve, fitted mostly
    on positions near data: few others are uncertain. Fitted on one half of random positions, evaluated on the other.
    Deterministic for a seed. Some 17 000 decodes and encodes: 7-20 s with a small conv net on one core.

    Args: decode: (b, d) float32 -> (b, ...); encode: its result -> means (b, d).
    Raises: ShapeError: decode or encode returns NaN, infinity or a wrong shape.
    """
    random = np.random.default_rng(seed)
    evidence = _Evidence.gather(projector, decode, encode, random)
    p = np.concatenate([_anywhere(projector, random, POSITIONS // 2), _near(projector, random, POSITIONS // 2)])
    learn = random.permutation(len(p)) % 2 == 0
    first = np.arange(len(p) + NEAR) < len(p)  # on which the score is fitted
    p = np.concatenate([p, _near(projector, random, NEAR)])
    anywhere = np.arange(len(p)) < POSITIONS // 2
    learn = np.concatenate([learn, np.arange(NEAR) % 2 == 0])
    map_error, latent_error = round_trip(projector, decode, encode, p)
    stays, same = map_error <= evidence.tau_map, latent_error <= evidence.tau_latent
    back = stays & same
    code = _score(evidence, p[learn & first], stays[learn & first], same[learn & first])
    plain = TrustModel(code, projector.box)
    model = replace(plain, curve=fit_curve(log_odds(plain.at(p[learn])), back[learn]))
    predicted = model.at(p)
    judged, inside, beside = ~learn, ~learn & anywhere, ~learn & ~anywhere
    report = {
        "auroc": auroc_of(predicted[inside], back[inside]),
        "auroc_map": auroc_of(predicted[inside], stays[inside]),
        "auroc_latent": auroc_of(predicted[inside], same[inside]),
        "auroc_near_data": auroc_of(predicted[beside], back[beside]),
        "calibration_error": calibration_error(predicted[judged], back[judged]),
        "calibration_error_near_data": calibration_error(predicted[beside], back[beside]),
        "calibration_noise_near_data": calibration_noise(predicted[beside]),
        "calibration_error_uniform": calibration_error(predicted[inside], back[inside]),
        "share_back": float(back[inside].mean()),
        "tau_map_widths": evidence.tau_map / projector.width,
        "tau_latent": evidence.tau_latent,
        "n_judged": float(inside.sum()),
        "n_judged_near_data": float(beside.sum()),
    }
    return replace(model, report=report)


def _score(evidence: _Evidence, p: np.ndarray, stays: np.ndarray, same: np.ndarray) -> np.ndarray:
    """The score of every node as log odds, (g, g) uint8, from which positions p stayed on the map and in latent
    space."""
    on_map, in_latent = evidence.at(p)
    of_map, of_latent = fit_logistic(on_map, stays), fit_logistic(in_latent, same)

    def both(position: np.ndarray) -> Float[np.ndarray, "b 1"]:
        on_map, in_latent = evidence.at(position)
        odds = linear(of_map, on_map)
        odds = np.where(odds < _TAIL, _TAIL + _TAIL_SLOPE * (odds - _TAIL), odds)
        return log_odds(logistic(odds) * logistic(_LATENT_SLOPE * linear(of_latent, in_latent)))[:, None]

    of_both = fit_logistic(both(p), stays & same)
    nodes = Grid(np.zeros((CELLS, CELLS, 1), np.float32), evidence.cheap.box).nodes()
    odds = np.clip(linear(of_both, both(nodes)), LOW, HIGH)
    return np.round((odds - LOW) * (255.0 / (HIGH - LOW))).astype(np.uint8).reshape(CELLS, CELLS)


@dataclass(frozen=True)
class _Evidence:
    """Log distances measured on lattices; 0 where a distance equals its bound."""

    tau_map: float
    tau_latent: float
    cheap: Grid  # of T(I(p)) from p, `fine` nodes a side
    full: Grid  # of the full trip, on the map and in latent space, TRIPS a side

    @classmethod
    def gather(cls, projector: Map, decode: Decoder, encode: Encoder, random: np.random.Generator) -> _Evidence:
        own = np.sort(random.permutation(len(projector.z))[:OWN])
        moved, _changed = round_trip(projector, decode, encode, projector.xy[own])
        tau_map = float(np.clip(np.quantile(moved, QUANTILE), 1e-3 * projector.width, FARTHEST * projector.width))
        changed = _returned(projector, decode, encode, projector.z[own])[1]
        tau_latent = max(min(float(np.quantile(changed, QUANTILE)), projector.reach), 1e-6)
        side = fine(len(projector.z))
        nodes = _nodes(projector.box, side)
        cheap = np.linalg.norm(projector.to_map(projector.from_map(nodes)[0]) - nodes, axis=1) / tau_map
        full = np.stack(round_trip(projector, decode, encode, _nodes(projector.box, TRIPS)), axis=1)
        full /= [tau_map, tau_latent]
        return cls(
            tau_map,
            tau_latent,
            Grid(_log(cheap).reshape(side, side, 1), projector.box),
            Grid(_log(full).reshape(TRIPS, TRIPS, 2), projector.box),
        )

    def at(self, p: Float[np.ndarray, "b 2"]) -> tuple[Float[np.ndarray, "b 2"], Float[np.ndarray, "b 1"]]:
        """Features of the map criterion and of the latent criterion."""
        full = self.full.at(p)
        return np.concatenate([self.cheap.at(p), full[:, :1]], axis=1), full[:, 1:]


def fine(n: int) -> int:
    """Nodes per side of the lattice on which T(I(p)) is known, for n reference points. What T does changes from one
    reference point to the next, so that a small set needs fewer nodes; they take most of the time of `calibrate`."""
    return int(np.clip(np.ceil(np.sqrt(PER_ROW * n)), FINE, CELLS))


def _anywhere(projector: Map, random: np.random.Generator, n: int) -> Float[np.ndarray, "n 2"]:
    """Map positions, uniform over the box."""
    x0, y0, x1, y1 = projector.box
    return (np.array([x0, y0]) + random.random((n, 2)) * [x1 - x0, y1 - y0]).astype(np.float32)


def _near(projector: Map, random: np.random.Generator, n: int) -> Float[np.ndarray, "n 2"]:
    """Map positions about 2 % of the width from a reference point: where the app is used, and harder."""
    x0, y0, x1, y1 = projector.box
    near = projector.xy[random.integers(0, len(projector.xy), n)]
    near = near + random.normal(scale=0.02 * projector.width, size=near.shape)
    return np.clip(near, [x0, y0], [x1, y1]).astype(np.float32)


def round_trip(
    projector: Map, decode: Decoder, encode: Encoder, xy: Float[np.ndarray, "b 2"]
) -> tuple[Float[np.ndarray, " b"], Float[np.ndarray, " b"]]:
    """How far a map position moves when it is decoded, encoded and placed: on the map, and in the latent metric."""
    placed, changed = _returned(projector, decode, encode, projector.from_map(xy)[0])
    return np.linalg.norm(placed - xy, axis=1), changed


def _returned(projector: Map, decode: Decoder, encode: Encoder, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each latent lands on the map after decode and encode, and how far it moved in the map's metric."""
    placed, changed = np.empty((len(z), 2)), np.empty(len(z))
    for start in range(0, len(z), CHUNK):
        part = slice(start, start + CHUNK)
        again = np.asarray(encode(decode(z[part])))
        if again.shape != z[part].shape:
            raise ShapeError(
                _(
                    "encode(decode(z)): given shape {given}, expected {expected}.",
                    given=again.shape,
                    expected=z[part].shape,
                )
            )
        placed[part] = projector.to_map(again)
        changed[part] = np.linalg.norm(projector.seen(again - z[part]) * projector.scale, axis=1)
    return placed, changed


def _nodes(box: tuple[float, float, float, float], side: int) -> Float[np.ndarray, "gg 2"]:
    return Grid(np.zeros((side, side, 1), np.float32), box).nodes().astype(np.float32)


def auroc_of(score: Float[np.ndarray, " n"], positive: np.ndarray) -> float:
    """AUROC of a score for positive (n,) bool; NaN if all are positive, or none."""
    return auroc(score[~positive], score[positive])[0] if 0 < positive.sum() < len(positive) else float("nan")


def _log(ratio: np.ndarray) -> np.ndarray:
    return np.log(ratio + 1e-3).astype(np.float32)
