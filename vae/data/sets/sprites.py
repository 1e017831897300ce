"""Sprites, on the dSprites factor grid: white shapes on black, 64x64, drawn by zscope from five known factors.

The grid and its values are those of dSprites (github.com/google-deepmind/dsprites-dataset): shape 3 x scale 6 x
orientation 40 x position x 32 x position y 32 = 737,280 pictures, one per combination, y varying fastest. The outlines
differ, so scores published for dSprites do not apply.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float64, Int, Int64, UInt8

from ...errors import ShapeError
from ...registry import dataset
from ...text import N_, _
from ...types import Samples

FACTORS = ("shape", "scale", "orientation", "x", "y")
GRID = (3, 6, 40, 32, 32)
SHAPES = ("square", "ellipse", "heart")
VALUES = (  # values of each factor; like in dSprites, orientation includes both 0 and 2 pi, which give the same picture
    np.arange(3.0),
    np.linspace(0.5, 1, 6),
    np.linspace(0, 2 * np.pi, 40),  # radians, counter-clockwise
    np.linspace(0, 1, 32),  # left to right
    np.linspace(0, 1, 32),  # top to bottom
)
SIDE = 64
REACH = 16  # px: radius of every sprite, so that all 32 positions keep it inside the picture
FINE = 4  # subpixels per side that are tested against the outline
N_TRAIN, N_TEST = 60_000, 10_000


def render(factors: np.ndarray) -> UInt8[np.ndarray, "n 1 64 64"]:
    """The pictures, 0-255, of (n, 5) factor indices: shape, scale, orientation, x, y. Deterministic.

    Grey is the share of a pixel inside the outline, from 4x4 subpixels: in pure black and white, a square rotated by 10
    steps of orientation (92 degrees) would often be the same picture. Position index i puts the centre on pixel 16 + i,
    so that equal sprites are exact shifts of each other.

    Raises: ShapeError: not (n, 5) integers, or outside the grid.
    """
    factors = np.asarray(factors)
    whole = np.issubdtype(factors.dtype, np.integer)
    if not whole or factors.ndim != 2 or factors.shape[1] != 5 or (factors < 0).any() or (factors >= GRID).any():
        raise ShapeError(
            _(
                "factors {dtype} {shape}: expected (n, 5) integers, {names} below {grid}.",
                dtype=factors.dtype,
                shape=factors.shape,
                names=FACTORS,
                grid=GRID,
            )
        )
    pictures = np.zeros((len(factors), 1, SIDE, SIDE), np.uint8)
    stamps, width = _stamps(), 2 * REACH + 1
    kinds = np.ravel_multi_index(tuple(factors[:, :3].T), GRID[:3])
    for picture, kind, left, top in zip(pictures[:, 0], kinds, *factors[:, 3:].T.tolist(), strict=True):
        picture[top : top + width, left : left + width] = stamps[kind]
    return pictures


def factors_of(cells: Int[np.ndarray, " n"]) -> Int64[np.ndarray, "n 5"]:
    """Factor indices of grid cells 0 to 737,279, in dSprites' order: y varies fastest."""
    return np.stack(np.unravel_index(cells, GRID), axis=1).astype(np.int64)


def values_of(factors: Int[np.ndarray, "n 5"]) -> Float64[np.ndarray, "n 5"]:
    """Factor values of factor indices: shape number, scale 0.5-1, radians, x and y 0-1."""
    return np.stack([values[column] for values, column in zip(VALUES, factors.T, strict=True)], axis=1)


@dataset(
    name="sprites",
    title=N_("Sprites, on the dSprites factor grid"),
    summary=N_("square, ellipse, heart on the dSprites factor grid, 64x64"),
    size=N_("60,000 / 10,000 of 718,848"),
    comes=N_("drawn in about a second, no download"),
    modality="image",
    shape=(1, SIDE, SIDE),
    classes=SHAPES,
    licence=N_("Apache-2.0 (drawn by zscope)"),
    origin="vae/data/sets/sprites.py",
    cite=N_(
        "factor grid: L. Matthey, I. Higgins, D. Hassabis, A. Lerchner, dSprites: Disentanglement testing Sprites "
        "dataset, 2017"
    ),
)
def load() -> Samples:
    """60,000 training and 10,000 test pictures of different grid cells, with their factor indices; y is the shape.

    Drawn without replacement by numpy's legacy RandomState(0), whose stream is frozen (NEP 19). Orientation 39 is
    left out: at 2 pi it repeats the pictures of orientation 0, which could then be in both sets.
    """
    once = (*GRID[:2], GRID[2] - 1, *GRID[3:])
    cells = np.random.RandomState(0).permutation(np.prod(once))[: N_TRAIN + N_TEST]
    factors = np.stack(np.unravel_index(cells, once), axis=1).astype(np.int64)
    train, test = factors[:N_TRAIN], factors[N_TRAIN:]
    return Samples(render(train), train[:, 0], render(test), test[:, 0], train, test, FACTORS)


@cache
def _stamps() -> UInt8[np.ndarray, "720 33 33"]:
    """Every shape, scale and orientation, centred: coverage of each pixel by the outline, 0-255."""
    width = 2 * REACH + 1
    across = (np.arange(width * FINE) + 0.5) / FINE - width / 2
    right, up = np.meshgrid(across, -across)
    stamps = np.empty((*GRID[:3], width, width), np.uint8)
    for shape, scale, angle in np.ndindex(GRID[:3]):  # rotate the pixels back instead of the outline
        cos, sin = np.cos(VALUES[2][angle]), np.sin(VALUES[2][angle])
        u, v = (cos * right + sin * up) / VALUES[1][scale], (cos * up - sin * right) / VALUES[1][scale]
        covered = OUTLINES[shape](u, v).reshape(width, FINE, width, FINE).mean(axis=(1, 3))
        stamps[shape, scale, angle] = np.rint(covered * 255)
    return stamps.reshape(-1, width, width)


def _square(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return np.maximum(abs(u), abs(v)) <= 10.9


def _ellipse(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    return (u / 9.82) ** 2 + (v / 15.4) ** 2 <= 1


def _heart(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """(x^2 + y^2 - 1)^3 <= x^2 y^3, moved to the middle of its enclosing circle (radius 1.25)."""
    x, y = u / 11.4, v / 11.4 + 0.25
    return (x**2 + y**2 - 1) ** 3 <= x**2 * y**3


OUTLINES = (_square, _ellipse, _heart)  # in px at scale 1, all of 475 px^2: brightness does not reveal the shape
