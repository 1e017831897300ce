"""The map in both directions: latents to positions and positions to latents, with a trust in each."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import ShapeError
from ..text import N_, _
from .compact import all_equal, lossless
from .fit import FittedMap, attraction, fit_map, landmark_rows
from .forward import Forward
from .inverse import Grid, build_lattice
from .neighbours import Index, metric_scale
from .rows import rows
from .trust import FARTHEST
from .trust_model import TrustModel, from_coverage

__all__ = ["FittedMap", "Projector", "fit_map"]


class Surroundings(NamedTuple):
    """How dense the reference set is around latents (b, d), by the distance to the 15th nearest reference row in the
    map's metric. Unlike a count within a radius, both numbers mean the same in few dimensions and in many.

    row: the nearest row. density: share of the reference rows in less dense surroundings, 0-1: .5 is typical, at 0
    every row has closer neighbours. off_data: 1 - reach / distance, at least 0, where reach is the median over the
    reference rows: 0 means as close to samples as they are to each other, .5 twice as far.
    """

    row: np.ndarray
    density: np.ndarray
    off_data: np.ndarray


class Projector:
    """Both directions of the map of one reference set. Made by `build` or `from_state`; read only, so threads may share
    it."""

    def __init__(
        self,
        z: Float[np.ndarray, "n d"],
        xy: Float[np.ndarray, "n 2"],
        a: float,
        b: float,
        scale: Float[np.ndarray, " m"],
        *,
        landmarks: np.ndarray | None,
        trust: TrustModel | None,
        view: Float[np.ndarray, "d m"] | None = None,
    ):
        self.z, self.xy, self.a, self.b, self.scale, self.landmarks = z, xy, float(a), float(b), scale, landmarks
        self.d, self.view = z.shape[1], view
        chosen = slice(None) if landmarks is None else landmarks
        self._forward = Forward(Index(self.seen(z[chosen]), scale), xy[chosen], a, b)
        self.equal = len(z) > 1 and all_equal(z)
        self._latent, self._count = build_lattice(z, xy)
        self.box = self._latent.box
        self.width = float(max(np.ptp(xy[:, 0]), np.ptp(xy[:, 1]), 1e-3))  # of which "% of the width" is a share
        self._set_trust(trust)

    @classmethod
    def build(
        cls,
        z: ArrayLike,
        xy: ArrayLike,
        *,
        a: float | None = None,
        b: float | None = None,
        trust: TrustModel | None = None,
        scale: ArrayLike | None = None,
        landmarks: np.ndarray | None = None,
        view: ArrayLike | None = None,
    ) -> Projector:
        """A projector from reference latents and their map positions.

        Args: a, b: of the fitted map (default: those of UMAP at min_dist .1). scale: weight of each dimension in
            distances (default: metric_scale(z)). landmarks: rows by which new latents are placed (default: all, or a
            random 20 000 of more). view (d, m): the map and its metric are those of z @ view; scale then has m entries.
        Raises: ShapeError: wrong shapes, no rows, NaN or infinity.
        """
        z, xy = rows(z, name=N_("reference latents")), rows(xy, 2, N_("map positions"))
        view = None if view is None else rows(np.asarray(view).T, z.shape[1], "view").T
        m = z.shape[1] if view is None else view.shape[1]
        if len(z) != len(xy) or len(z) == 0:
            raise ShapeError(
                _(
                    "given {latents} latents and {positions} map positions, expected equal numbers of at least 1.",
                    latents=len(z),
                    positions=len(xy),
                )
            )
        if scale is None:
            scale = metric_scale(z if view is None else z @ view)
        else:
            scale = rows(np.asarray(scale)[None], m, "scale")[0]
        if a is None or b is None:
            a, b = attraction()
        landmarks = landmark_rows(len(z)) if landmarks is None else np.asarray(landmarks, np.int64)
        return cls(z, xy, a, b, scale, landmarks=landmarks, trust=trust, view=view)

    def seen(self, z: Float[np.ndarray, "b d"]) -> Float[np.ndarray, "b m"]:
        """The coordinates of z that the map is fitted to: z @ view, or z itself."""
        return z if self.view is None else z @ self.view

    def to_map(self, z: ArrayLike) -> Float[np.ndarray, "b 2"]:
        """Map positions of latents, float32; a latent of the reference set gets its own position.

        Raises: ShapeError: wrong width, NaN or infinity.
        """
        return self._forward.place(z if self.view is None else self.seen(rows(z, self.d, "latents")))

    def from_map(self, xy: ArrayLike) -> tuple[Float[np.ndarray, "b d"], Float[np.ndarray, " b"]]:
        """Latents at map positions, and the trust 0-1 in each: the probability that, decoded, encoded and placed again,
        it returns to its position. Positions outside the map get the latent at the nearest edge, and trust 0; if all
        reference latents are equal, the trust is 0 everywhere, as the map tells nothing.

        Raises: ShapeError: not (b, 2), NaN or infinity.
        """
        xy = rows(xy, 2, "xy")
        return self._latent.at(xy), self.trust(xy)

    def coverage(self, xy: ArrayLike) -> Float[np.ndarray, " b"]:
        """Number of reference points under the narrowest kernel; below 1 the map is empty there. Raises: ShapeError."""
        xy = rows(xy, 2, "xy")
        return np.where(self._inside(xy), self._count.at(xy)[:, 0], np.float32(0))

    @property
    def reach(self) -> float:
        """Median distance of a reference latent to its 15th neighbour, in the map's metric."""
        return float(np.median(self._forward.reach))

    @property
    def trust_report(self) -> dict[str, float]:
        """How well the calibrated trust did on held-out positions (see TrustModel); empty before calibration."""
        return {} if self._model is None else self._model.report

    def trust(self, xy: ArrayLike) -> Float[np.ndarray, " b"]:
        """The trust of `from_map` alone. Raises: ShapeError."""
        xy = rows(xy, 2, "xy")
        return np.where(self._inside(xy), self._after_curve(self._chance.at(xy)[:, 0]), np.float32(0))

    def trust_field(self) -> tuple[Float[np.ndarray, "g g"], tuple[float, float, float, float]]:
        """Trust 0-1 over the map as an image (row 0 at the lowest y), and its box (x0, y0, x1, y1)."""
        return self._after_curve(self._chance.values[..., 0]), self.box

    def latent_confidence(self, z: ArrayLike) -> Float[np.ndarray, " b"]:
        """Share of reference points at least as far from their 15th neighbour as z, 0-1; below .01 z is off the data.

        Raises: ShapeError: wrong width, NaN or infinity.
        """
        return self._forward.confidence(self.seen(rows(z, self.d, "latents")))

    def surroundings(self, z: ArrayLike) -> Surroundings:
        """The nearest reference row to each latent, and how dense the set is around it. Raises: ShapeError."""
        distance, row = self._forward.index.query(self.seen(rows(z, self.d, "latents")), self._forward.k)
        far, reach = distance[:, -1], max(self.reach, 1e-12)
        nearest = row[:, 0] if self.landmarks is None else self.landmarks[row[:, 0]]
        return Surroundings(nearest, self._forward.rank(far), np.maximum(0.0, 1.0 - reach / np.maximum(far, reach)))

    def returned(self, z: ArrayLike, again: ArrayLike, xy: ArrayLike | None = None) -> Float[np.ndarray, " b"]:
        """Trust 0-1 in latents by their round trip: again = encode(decode(z)). xy: to_map(z), if known.

        The criterion is that of `from_map` (see trust.calibrate), measured here instead of predicted: 1 / (1 + r^4),
        where r is the distance divided by its bound, on the map or in latent space, whichever is larger: .5 at the
        bound, .94 at half of it. Raises: ShapeError: wrong width, NaN or infinity.
        """
        z, again = rows(z, self.d, "z"), rows(again, self.d, "encode(decode(z))")
        start = self.to_map(z) if xy is None else rows(xy, 2, "xy")
        moved = np.linalg.norm(self.to_map(again) - start, axis=1)
        changed = np.linalg.norm(self.seen(again - z) * self.scale, axis=1)
        if self.equal:
            return np.zeros(len(z), np.float32)
        of_map, of_latent = self._bounds
        return (1.0 / (1.0 + np.maximum(moved / of_map, changed / of_latent) ** 4)).astype(np.float32)

    def with_trust(self, trust: TrustModel) -> Projector:
        """A copy of this projector with a calibrated trust; the tables are shared."""
        copy = object.__new__(Projector)
        copy.__dict__.update(self.__dict__)
        copy._set_trust(trust)
        return copy

    def state(self) -> dict[str, np.ndarray]:
        """Arrays from which from_state rebuilds this projector exactly; latents are float16 if that is lossless."""
        state = {"z": lossless(self.z), "xy": self.xy, "ab": np.array([self.a, self.b]), "scale": self.scale}
        if self.landmarks is not None:
            state["landmarks"] = self.landmarks
        if self.view is not None:
            state["view"] = self.view
        return state | (self._model.state() if self._model is not None else {})

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> Projector:
        """Raises: ShapeError: arrays are missing or have wrong shapes."""
        missing = [name for name in ("z", "xy", "ab", "scale") if name not in state]
        if missing:
            raise ShapeError(
                _(
                    "projector state: given the arrays {given}, missing {missing}.",
                    given=", ".join(sorted(state)),
                    missing=", ".join(missing),
                )
            )
        a, b = (float(v) for v in state["ab"])
        optional = {name: dict(state).get(name) for name in ("landmarks", "view")}
        trust = TrustModel.from_state(state)
        return cls.build(state["z"], state["xy"], a=a, b=b, scale=state["scale"], trust=trust, **optional)

    def _set_trust(self, trust: TrustModel | None) -> None:
        self._model = trust
        tau_map, tau_latent = (self.trust_report.get(name, np.nan) for name in ("tau_map_widths", "tau_latent"))
        self._bounds = (  # of a round trip that returns; before calibration, their upper limits
            self.width * (tau_map if tau_map > 0 else FARTHEST),
            tau_latent if tau_latent > 0 else max(self.reach, 1e-6),
        )
        count = self._count.values
        chance = from_coverage(count) if trust is None else trust.grid().at(self._count.nodes()).reshape(count.shape)
        if self.equal:
            chance = np.zeros_like(chance)
        self._chance = Grid(chance, self.box)

    def _after_curve(self, read: np.ndarray) -> np.ndarray:
        """The trust of what was read off the table."""
        return read if self._model is None or self.equal else self._model.after_curve(read)

    def _inside(self, xy: np.ndarray) -> np.ndarray:
        x0, y0, x1, y1 = self.box
        return (xy[:, 0] >= x0) & (xy[:, 0] <= x1) & (xy[:, 1] >= y0) & (xy[:, 1] <= y1)
