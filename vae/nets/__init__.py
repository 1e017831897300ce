"""Encoder and decoder pairs by layout. Each module offers pair(shape, outputs, d, width, depth) -> Pair."""

from __future__ import annotations

from . import conv2d, mlp

LAYOUTS = {"mlp": mlp.pair, "conv2d": conv2d.pair}
