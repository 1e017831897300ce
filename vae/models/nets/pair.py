"""The encoder and the decoder that every net function returns."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Pair:
    """encoder: (b, c, ...) -> (b, features); decoder: (b, d) -> (b, outputs * c, ...), raw."""

    encoder: nn.Module
    features: int
    decoder: nn.Module
