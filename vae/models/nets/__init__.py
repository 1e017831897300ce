"""Encoder and decoder pairs, each made by a function (shape, outputs, d, width, depth) -> Pair."""

from __future__ import annotations

from collections.abc import Callable

from ...registry import MODALITIES
from . import mlp
from .conv import conv1d, conv2d
from .pair import Pair
from .principal import pca_conv2d, pca_mlp, pca_mlp_refine, pca_refine

PAIRS = {
    "mlp": mlp.pair,
    "conv2d": conv2d,
    "conv1d": conv1d,
    "pca_mlp": pca_mlp,
    "pca_conv2d": pca_conv2d,
    "pca_refine": pca_refine,
    "pca_mlp_refine": pca_mlp_refine,
}
OF_LAYOUT = {"vector": "mlp", "line": "conv1d", "grid": "conv2d"}  # choice of "auto"; mlp for any other layout
ANY = ("mlp", "pca_mlp")  # nets that fit samples of any shape
NETS = ("auto", *PAIRS)


def chosen(net: str, modality: str) -> Callable[..., Pair]:
    """The function that makes the pair of that name; "auto" chooses by the layout of the modality's samples."""
    return PAIRS[OF_LAYOUT.get(MODALITIES.get(modality).layout, "mlp") if net == "auto" else net]
