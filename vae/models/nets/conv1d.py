"""Strided convolutions along time, for series of any length and channel count."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from ...errors import ShapeError
from .pair import Pair

SHORTEST = 8  # halve until the series is shorter than this
KERNEL = 5  # a series has fewer neighbours a value than a picture: a wider look costs little


def pair(shape: tuple[int, ...], outputs: int, d: int, width: int, depth: int) -> Pair:
    """`depth` halvings (0: until the series is shorter than 8), channels width, 2 width, 4 width, 4 width, ...

    Raises: ShapeError: if shape is not (c, t), or there are more halvings than the series can take.
    """
    if len(shape) != 2:
        raise ShapeError(f"conv1d takes series (c, t), not {shape}; conv2d takes pictures, the mlp any shape.")
    c, t = shape
    lengths = _lengths(t, depth)
    channels = [c] + [width * min(2**i, 4) for i in range(len(lengths) - 1)]
    features = 8 * width
    flat = channels[-1] * lengths[-1]
    encoder = nn.Sequential(
        *[m for a, b in pairwise(channels) for m in (nn.Conv1d(a, b, KERNEL, 2, KERNEL // 2), Residual(b))],
        nn.Flatten(),
        nn.Linear(flat, features),
        nn.SiLU(),
    )
    up: list[nn.Module] = []
    for i in range(len(lengths) - 1, 0, -1):
        a, b = channels[i], channels[i - 1] if i > 1 else width
        up += [Residual(a), Double(a, b, lengths[i - 1]), nn.SiLU()]
    decoder = nn.Sequential(
        nn.Linear(d, features),
        nn.SiLU(),
        nn.Linear(features, flat),
        nn.Unflatten(1, (channels[-1], lengths[-1])),
        *up,
        nn.Conv1d(width, outputs * c, KERNEL, 1, KERNEL // 2),
    )
    return Pair(encoder, features, decoder)


def _lengths(t: int, depth: int) -> list[int]:
    lengths = [t]
    while len(lengths) <= depth if depth else lengths[-1] >= SHORTEST:
        if lengths[-1] == 1:
            raise ShapeError(f"depth={depth}: a series of length {t} can be halved only {len(lengths) - 1} times.")
        lengths.append((lengths[-1] + 1) // 2)
    return lengths if len(lengths) > 1 else [t, (t + 1) // 2]


class Residual(nn.Module):
    """x + conv(act(x)), with the second convolution at zero so that a deep stack starts as the identity."""

    def __init__(self, channels: int):
        super().__init__()
        last = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        self.inner = nn.Sequential(nn.SiLU(), nn.Conv1d(channels, channels, KERNEL, 1, KERNEL // 2), nn.SiLU(), last)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


class Double(nn.Module):
    """Twice the length (kernel 4, stride 2: every output sees as many inputs), cropped to `length`."""

    def __init__(self, a: int, b: int, length: int):
        super().__init__()
        self.conv, self.length, self.out_channels = nn.ConvTranspose1d(a, b, 4, 2, 1), length, b

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)[:, :, : self.length]
