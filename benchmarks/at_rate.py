"""How far a family lies behind the plain VAE at the rate that it spends. Figures in, shares out; trains nothing.

A family that spends fewer nats by design, such as a beta-VAE, must distort more: it is compared with a plain VAE whose
rate is weighted so that both spend the same, by linear interpolation between the beta-VAEs of a grid. The curve is
convex, so that a chord lies above it, on the family's side. Below the smallest rate of the grid the curve goes on to a
model without a code: the mean of the training set, with one sigma. Above the largest rate its last point counts. A
family without a rate is compared with the plain autoencoder where it reconstructs, and with the plain VAE where it
generates.

What a family loses is told as a share of what the reference gains over a model without a code; so the same bound holds
for nats, squared errors, accuracies and Frechet distances. Far is a tenth of that, three times what seeds of the plain
VAE differ by on the digits, and four standard errors. These contain the samples that are measured, as if the two models
were measured on different ones (which is more than it is), and the spread of the plain VAE over seeds, for both models.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vae.registry import FAMILIES

FAR = 0.1
SURE = 4.0  # standard errors of the difference: at four, chance flags one of some 150 differences in one table of 200
MEASURES = {"distortion_nats": -1, "mse": -1, "knn_accuracy": 1, "frechet": -1}  # 1: higher is better
ERROR = {"distortion_nats": "distortion_standard_error_nats"}  # else NAME_standard_error
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Lost:
    """value and reference, the difference as a share of what the reference gains, and the standard error of that."""

    value: float
    reference: float
    share: float
    error: float

    @property
    def far(self) -> bool:
        return self.share > FAR and self.share > SURE * self.error

    def __str__(self) -> str:
        return f"{100 * self.share + 0.0:.0f} ± {100 * self.error:.0f} %"


@dataclass(frozen=True)
class Reference:
    """What families are compared with on one data set: the plain autoencoder, the beta-VAEs, and no code at all."""

    ae: Row
    curve: Sequence[Row]  # one for each beta, plain VAE among them
    seeds: Sequence[Row]  # the plain VAE, beta = 1, by seed; the first is on the curve
    nothing: Row  # the mean of the training set

    @property
    def vae(self) -> Row:
        return self.seeds[0]

    def lost(self, row: Row) -> dict[str, Lost]:
        """What can be compared with this family, by measure. Where the reference itself gains nothing over no code, a
        share of it says nothing, and the measure is left out."""
        found = {name: self._lost(row, name) for name in comparable(row)}
        return {name: lost for name, lost in found.items() if lost is not None}

    def _lost(self, row: Row, name: str) -> Lost | None:
        reference, error, best = self._at(row, name)
        gain = MEASURES[name] * (best - self.nothing[name])
        if gain <= 0:
            return None
        behind = MEASURES[name] * (reference - row[name])
        spread = statistics.stdev(each[name] for each in self.seeds) if len(self.seeds) > 1 else 0.0
        both = math.hypot(row.get(_error(name)) or 0.0, error, math.sqrt(2) * spread)
        return Lost(row[name], reference, behind / gain, both / gain)

    def _at(self, row: Row, name: str) -> tuple[float, float, float]:
        """The reference for this row, its standard error, and the reference that sets the scale."""
        if row["rate_nats"] is None:
            plain = self.vae if name == "frechet" else self.ae
            return plain[name], plain.get(_error(name)) or 0.0, plain[name]
        points = sorted([self.nothing, *self.curve], key=lambda point: point["rate_nats"])
        rates = [point["rate_nats"] for point in points]
        value = float(np.interp(row["rate_nats"], rates, [point[name] for point in points]))
        return value, self.vae.get(_error(name)) or 0.0, self.vae[name]


def comparable(row: Row) -> list[str]:
    """The measures by which this family can be judged. A code beside a label need not hold the class; an encoder that a
    generator takes no notice of need not reconstruct; a distortion without a rate says no more than the MSE."""
    traits = FAMILIES.get(row["family"]).traits
    left_out = set()
    if "conditional" in traits:
        left_out |= {"knn_accuracy", "frechet"}
    if "implicit" in traits:
        left_out |= {"distortion_nats", "mse", "knn_accuracy"}
    if row["rate_nats"] is None:
        left_out.add("distortion_nats")
    if "sequential" in traits:
        left_out |= {"mse", "frechet"}  # they decode by feeding back means, not from the code alone
    return [name for name in MEASURES if name not in left_out and row.get(name) is not None]


def _error(name: str) -> str:
    return ERROR.get(name, f"{name}_standard_error")
