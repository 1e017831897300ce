"""Files of one series as input of a model: checked, split into channels, resampled and scaled."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from ...disk import guarded_arrays
from ...disk.guarded import Refused
from ...errors import SettingError, ShapeError
from ...modalities.variables import standardised
from ...text import N_, _, number, significant, size
from ...types import Variables
from .cells import is_number
from .choices import Choices
from .columns import numbers
from .text_style import style_of
from .text_tables import in_style, listed
from .times import timelike

FORMATS = ("CSV", "NPY")
BYTES_MAX = 10 * 2**20
FITS = (N_("in the units of the data set"), N_("standardised"), N_("as it is"))
MEASURED = FITS[0]
VALUE_MAX = 100.0  # std: a larger value is not standardised


def read_series(
    data: bytes, shape: tuple[int, ...], fit: str = "standardised", *, variables: Variables | None = None
) -> Float[np.ndarray, "c t"]:
    """A CSV or NPY file with one series as float32 (c, t) of that shape.

    CSV: one row per time step, one column per channel, written in any way in which tables are read; a column of times
    beside the channels is left out. NPY: (t, c), (c, t) or (t,). A
    series of another length is resampled to t by linear interpolation. fit: "standardised" gives each channel mean 0
    and standard deviation 1, as data sets do with all their samples together; "as it is" expects standardised values;
    "in the units of the data set" standardises by the means of the data set, variables.

    Raises: SettingError: not such a file or a damaged one, other channels, NaN or infinity, values beyond VALUE_MAX, an
    unknown fit. ShapeError: not the shape of a series.
    """
    if len(shape) != 2:
        raise ShapeError(_("shape {shape}: expected the shape of a series, (c, t).", shape=tuple(shape)))
    if fit not in FITS:
        raise SettingError(_("fit {fit!r}: expected one of {known}.", fit=fit, known=", ".join(FITS)))
    if len(data) > BYTES_MAX:
        raise SettingError(_("the file has {size}; the limit is {limit}.", size=size(len(data)), limit=size(BYTES_MAX)))
    x = _npy(data) if data.startswith(b"\x93NUMPY") else _csv(data, shape[0])
    (c, t), x = shape, x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or c not in x.shape or not x.size:
        raise SettingError(
            _("the file has shape {shape}; expected (time steps, {channels}).", shape=x.shape, channels=c)
        )
    x = (x if x.shape[1] == c else x.T).T.astype(np.float64)  # if both could be the channels, rows are time steps
    if x.shape[1] < 2 or not np.isfinite(x).all():
        raise SettingError(_("a series needs at least 2 time steps and only finite numbers."))
    at, places = np.linspace(0, 1, t), np.linspace(0, 1, x.shape[1])
    x = np.stack([np.interp(at, places, channel) for channel in x])
    if fit == MEASURED:
        if variables is None or not variables.std:
            raise SettingError(_("the units of the data set are not known: choose another fit."))
        x = standardised(x, variables, axis=0)
    elif fit == "standardised":
        spread = x.std(1, keepdims=True)
        x = (x - x.mean(1, keepdims=True)) / np.where(spread > 0, spread, 1)
    if np.abs(x).max() > VALUE_MAX:
        raise SettingError(
            _(
                "values reach {max}; the limit is {limit} standard deviations.",
                max=significant(float(np.abs(x).max()), 3),
                limit=number(VALUE_MAX),
            )
        )
    return x.astype(np.float32)


def _csv(data: bytes, channels: int) -> np.ndarray:
    """The numeric columns, (rows, columns), with NaN for missing values."""
    choices = Choices(rows="step")
    try:
        style = style_of([data], choices, [])
        table = in_style(data, replace(style, header="no", units=False), [])
        first = [column[0].as_py() for column in table.columns]
        if not all(is_number(str(value)) for value in first):  # numbers are values here, whatever the style says
            table = in_style(data, style, [])
    except SettingError as e:
        raise SettingError(_("expected a CSV or NPY file with one series: {reason}", reason=e)) from None
    x = numbers(table, style.decimal).x
    dates = [name for name in timelike(table) if name not in x or len(x) == channels + 1]
    columns = [values for name, values in x.items() if name not in dates[:1]]
    if not columns:
        raise SettingError(_("the CSV file has no numbers."))
    if other := [name for name in table.column_names if name not in (*x, *dates[:1])]:
        raise SettingError(_("the CSV file has columns that are not numeric: {names}.", names=listed(other)))
    return np.stack(columns, 1)


def _npy(data: bytes) -> np.ndarray:
    try:
        x = guarded_arrays.npy(io.BytesIO(data), len(data))
    except Refused as e:
        raise SettingError(_("the NPY file is damaged or not an array of numbers: {error}", error=e)) from e
    if x.dtype.kind not in "fiu":
        raise SettingError(_("the NPY file contains {dtype}; expected numbers.", dtype=x.dtype))
    return x
