"""Convolutions between pictures and an h x w grid of vectors, for spatial codes."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from ...errors import ShapeError
from ...text import _
from .conv import Residual, Stack, channels_last, conv


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
        raise ShapeError(
            _("a grid of codes: given samples of shape {shape}, expected pictures (c, h, w).", shape=shape)
        )
    stack = Stack.of(shape, width, depth)
    inner = stack.channels[-1]
    encoder = nn.Sequential(*stack.down(), Residual(2, inner), nn.Conv2d(inner, code_width, 1))
    up = stack.up()
    decoder = nn.Sequential(conv(2, code_width, inner), Residual(2, inner), *up, conv(2, width, outputs * shape[0]))
    h, w = stack.sizes[-1]
    return GridPair(channels_last(encoder), channels_last(decoder), (h, w))
