"""Strided convolutions for series (c, t) and pictures (c, h, w) of any size and channel count."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from ...errors import ShapeError
from ...losses.model import Model
from ...text import _, ngettext
from .pair import Pair

SMALLEST_SIDE = 8  # halve until the shorter side is below this
CONV = {1: nn.Conv1d, 2: nn.Conv2d}  # by the number of sides
TRANSPOSED = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d}
KERNEL = {1: 5, 2: 3}  # a value of a series has fewer neighbours than one of a picture: a wider kernel costs little


def conv1d(shape: tuple[int, ...], outputs: int, d: int, width: int, depth: int) -> Pair:
    """`depth` halvings (0: until the series is shorter than 8), channels width, 2 width, 4 width, 4 width, ...

    Raises: ShapeError: if shape is not (c, t), or there are more halvings than the series can take.
    """
    if len(shape) != 2:
        raise ShapeError(
            _(
                "conv1d: given samples of {shape}, expected series (c, t). conv2d takes pictures, mlp anything.",
                shape=shape,
            )
        )
    return _pair(shape, outputs, d, width, depth)


def conv2d(shape: tuple[int, ...], outputs: int, d: int, width: int, depth: int) -> Pair:
    """`depth` halvings (0: until the shorter side is below 8 px), channels width, 2 width, 4 width, 4 width, ...

    Raises: ShapeError: if shape is not (c, h, w), or there are more halvings than the picture can take.
    """
    if len(shape) != 3:
        raise ShapeError(
            _(
                "conv2d: given samples of {shape}, expected pictures (c, h, w). conv1d takes series, mlp anything.",
                shape=shape,
            )
        )
    pair = _pair(shape, outputs, d, width, depth)
    return Pair(channels_last(pair.encoder), pair.features, channels_last(pair.decoder))


def _pair(shape: tuple[int, ...], outputs: int, d: int, width: int, depth: int) -> Pair:
    stack = Stack.of(shape, width, depth)
    features = 8 * width
    smallest = (stack.channels[-1], *stack.sizes[-1])
    flat = torch.Size(smallest).numel()
    encoder = nn.Sequential(*stack.down(), nn.Flatten(), nn.Linear(flat, features), nn.SiLU())
    up = stack.up()
    decoder = nn.Sequential(
        nn.Linear(d, features),
        nn.SiLU(),
        nn.Linear(features, flat),
        nn.Unflatten(1, smallest),
        *up,
        conv(len(shape) - 1, width, outputs * shape[0]),
    )
    return Pair(encoder, features, decoder)


def channels_last(net: Model) -> Model:
    """For pictures: 1.4 to 1.8 times as fast as the default memory format on a CPU, and as fast elsewhere."""
    return net.to(memory_format=torch.channels_last)


def conv(dims: int, a: int, b: int, stride: int = 1) -> nn.Module:
    """A convolution from a to b channels; its `dims` sides are unchanged or, at stride 2, halved (rounded up)."""
    return CONV[dims](a, b, KERNEL[dims], stride, KERNEL[dims] // 2)


@dataclass(frozen=True)
class Stack:
    """Halvings of a sample and their inverse. channels, sizes: before the first halving, and after each."""

    channels: tuple[int, ...]
    sizes: tuple[tuple[int, ...], ...]

    @classmethod
    def of(cls, shape: tuple[int, ...], width: int, depth: int) -> Stack:
        """Raises: ShapeError: there are more halvings than the sample can take."""
        c, *sides = shape
        sizes = halvings(tuple(sides), depth)
        return cls((c, *(width * min(2**i, 4) for i in range(len(sizes) - 1))), sizes)

    def down(self) -> list[nn.Module]:
        dims = len(self.sizes[0])
        return [m for a, b in pairwise(self.channels) for m in (conv(dims, a, b, 2), Residual(dims, b))]

    def up(self) -> list[nn.Module]:
        """Back to the first size, with as many channels as after the first halving."""
        out: list[nn.Module] = []
        for i in range(len(self.sizes) - 1, 0, -1):
            a, b, size = self.channels[i], self.channels[max(i - 1, 1)], self.sizes[i - 1]
            out += [Residual(len(size), a), Double(a, b, size), nn.SiLU()]
        return out


def halvings(sides: tuple[int, ...], depth: int) -> tuple[tuple[int, ...], ...]:
    """The sides, and those after each of `depth` halvings (0: until the shortest is below 8, at least one).

    Raises: ShapeError.
    """
    sizes = [sides]
    while len(sizes) <= depth if depth else min(sizes[-1]) >= SMALLEST_SIDE or len(sizes) == 1:
        if depth and max(sizes[-1]) == 1:
            problem = (
                _("depth={depth}: given a series of length {length}.", depth=depth, length=sides[0])
                if len(sides) == 1
                else _("depth={depth}: given pictures of {size} px.", depth=depth, size="x".join(map(str, sides)))
            )
            most = ngettext("It can be halved only {n} time.", "It can be halved only {n} times.", len(sizes) - 1)
            raise ShapeError(f"{problem} {most}")
        sizes.append(tuple((side + 1) // 2 for side in sizes[-1]))
    return tuple(sizes)


class Residual(nn.Module):
    """x + conv(act(x)), with the second convolution initially zero, so that a deep stack starts as the identity."""

    def __init__(self, dims: int, channels: int):
        super().__init__()
        last = CONV[dims](channels, channels, 1)
        nn.init.zeros_(last.weight)
        assert last.bias is not None  # by default
        nn.init.zeros_(last.bias)
        self.inner = nn.Sequential(nn.SiLU(), conv(dims, channels, channels), nn.SiLU(), last)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


class Double(nn.Module):
    """Doubles every side (kernel 4, stride 2: every output depends on equally many inputs), cropped to `size`."""

    def __init__(self, a: int, b: int, size: tuple[int, ...]):
        super().__init__()
        self.conv, self.size = TRANSPOSED[len(size)](a, b, 4, 2, 1), size

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)[(..., *map(slice, self.size))]
