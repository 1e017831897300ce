"""Encoder and decoder pairs, each made by a function (shape, outputs, d, width, depth) -> Pair."""

from __future__ import annotations

from collections.abc import Callable

from ...registry import MODALITIES
from . import mlp
from .conv import conv1d, conv2d
from .pair import Pair

PAIRS = {"mlp": mlp.pair, "conv2d": conv2d, "conv1d": conv1d}
OF_LAYOUT = {"vector": "mlp", "line": "conv1d", "grid": "conv2d"}  # what "auto" takes; of any other layout the mlp
ANY = ("mlp",)  # what fits samples of any shape
NETS = ("auto", *PAIRS)


def chosen(net: str, modality: str) -> Callable[..., Pair]:
    """What makes the pair of that name; "auto" stands for the one that fits how samples of the modality lie."""
    return PAIRS[OF_LAYOUT.get(MODALITIES.get(modality).layout, "mlp") if net == "auto" else net]
