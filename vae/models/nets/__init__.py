"""Encoder and decoder pairs by layout, each made by a function (shape, outputs, d, width, depth) -> Pair."""

from __future__ import annotations

from ...errors import ShapeError
from . import mlp
from .conv import conv1d, conv2d
from .pair import Pair

OF_DIMENSIONS = {1: "mlp", 2: "conv1d", 3: "conv2d"}  # what "auto" takes for samples of so many, channels included
ANY = ("mlp",)  # what fits samples of any shape


def choose(shape: tuple[int, ...]) -> str:
    """The layout that "auto" stands for. Raises: ShapeError."""
    if len(shape) not in OF_DIMENSIONS:
        raise ShapeError(f"no convolutions fit samples of shape {tuple(shape)}: net=mlp takes any shape.")
    return OF_DIMENSIONS[len(shape)]


def auto(shape: tuple[int, ...], outputs: int, d: int, width: int, depth: int) -> Pair:
    """Convolutions of the sample's kind: conv2d for (c, h, w), conv1d for (c, t); mlp for (m,). Raises: ShapeError."""
    return LAYOUTS[choose(shape)](shape, outputs, d, width, depth)


LAYOUTS = {"auto": auto, "mlp": mlp.pair, "conv2d": conv2d, "conv1d": conv1d}
NETS = tuple(LAYOUTS)
