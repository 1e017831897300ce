"""Shared by the recurrent families: settings, and series in equal chunks."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from ..losses.schedules import WARMUP, WARMUP_STEPS
from ..settings import knob
from .likelihoods import SIGMA


@dataclass(frozen=True)
class RecurrentHparams:
    """Settings of all recurrent families. Their likelihood is Gaussian, as series are real numbers."""

    units: int = knob(128, "units of the recurrent state", low=1, high=4096)
    chunk: int = knob(16, "time steps of the data per step of the recurrent net", low=1, high=100_000)
    sigma: float = knob(0.0, SIGMA, low=0.0, high=10.0, term="likelihood")
    warmup: str = knob("none", WARMUP, choices=("none", "linear", "cyclical"), term="warm-up")
    warmup_steps: int = knob(1000, WARMUP_STEPS, low=1, high=10_000_000)


def chunks(x: Float[Tensor, "b c t"], length: int) -> Float[Tensor, "b n v"]:
    """Consecutive chunks of `length` time steps, all channels of each in one row; the last is padded with zeros."""
    x = F.pad(x, (0, -x.shape[2] % length))
    return x.unflatten(2, (-1, length)).transpose(1, 2).flatten(2)


def joined(rows: Float[Tensor, "b n v"], channels: int, t: int) -> Float[Tensor, "b c t"]:
    """The inverse of `chunks`, cut to t time steps."""
    return rows.unflatten(2, (channels, -1)).transpose(1, 2).flatten(2)[:, :, :t]
