"""Files of one series, as a model takes them: checked, cut into channels, brought to its length and scale."""

from __future__ import annotations

import io

import numpy as np
from jaxtyping import Float

from ...errors import SettingError, ShapeError
from ...modalities import csv_values

FORMATS = ("CSV", "NPY")
BYTES_MAX = 10 * 2**20
FITS = ("standardised", "as it is")
VALUE_MAX = 100.0  # std: what is larger is no standardised value


def read_series(data: bytes, shape: tuple[int, ...], fit: str = "standardised") -> Float[np.ndarray, "c t"]:
    """A CSV or NPY file with one series as float32 (c, t) of that shape.

    CSV: a row a time step, a column a channel, a line of names or none. NPY: (t, c), (c, t) or (t,). A series of
    another length is stretched to t by straight lines between its values. fit: "standardised" gives each channel mean 0
    and standard deviation 1, as data sets do with all their samples together; "as it is" takes what is so already.

    Raises: SettingError: no such file or a damaged one, other channels, NaN or infinity, values beyond VALUE_MAX, an
    unknown fit. ShapeError: a shape that is no series'.
    """
    if len(shape) != 2:
        raise ShapeError(f"shape {tuple(shape)}: expected that of a series, (c, t).")
    if fit not in FITS:
        raise SettingError(f"fit {fit!r}: expected one of {', '.join(FITS)}.")
    if len(data) > BYTES_MAX:
        raise SettingError(f"the file has {len(data) / 2**20:.1f} MB; at most {BYTES_MAX // 2**20} MB are read.")
    x = _npy(data) if data.startswith(b"\x93NUMPY") else csv_values.read(data, " or ".join(FORMATS))
    (c, t), x = shape, x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or c not in x.shape or not x.size:
        raise SettingError(f"the file holds {x.shape}; expected (time steps, {c}) values.")
    x = (x if x.shape[1] == c else x.T).T.astype(np.float64)  # as many steps as channels: a row a time step
    if x.shape[1] < 2 or not np.isfinite(x).all():
        raise SettingError("a series needs at least 2 time steps, each of them a number that is finite.")
    at, places = np.linspace(0, 1, t), np.linspace(0, 1, x.shape[1])
    x = np.stack([np.interp(at, places, channel) for channel in x])
    if fit == "standardised":
        spread = x.std(1, keepdims=True)
        x = (x - x.mean(1, keepdims=True)) / np.where(spread > 0, spread, 1)
    if np.abs(x).max() > VALUE_MAX:
        raise SettingError(f"values up to {np.abs(x).max():.3g}; at most {VALUE_MAX:g} standard deviations are taken.")
    return x.astype(np.float32)


def _npy(data: bytes) -> np.ndarray:
    try:
        x = np.load(io.BytesIO(data), allow_pickle=False)
    except (OSError, ValueError, EOFError) as e:
        raise SettingError(f"the NPY file is damaged or no array of numbers: {e}") from e
    if x.dtype.kind not in "fiu":
        raise SettingError(f"the NPY file holds {x.dtype}; expected numbers.")
    return x
