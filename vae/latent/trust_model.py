"""The trust in map positions as a table with a curve: read for every point of the map, stored with it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from ..errors import ShapeError
from ..text import _
from .calibration import HIGH, KNOTS, LOW, logistic, recalibrated
from .inverse import Grid

_REPORT = (
    "auroc", "auroc_map", "auroc_latent", "auroc_near_data", "calibration_error", "share_back",
    "tau_map_widths", "tau_latent", "n_judged",
    "calibration_error_near_data", "calibration_noise_near_data", "calibration_error_uniform", "n_judged_near_data",
)  # fmt: skip


@dataclass(frozen=True)
class TrustModel:
    """A calibrated probability of returning, on a lattice over the map's box, and its quality on held-out positions.

    report: auroc (for both criteria, positions uniform over the box, holes included), auroc_map and auroc_latent (for
    each criterion alone), auroc_near_data (positions about 2 % of the width from a point), calibration_error (mean
    |predicted - observed|, ten bins, all positions) and the same for either kind of positions,
    calibration_noise_near_data (what of it a perfect prediction would have by chance), share_back, tau_map_widths and
    tau_latent (the bounds), n_judged (uniform positions) and n_judged_near_data. Older maps lack some of them.
    """

    code: np.ndarray  # (g, g) uint8: log-odds from -14 to 6, row y, column x, before the curve
    box: tuple[float, float, float, float]
    report: dict[str, float] = field(default_factory=dict)
    curve: np.ndarray | None = None  # (k,) see calibration.fit_curve; None in maps made before there was one

    def grid(self) -> Grid:
        """The probabilities at the nodes before the curve, which belongs to what is read between the nodes."""
        odds = LOW + self.code[..., None].astype(np.float32) * ((HIGH - LOW) / 255.0)
        return Grid(logistic(odds).astype(np.float32), self.box)

    def after_curve(self, read: np.ndarray) -> np.ndarray:
        """The probabilities of what was read off the grid."""
        return read if self.curve is None else recalibrated(self.curve, read).astype(np.float32)

    def at(self, xy: Float[np.ndarray, "b 2"]) -> Float[np.ndarray, " b"]:
        """The probability that a position returns."""
        return self.after_curve(self.grid().at(xy)[:, 0])

    def state(self) -> dict[str, np.ndarray]:
        """Arrays (64 KB) from which from_state rebuilds this model."""
        report = np.array([self.report.get(name, np.nan) for name in _REPORT])
        state = {"trust_code": self.code, "trust_box": np.asarray(self.box, np.float64), "trust_report": report}
        return state if self.curve is None else state | {"trust_curve": self.curve}

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> TrustModel | None:
        """None if the state has no calibration. Raises: ShapeError: a field that is not a square table, or a curve that
        is not one."""
        if "trust_code" not in state:
            return None
        code = np.asarray(state["trust_code"])
        if code.dtype != np.uint8 or code.ndim != 2 or code.shape[0] != code.shape[1] or len(code) < 2:
            raise ShapeError(
                _("trust field: given {type} {shape}, expected uint8 (g, g).", type=code.dtype, shape=code.shape)
            )
        curve = None if "trust_curve" not in state else np.asarray(state["trust_curve"], np.float64)
        if curve is not None and (
            curve.shape != KNOTS.shape or not np.isfinite(curve).all() or (np.diff(curve) <= 0).any()
        ):
            raise ShapeError(
                _("trust curve: given {curve}, expected {n} increasing numbers.", curve=curve.tolist(), n=len(KNOTS))
            )
        report = dict(zip(_REPORT, (float(v) for v in state["trust_report"]), strict=False))  # older ones are shorter
        x0, y0, x1, y1 = (float(v) for v in state["trust_box"])
        return cls(code, (x0, y0, x1, y1), report, curve)


def from_coverage(count: np.ndarray) -> np.ndarray:
    """The trust before calibration: c / (1 + c), c the number of reference points under the narrowest kernel."""
    return (count / (1.0 + count)).astype(np.float32)
