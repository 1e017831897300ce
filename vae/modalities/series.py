"""Series: (c, t), c channels of t real values, standardised by their data set. Shown as line charts."""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float, UInt8

from ..errors import SettingError, ShapeError
from ..registry import Modality, modality
from ..text import N_, _
from ..types import NO_VARIABLES, Artifact, Variables
from . import csv_values
from .image import pixels
from .variables import headings, measured, standardised

HEIGHT, WIDTH = 64, 96  # px, of every chart: live, in thumbnails and grids
SOFT = 5.0  # std: a chart is linear to about 2 and compresses larger values, so that 12 fits and differs from 6
LINE_PX, MARGIN_PX, ZERO = 1.2, 2.0, 0.16  # thickness; room for the line at the edges; grey of the line at 0
FINE = 3  # samples of the line per pixel, for antialiasing
COLOURS = np.array([[0.35, 0.8, 1.0], [1.0, 0.62, 0.25], [0.55, 0.9, 0.45], [0.95, 0.5, 0.8]], np.float32)
BATCH = 256  # charts drawn at once: 50 MB of memory per channel


def picture_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(c, h, w) of the chart of a series: grey for one channel, else one colour per channel. Raises: ShapeError."""
    if len(shape) != 2 or min(shape) < 1:
        raise ShapeError(_("expected a series of shape (c, t), got {shape}.", shape=tuple(shape)))
    return (1 if shape[0] == 1 else 3, HEIGHT, WIDTH)


def pictures(x: Float[np.ndarray, "b c t"]) -> UInt8[np.ndarray, "b k h w"]:
    """Line charts with time to the right, all on one scale, so that amplitudes can be compared. Raises: ShapeError.

    A value v is drawn at tanh(v / 5) of half the height above the middle. Channels cycle through four colours,
    which add up where they cross.
    """
    k, h, w = picture_shape(x.shape[1:])
    out = np.empty((len(x), k, h, w), np.uint8)
    for i in range(0, len(x), BATCH):
        out[i : i + BATCH] = _charts(np.asarray(x[i : i + BATCH], np.float32))
    return out


def _charts(x: np.ndarray) -> np.ndarray:
    zero = np.zeros((HEIGHT, 1), np.float32)
    zero[HEIGHT // 2] = ZERO
    ink = np.maximum(_ink(_rows(x)), zero)
    if x.shape[1] > 1:
        colours = np.concatenate([COLOURS[i % len(COLOURS)][:, None] for i in range(x.shape[1])], 1)
        ink = (colours @ ink.reshape(len(x), x.shape[1], -1)).reshape(len(x), 3, HEIGHT, WIDTH)
    return (255 * np.minimum(ink, 1) + 0.5).astype(np.uint8)


@cache
def _sample_points(t: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """FINE or more points per pixel along a series of length t: index before, index after, weight of the latter.

    Every value is one of the points, so that no peak is cut off.
    """
    n = -(-t // (WIDTH * FINE)) * WIDTH * FINE
    at = np.linspace(0, t - 1, n + 1, dtype=np.float32)
    at[np.rint(np.arange(t) * (n / max(1, t - 1))).astype(np.intp)] = np.arange(t)
    left = at.astype(np.intp)
    return left, np.minimum(left + 1, t - 1), at - left


def _rows(x: np.ndarray) -> np.ndarray:
    """Height of the line in rows from the top, (b, c, n WIDTH FINE + 1)."""
    left, right, share = _sample_points(x.shape[-1])
    y = np.float32(HEIGHT / 2) - np.float32(HEIGHT / 2 - MARGIN_PX) * np.tanh(x / np.float32(SOFT))
    before = y[..., left]
    return before + (y[..., right] - before) * share


def _ink(rows: np.ndarray) -> np.ndarray:
    """(b, c, h, w) in 0-1: the share of each pixel that the line covers, counted in FINE vertical slices."""
    n = (rows.shape[-1] - 1) // (WIDTH * FINE)
    rows = np.concatenate([rows[..., :1]] * n + [rows] + [rows[..., -1:]] * n, axis=-1)
    top = bottom = rows[..., : -3 * n : n]
    for i in range(1, 3 * n + 1):  # with neighbouring slices, as a pen one pixel wide: steep parts would fade otherwise
        part = rows[..., i : rows.shape[-1] - 3 * n + i : n]
        top, bottom = np.minimum(top, part), np.maximum(bottom, part)
    half = np.float32(LINE_PX / 2)
    tops, bottoms = (_by_slice(v) for v in (top - half, bottom + half))
    edge = np.arange(HEIGHT, dtype=np.float32)[:, None]
    ink = np.zeros((*rows.shape[:-1], HEIGHT, WIDTH), np.float32)
    for above, below in zip(tops, bottoms, strict=True):
        covered = np.minimum(below, edge + 1)
        covered -= np.maximum(above, edge)
        ink += covered.clip(0, 1, out=covered)
    return ink * np.float32(1 / FINE)


def _by_slice(v: np.ndarray) -> np.ndarray:
    """(b, c, WIDTH FINE) -> (FINE, b, c, 1, WIDTH), contiguous: numpy is three times as fast on that."""
    return np.ascontiguousarray(np.moveaxis(v.reshape(*v.shape[:-1], 1, WIDTH, FINE), -1, 0))


def artifacts(x: Float[np.ndarray, "c t"], variables: Variables = NO_VARIABLES) -> tuple[Artifact, ...]:
    """The chart, as every page draws it, and the values themselves: with names, in the units of the data."""
    picture = Artifact("picture", pixels(pictures(x[None])[0]))
    if names := headings(variables):
        lines = np.ascontiguousarray(measured(x, variables, axis=0), np.float32)
        return picture, Artifact("chart", lines, _("in the units of the data set"), {"names": names})
    lines = np.ascontiguousarray(x, np.float32)
    return picture, Artifact("chart", lines, _("standard deviations of the data set"))


def times(t: int, variables: Variables) -> Float[np.ndarray, " t"]:
    """The times of t steps, in the unit of the time axis; their numbers from 0 if there is none."""
    return variables.start + (variables.step or 1.0) * np.arange(t)


def to_bytes(x: Float[np.ndarray, "c t"], variables: Variables = NO_VARIABLES) -> tuple[str, bytes]:
    """The values as CSV: one row per time step, one column per channel. With names: the time first, then the channels
    in the units of the data; else standardised."""
    if not (names := headings(variables)):
        return "text/csv", csv_values.write([f"channel_{i + 1}" for i in range(len(x))], np.asarray(x).T)
    columns = [times(x.shape[1], variables), *measured(x, variables, axis=0)]
    return "text/csv", csv_values.write([_heading_of_time(variables), *names], np.stack(columns, 1))


def from_bytes(
    data: bytes, shape: tuple[int, ...] | None, variables: Variables = NO_VARIABLES
) -> Float[np.ndarray, "c t"]:
    """Reads what to_bytes writes: below the names of channels values are in the units of the data, else they are
    standardised. Raises: SettingError."""
    names = headings(variables)
    for times_first in (names and [_heading_of_time(variables)], []):
        if named := csv_values.below(data, [*times_first, *names]):
            x = csv_values.read(named).T[len(times_first) :]
            return csv_values.of_shape(standardised(x, variables, axis=0) if len(x) == len(names) else x, shape)
    return csv_values.of_shape(csv_values.read(data).T, shape)


def _heading_of_time(variables: Variables) -> str:
    name = variables.axis or "step"
    return f"{name} ({variables.step_unit})" if variables.step_unit else name


def from_array(x: np.ndarray, notes: list[str]) -> Float[np.ndarray, "n c t"]:
    """(n, t) or (n, c, t). Raises: SettingError."""
    x = x[:, None] if x.ndim == 2 else x
    if x.ndim != 3:
        raise SettingError(
            _("x of shape {shape} is not an array of series; see docs/data.md for the layouts.", shape=x.shape)
        )
    return x.astype(np.float64)


SERIES = modality(
    Modality(
        "series",
        layout="line",
        likelihood="gaussian",
        example_shape=lambda: (2, 96),
        bounded=False,
        pictures=pictures,
        picture_shape=picture_shape,
        artifacts=artifacts,
        to_bytes=to_bytes,
        suffix=".csv",
        from_bytes=from_bytes,
        looks=lambda x: int(x.ndim == 3),
        from_array=from_array,
        decoder_dims=2,
        plural=N_("series"),
        measured=N_("channels and time steps"),
        quick={"d": 8, "width": 16, "units": 64},
        charts=True,
        has_variables=True,
        by_hand="curve",
        summary=N_("channels over time, standardised; drawn as line charts on a common scale"),
    )
)
