"""How far a map position can be believed: decode it, encode the picture, place it again: does it come back?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from .inverse import Grid


@dataclass(frozen=True)
class TrustModel:
    """A calibrated probability on a lattice over the map's box."""

    field: np.ndarray  # (g, g) uint8, probability x 255, row y, column x
    box: tuple[float, float, float, float]

    def grid(self) -> Grid:
        return Grid(self.field[..., None].astype(np.float32) / 255.0, self.box)

    def state(self) -> dict[str, np.ndarray]:
        return {"trust_field": self.field, "trust_box": np.asarray(self.box, np.float64)}

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> TrustModel | None:
        """None if the state was kept without a calibration."""
        if "trust_field" not in state:
            return None
        return cls(np.asarray(state["trust_field"]), tuple(float(v) for v in state["trust_box"]))


def from_coverage(count: Float[np.ndarray, "b"]) -> Float[np.ndarray, "b"]:
    """A stand-in before calibration: c / (1 + c), c the reference points under the narrowest kernel."""
    return (count / (1.0 + count)).astype(np.float32)
