"""Fully connected layers on flattened samples of any shape."""

from __future__ import annotations

import math
from itertools import pairwise

from torch import nn

from .pair import Pair


def pair(shape: tuple[int, ...], outputs: int, d: int, width: int, depth: int) -> Pair:
    """depth hidden layers (0 is 1) of `width` ReLU units in encoder and decoder."""
    depth = depth or 1
    n = math.prod(shape)
    hidden = [width] * depth
    return Pair(
        encoder=nn.Sequential(nn.Flatten(), *_layers([n, *hidden])),
        features=width,
        decoder=nn.Sequential(
            *_layers([d, *hidden]),
            nn.Linear(width, outputs * n),
            nn.Unflatten(1, (outputs * shape[0], *shape[1:])),
        ),
    )


def _layers(sizes: list[int]) -> list[nn.Module]:
    return [m for a, b in pairwise(sizes) for m in (nn.Linear(a, b), nn.ReLU())]
