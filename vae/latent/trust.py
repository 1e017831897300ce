"""The trust in a map position: the probability that, decoded, encoded and placed again, it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ..errors import ShapeError
from ..text import _
from .auroc import auroc
from .inverse import CELLS, Grid

Decoder = Callable[[np.ndarray], Any]  # latents -> samples, in any form that the encoder takes
Encoder = Callable[[Any], np.ndarray]

QUANTILE = 0.95  # of the round trips of the reference set: a position that moves farther does not return
FARTHEST = 0.03  # map widths: upper limit of that bound
TRIPS = 64  # nodes per side at which positions are decoded and encoded; the rest of the trip is known on CELLS
OWN = 1_000  # rows of the reference set that set the bounds
POSITIONS = 5_000  # more round trips, half to calibrate on, half to evaluate on
CHUNK = 512  # decoded at once
_LOW, _HIGH = -14.0, 6.0  # range of the log-odds in the uint8 field
# In holes, where a position certainly moves on the map, the number can only rank positions. Flat tails let both
# criteria contribute, so that the ranking is right for either criterion alone, too.
_TAIL, _TAIL_SLOPE, _LATENT_SLOPE = -4.0, 0.015, 0.35
_REPORT = (
    "auroc", "auroc_map", "auroc_latent", "auroc_near_data", "calibration_error", "share_back",
    "tau_map_widths", "tau_latent", "n_judged",
)  # fmt: skip


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


@dataclass(frozen=True)
class TrustModel:
    """A calibrated probability of returning, on a lattice over the map's box, and its quality on held-out positions.

    report: auroc (for both criteria, positions uniform over the box, holes included), auroc_map and auroc_latent (for
    each criterion alone), auroc_near_data (positions about 2 % of the width from a point), calibration_error (mean
    |predicted - observed|, ten bins), share_back, tau_map_widths and tau_latent (the bounds), n_judged.
    """

    code: np.ndarray  # (g, g) uint8: log-odds from -14 to 6, row y, column x
    box: tuple[float, float, float, float]
    report: dict[str, float] = field(default_factory=dict)

    def grid(self) -> Grid:
        """The probabilities as a table."""
        odds = _LOW + self.code[..., None].astype(np.float32) * ((_HIGH - _LOW) / 255.0)
        return Grid(_logistic(odds).astype(np.float32), self.box)

    def state(self) -> dict[str, np.ndarray]:
        """Arrays (64 KB) from which from_state rebuilds this model."""
        report = np.array([self.report.get(name, np.nan) for name in _REPORT])
        return {"trust_code": self.code, "trust_box": np.asarray(self.box, np.float64), "trust_report": report}

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> TrustModel | None:
        """None if the state has no calibration. Raises: ShapeError: a field that is not a square table."""
        if "trust_code" not in state:
            return None
        code = np.asarray(state["trust_code"])
        if code.dtype != np.uint8 or code.ndim != 2 or code.shape[0] != code.shape[1] or len(code) < 2:
            raise ShapeError(
                _("trust field: given {type} {shape}, expected uint8 (g, g).", type=code.dtype, shape=code.shape)
            )
        report = dict(zip(_REPORT, (float(v) for v in state["trust_report"]), strict=True))
        x0, y0, x1, y1 = (float(v) for v in state["trust_box"])
        return cls(code, (x0, y0, x1, y1), report)


def calibrate(projector: Map, decode: Decoder, encode: Encoder, *, seed: int = 0) -> TrustModel:
    """The probability that a map position returns: decode its latent, encode the result, place it on the map.

    The criteria. A position returns if it lands no farther from where it started than 95 % of the positions of the
    reference set (map), and if its code is no farther from the decoded latent, in the map's metric, than for 95 % of
    the latents of the reference set (latent). The bounds are at most 3 % of the map's width and the median distance to
    a 15th neighbour, so that a model whose round trips all go far is not trusted.
    The estimate. Map: logistic regression on the log distance of T(I(p)) from p, known on a fine lattice, and on that
    of the full trip (64 x 64 decodes). Latent: logistic regression on the log latent distance of the full trip. Their
    product is calibrated for both criteria together. Fitted on one half of random positions, evaluated on the other.
    Deterministic for a seed. Some 11 000 decodes and encodes: 5-15 s with a small conv net on one core.

    Args: decode: (b, d) float32 -> (b, ...); encode: its result -> means (b, d).
    Raises: ShapeError: decode or encode returns NaN, infinity or a wrong shape.
    """
    random = np.random.default_rng(seed)
    evidence = _Evidence.gather(projector, decode, encode, random)
    p, anywhere = _positions(projector, random)
    map_error, latent_error = round_trip(projector, decode, encode, p)
    stays, same = map_error <= evidence.tau_map, latent_error <= evidence.tau_latent
    back, learn = stays & same, random.permutation(len(p)) % 2 == 0
    on_map, in_latent = evidence.at(p)
    of_map, of_latent = _fit_logistic(on_map[learn], stays[learn]), _fit_logistic(in_latent[learn], same[learn])

    def score(position: np.ndarray) -> Float[np.ndarray, "b 1"]:
        on_map, in_latent = evidence.at(position)
        odds = _linear(of_map, on_map)
        odds = np.where(odds < _TAIL, _TAIL + _TAIL_SLOPE * (odds - _TAIL), odds)
        both = _logistic(odds) * _logistic(_LATENT_SLOPE * _linear(of_latent, in_latent))
        both = np.clip(both, 1e-9, 1.0 - 1e-6)
        return np.log(both / (1.0 - both))[:, None]

    of_both = _fit_logistic(score(p[learn]), back[learn])
    odds = np.clip(_linear(of_both, score(evidence.cheap.nodes())), _LOW, _HIGH)
    code = np.round((odds - _LOW) * (255.0 / (_HIGH - _LOW))).astype(np.uint8).reshape(CELLS, CELLS)
    predicted = TrustModel(code, projector.box).grid().at(p)[:, 0]
    inside, beside = ~learn & anywhere, ~learn & ~anywhere
    report = {
        "auroc": auroc_of(predicted[inside], back[inside]),
        "auroc_map": auroc_of(predicted[inside], stays[inside]),
        "auroc_latent": auroc_of(predicted[inside], same[inside]),
        "auroc_near_data": auroc_of(predicted[beside], back[beside]),
        "calibration_error": _calibration_error(predicted[~learn], back[~learn]),
        "share_back": float(back[inside].mean()),
        "tau_map_widths": evidence.tau_map / projector.width,
        "tau_latent": evidence.tau_latent,
        "n_judged": float(inside.sum()),
    }
    return TrustModel(code, projector.box, report)


@dataclass(frozen=True)
class _Evidence:
    """Log distances measured on lattices; 0 where a distance equals its bound."""

    tau_map: float
    tau_latent: float
    cheap: Grid  # of T(I(p)) from p, CELLS a side
    full: Grid  # of the full trip, on the map and in latent space, TRIPS a side

    @classmethod
    def gather(cls, projector: Map, decode: Decoder, encode: Encoder, random: np.random.Generator) -> _Evidence:
        own = np.sort(random.permutation(len(projector.z))[:OWN])
        moved, _changed = round_trip(projector, decode, encode, projector.xy[own])
        tau_map = float(np.clip(np.quantile(moved, QUANTILE), 1e-3 * projector.width, FARTHEST * projector.width))
        changed = _returned(projector, decode, encode, projector.z[own])[1]
        tau_latent = max(min(float(np.quantile(changed, QUANTILE)), projector.reach), 1e-6)
        fine = _nodes(projector.box, CELLS)
        cheap = np.linalg.norm(projector.to_map(projector.from_map(fine)[0]) - fine, axis=1) / tau_map
        full = np.stack(round_trip(projector, decode, encode, _nodes(projector.box, TRIPS)), axis=1)
        full /= [tau_map, tau_latent]
        return cls(
            tau_map,
            tau_latent,
            Grid(_log(cheap).reshape(CELLS, CELLS, 1), projector.box),
            Grid(_log(full).reshape(TRIPS, TRIPS, 2), projector.box),
        )

    def at(self, p: Float[np.ndarray, "b 2"]) -> tuple[Float[np.ndarray, "b 2"], Float[np.ndarray, "b 1"]]:
        """Features of the map criterion and of the latent criterion."""
        full = self.full.at(p)
        return np.concatenate([self.cheap.at(p), full[:, :1]], axis=1), full[:, 1:]


def _positions(projector: Map, random: np.random.Generator) -> tuple[Float[np.ndarray, "p 2"], np.ndarray]:
    """Random map positions, half of them uniform over the box and half about 2 % of the width from a reference point
    (harder), and which are the uniform ones."""
    x0, y0, x1, y1 = projector.box
    half = POSITIONS // 2
    anywhere = np.array([x0, y0]) + random.random((half, 2)) * [x1 - x0, y1 - y0]
    near = projector.xy[random.integers(0, len(projector.xy), half)]
    near = np.clip(near + random.normal(scale=0.02 * projector.width, size=near.shape), [x0, y0], [x1, y1])
    return np.concatenate([anywhere, near]).astype(np.float32), np.arange(2 * half) < half


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


def from_coverage(count: np.ndarray) -> np.ndarray:
    """The trust before calibration: c / (1 + c), c the number of reference points under the narrowest kernel."""
    return (count / (1.0 + count)).astype(np.float32)


def _log(ratio: np.ndarray) -> np.ndarray:
    return np.log(ratio + 1e-3).astype(np.float32)


def _logistic(odds: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(odds, -60.0, 60.0)))


def _linear(weights: np.ndarray, features: Float[np.ndarray, "n f"]) -> Float[np.ndarray, " n"]:
    return features @ weights[1:] + weights[0]


def _fit_logistic(features: Float[np.ndarray, "n f"], positive: np.ndarray) -> Float[np.ndarray, " f1"]:
    """Intercept and weights by Newton's method on the log-likelihood; a ridge keeps them finite for separable sets."""
    x = np.concatenate([np.ones((len(features), 1)), features], axis=1).astype(np.float64)
    ridge = np.diag(np.full(x.shape[1], 0.1))
    w = np.zeros(x.shape[1])
    for _step in range(50):
        chance = _logistic(x @ w)
        slope = x.T @ (positive - chance) - ridge @ w
        curve = (x * (chance * (1 - chance))[:, None]).T @ x + ridge
        step = np.linalg.solve(curve, slope)
        w = w + step * min(1.0, 5.0 / (np.abs(step).max() + 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return w


def _calibration_error(predicted: np.ndarray, observed: np.ndarray) -> float:
    bins = np.minimum((predicted * 10).astype(int), 9)
    return float(sum(abs(predicted[bins == i].sum() - observed[bins == i].sum()) for i in range(10)) / len(predicted))
