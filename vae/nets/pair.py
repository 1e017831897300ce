"""What every layout returns."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Pair:
    """encoder: (b, c, h, w) -> (b, features); decoder: (b, d) -> (b, outputs * c, h, w), raw."""

    encoder: nn.Module
    features: int
    decoder: nn.Module
