"""Convolutions that correct a picture where it is: what they learn in one place holds in every other, so that a few
hundred pictures teach them."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import pad, pixel_shuffle, pixel_unshuffle, silu

from .conv import channels_last

GRID = 16  # blocks along the shorter side, about: each has all its pixels as channels, which is cheap on a CPU
LAYERS = 3


class Refinement(nn.Module):
    """What is to be added to a picture (b, c, h, w), seen in blocks of some pixels (`block`): `layers` convolutions of
    `width` channels, and a last one that starts as zero."""

    def __init__(self, channels: int, sides: tuple[int, int], width: int, layers: int):
        super().__init__()
        self.block = max(1, round(min(sides) / GRID))
        inside = channels * self.block**2
        self.first = nn.Conv2d(inside, width, 3, padding=1)
        self.further = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(layers - 1))
        self.last = nn.Conv2d(width, inside, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        assert self.last.bias is not None  # by default
        nn.init.zeros_(self.last.bias)
        channels_last(self)

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        h, w = x.shape[2:]
        whole = pad(2 * x - 1, (0, -w % self.block, 0, -h % self.block), mode="replicate")
        features = silu(self.first(pixel_unshuffle(whole, self.block).contiguous(memory_format=torch.channels_last)))
        for further in self.further:
            features = features + silu(further(features))
        return pixel_shuffle(self.last(features), self.block)[..., :h, :w]
