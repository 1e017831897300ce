"""Vectors: (m,) real values, one per column of a table, standardised by their data set. Shown as bar charts."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, UInt8

from ..errors import ShapeError
from ..registry import Modality, modality
from ..text import N_, _
from ..types import NO_VARIABLES, Artifact, Variables
from . import csv_values
from .image import pixels
from .series import HEIGHT, MARGIN_PX, WIDTH, ZERO
from .variables import headings, measured, standardised

BATCH = 1024  # charts drawn at once
SOFT = 2.0  # std: one already reaches nearly half way, so that rows of a table differ also where they are small
GAP_PX, WIDE = 1, 4  # between bars, if they are at least that many pixels wide


def picture_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(1, h, w) of the bar chart of a vector. Raises: ShapeError."""
    if len(shape) != 1 or shape[0] < 1:
        raise ShapeError(_("expected a vector of shape (m,), got {shape}.", shape=tuple(shape)))
    return (1, HEIGHT, WIDTH)


def pictures(x: Float[np.ndarray, "b m"]) -> UInt8[np.ndarray, "b 1 h w"]:
    """Bar charts with one bar per value, from left to right, all on the same scale. Raises: ShapeError.

    A value v reaches tanh(v / 2) of half the height. If there are more values than pixels, those that
    share a pixel are averaged.
    """
    _channels, h, w = picture_shape(x.shape[1:])
    out = np.empty((len(x), 1, h, w), np.uint8)
    for i in range(0, len(x), BATCH):
        out[i : i + BATCH, 0] = _charts(np.asarray(x[i : i + BATCH], np.float32))
    return out


def _charts(x: np.ndarray) -> np.ndarray:
    bars, mask = _bars(x)
    middle, half = HEIGHT / 2, HEIGHT / 2 - MARGIN_PX
    end = middle - half * np.tanh(bars / SOFT)
    top, bottom = np.minimum(end, middle)[:, None], np.maximum(end, middle)[:, None]
    edge = np.arange(HEIGHT, dtype=np.float32)[:, None]
    ink = (np.minimum(bottom, edge + 1) - np.maximum(top, edge)).clip(0, 1) * mask
    ink[:, HEIGHT // 2] = np.maximum(ink[:, HEIGHT // 2], ZERO)
    return (255 * ink + 0.5).astype(np.uint8)


def _bars(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The value at each column of pixels (b, w), and 1 for a bar, 0 for a gap (w,)."""
    m = x.shape[1]
    if m > WIDTH:
        edges = np.linspace(0, m, WIDTH + 1).astype(np.intp)
        return np.add.reduceat(x, edges[:-1], axis=1) / np.diff(edges), np.ones(WIDTH, np.float32)
    at = np.arange(WIDTH) * m // WIDTH
    mask = np.ones(WIDTH, np.float32)
    if WIDTH // m >= WIDE:
        mask[np.flatnonzero(np.diff(at))] = 0
    return x[:, at], mask


def artifacts(x: Float[np.ndarray, " m"], variables: Variables = NO_VARIABLES) -> tuple[Artifact, ...]:
    """The bars, as every page draws them, and the values themselves: with names, a row in the units of the data."""
    picture = Artifact("picture", pixels(pictures(x[None])[0]))
    if names := headings(variables):
        values = np.ascontiguousarray(measured(x, variables)[None], np.float32)
        return picture, Artifact("table", values, _("in the units of the data set"), {"columns": names})
    values = np.ascontiguousarray(x, np.float32)[:, None]
    return picture, Artifact("table", values, _("standard deviations of the data set"), {"columns": ["value"]})


def to_bytes(x: Float[np.ndarray, " m"], variables: Variables = NO_VARIABLES) -> tuple[str, bytes]:
    """The values as CSV: in the units of the data, in one row below their names; without names standardised, one per
    row."""
    if names := headings(variables):
        return "text/csv", csv_values.write(names, measured(x, variables)[None])
    return "text/csv", csv_values.write(["value"], np.asarray(x)[:, None])


def from_bytes(
    data: bytes, shape: tuple[int, ...] | None, variables: Variables = NO_VARIABLES
) -> Float[np.ndarray, " m"]:
    """Reads what to_bytes writes: below the names values are in the units of the data, else they are standardised.
    Raises: SettingError."""
    named = csv_values.below(data, headings(variables))
    x = csv_values.read(named or data).ravel()
    return csv_values.of_shape(standardised(x, variables) if named and x.size == len(variables.names) else x, shape)


def from_array(x: np.ndarray, notes: list[str]) -> Float[np.ndarray, "n m"]:
    """(n, m), or arrays of more dimensions, which are flattened."""
    return x.reshape(len(x), -1).astype(np.float64)


VECTOR = modality(
    Modality(
        "vector",
        layout="vector",
        likelihood="gaussian",
        example_shape=lambda: (32,),
        bounded=False,
        pictures=pictures,
        picture_shape=picture_shape,
        artifacts=artifacts,
        to_bytes=to_bytes,
        suffix=".csv",
        from_bytes=from_bytes,
        looks=lambda x: int(x.ndim == 2),
        from_array=from_array,
        decoder_dims=1,
        plural=N_("vectors"),
        measured=N_("values"),
        quick={"d": 4, "width": 128},
        charts=True,
        has_variables=True,
        summary=N_("values without an order, standardised; drawn as bar charts on a common scale"),
    )
)
