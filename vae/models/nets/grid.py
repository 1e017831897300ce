"""Convolutions between pictures and an h x w grid of vectors, for codes that keep their place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

from ...errors import ShapeError
from .conv2d import Double, Residual, halvings


@dataclass(frozen=True)
class GridPair:
    """encoder: (b, c, height, width) -> (b, code_width, h, w); decoder: back to outputs * c channels, raw."""

    encoder: nn.Module
    decoder: nn.Module
    size: tuple[int, int]  # h, w


def grid_pair(shape: tuple[int, ...], outputs: int, code_width: int, width: int, depth: int) -> GridPair:
    """`depth` halvings (0: until the shorter side is below 8 px), then a grid of vectors, and back.

    Raises: ShapeError: if shape is not (c, h, w), or there are more halvings than the picture can take.
    """
    if len(shape) != 3:
        raise ShapeError(f"a grid of codes takes pictures of shape (c, h, w), not {shape}.")
    c, h, w = shape
    sizes = halvings(h, w, depth)
    channels = [width * min(2**i, 4) for i in range(len(sizes) - 1)]
    inner = channels[-1]
    encoder = nn.Sequential(
        *[m for a, b in pairwise([c, *channels]) for m in (nn.Conv2d(a, b, 3, 2, 1), Residual(b))],
        Residual(inner),
        nn.Conv2d(inner, code_width, 1),
    )
    up: list[nn.Module] = []
    for i in range(len(channels) - 1, -1, -1):
        up += [Residual(channels[i]), Double(channels[i], channels[max(i - 1, 0)], sizes[i]), nn.SiLU()]
    decoder = nn.Sequential(
        nn.Conv2d(code_width, inner, 3, 1, 1), Residual(inner), *up, nn.Conv2d(channels[0], outputs * c, 3, 1, 1)
    )
    fast = torch.channels_last
    return GridPair(encoder.to(memory_format=fast), decoder.to(memory_format=fast), sizes[-1])
