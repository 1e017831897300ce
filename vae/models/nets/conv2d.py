"""Strided convolutions for pictures of any height, width and channel count."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from ...errors import ShapeError
from .pair import Pair

SMALLEST_SIDE = 8  # halve until the shorter side is below this


def pair(shape: tuple[int, ...], outputs: int, d: int, width: int, depth: int) -> Pair:
    """`depth` halvings (0: until the shorter side is below 8 px), channels width, 2 width, 4 width, 4 width, ...

    Raises: ShapeError: if shape is not (c, h, w), or there are more halvings than the picture can take.
    """
    if len(shape) != 3:
        raise ShapeError(f"conv2d takes pictures (c, h, w), not {shape}; conv1d takes series (c, t), mlp any shape.")
    c, h, w = shape
    sizes = halvings(h, w, depth)
    channels = [c] + [width * min(2**i, 4) for i in range(len(sizes) - 1)]
    features = 8 * width
    flat = channels[-1] * sizes[-1][0] * sizes[-1][1]
    encoder = nn.Sequential(
        *[m for a, b in pairwise(channels) for m in (nn.Conv2d(a, b, 3, 2, 1), Residual(b))],
        nn.Flatten(),
        nn.Linear(flat, features),
        nn.SiLU(),
    )
    up: list[nn.Module] = []
    for i in range(len(sizes) - 1, 0, -1):
        a, b = channels[i], channels[i - 1] if i > 1 else width
        up += [Residual(a), Double(a, b, sizes[i - 1]), nn.SiLU()]
    decoder = nn.Sequential(
        nn.Linear(d, features),
        nn.SiLU(),
        nn.Linear(features, flat),
        nn.Unflatten(1, (channels[-1], *sizes[-1])),
        *up,
        nn.Conv2d(up[-2].out_channels, outputs * c, 3, 1, 1),
    )
    fast = torch.channels_last  # 1.4-1.8 times the images/s of the default layout on a CPU, and as good elsewhere
    return Pair(encoder.to(memory_format=fast), features, decoder.to(memory_format=fast))


def halvings(h: int, w: int, depth: int) -> list[tuple[int, int]]:
    sizes = [(h, w)]
    while len(sizes) <= depth if depth else min(sizes[-1]) >= SMALLEST_SIDE:
        if max(sizes[-1]) == 1:
            raise ShapeError(f"depth={depth}: a {h}x{w} picture can be halved only {len(sizes) - 1} times.")
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    return sizes if len(sizes) > 1 else [(h, w), ((h + 1) // 2, (w + 1) // 2)]


class Residual(nn.Module):
    """x + conv(act(x)), with the second convolution at zero so that a deep stack starts as the identity."""

    def __init__(self, channels: int):
        super().__init__()
        last = nn.Conv2d(channels, channels, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.inner = nn.Sequential(nn.SiLU(), nn.Conv2d(channels, channels, 3, 1, 1), nn.SiLU(), last)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


class Double(nn.Module):
    """Twice the height and width (kernel 4, stride 2: every output sees as many inputs), cropped to `size`."""

    def __init__(self, a: int, b: int, size: tuple[int, int]):
        super().__init__()
        self.conv, self.size, self.out_channels = nn.ConvTranspose2d(a, b, 4, 2, 1), size, b

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)[:, :, : self.size[0], : self.size[1]]
