"""The discriminator: a net that separates two kinds of vectors."""

from __future__ import annotations

from itertools import pairwise

from torch import nn


def discriminator(d: int, width: int, depth: int) -> nn.Sequential:
    """(b, d) -> (b,) log odds: `depth` hidden layers of `width` leaky ReLU units. Kim and Mnih, 2018."""
    sizes = [d] + [width] * depth
    hidden = [m for a, b in pairwise(sizes) for m in (nn.Linear(a, b), nn.LeakyReLU(0.2))]
    return nn.Sequential(*hidden, nn.Linear(sizes[-1], 1), nn.Flatten(0))
