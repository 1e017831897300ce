"""Columns of lists: embeddings, series, arrays of a fixed shape; and how series of unequal length are made equal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import SettingError
from ...text import _, ngettext, number
from .choices import Choices
from .decisions import Decision, decide
from .rows import check_room

LEAST = 2  # time steps of a series


def list_columns(table) -> list[str]:
    """The columns whose cells are lists of numbers."""
    import pyarrow.types as types

    return [f.name for f in table.schema if types.is_nested(_plain(f.type)) and not types.is_struct(_plain(f.type))]


def arrays(column) -> list[np.ndarray] | np.ndarray:
    """The lists of a column as one array (n, ...), or as n arrays if their lengths differ; NaN for missing values,
    also where a list is missing. Raises: SettingError: lists in lists of unequal lengths."""
    import pyarrow as pa

    parts = [chunk.storage if isinstance(chunk, pa.ExtensionArray) else chunk for chunk in column.chunks]
    nested = pa.concat_arrays(parts) if parts else pa.array([], pa.list_(pa.float64()))
    lengths: list[np.ndarray] = []
    while pa.types.is_nested(nested.type):
        lengths.append(_lengths(nested))
        nested = nested.flatten()
    if nested.null_count or not pa.types.is_integer(nested.type):
        nested = nested.cast(pa.float64(), safe=False)
    values = np.array(nested.to_numpy(zero_copy_only=False))
    shape = [len(column)]
    for level in lengths:
        if len(level) and (level == level[0]).all():
            shape.append(int(level[0]))
        elif len(lengths) == 1 and len(set(level[level > 0].tolist())) == 1:
            filled = np.full((len(column), level.max()), np.nan)  # the others are missing
            filled[level > 0] = values.reshape(-1, level.max())
            return filled
        elif len(lengths) == 1:
            return np.split(values, np.cumsum(level)[:-1])
        else:
            raise SettingError(_("the lists in lists have unequal lengths: expected the same shape in every row."))
    fixed = getattr(column.type, "shape", None)  # of a tensor, which is stored as one list
    return values.reshape(len(column), *fixed) if fixed else values.reshape(shape)


def evened(series: Sequence[np.ndarray], choices: Choices, made: list[Decision], notes: list[str]) -> np.ndarray:
    """Series (c, t) of unequal lengths as one array (n, c, t): cut to the shortest, or padded to the longest by
    repeating the last value. Raises: SettingError: the shortest has no two steps."""
    lengths = np.array([x.shape[1] for x in series])
    low, high = int(lengths.min()), int(lengths.max())
    if low == high:
        return np.stack(series)
    span = f"{number(low)}-{number(high)}"
    to = decide(made, choices, "lengths", "cut" if 2 * low >= high else "pad", _("their lengths are {span}", span=span))
    if low < (LEAST if to == "cut" else 1):
        raise SettingError(
            ngettext(
                "the shortest series has {n} time step; expected at least {least}.",
                "the shortest series has {n} time steps; expected at least {least}.",
                low,
                least=LEAST,
            )
        )
    t = low if to == "cut" else high
    check_room(len(series), t * len(series[0]), 8)
    notes.append(
        ngettext(
            "Series of the lengths {span} were cut to {n} time step.",
            "Series of the lengths {span} were cut to {n} time steps.",
            t,
            span=span,
        )
        if to == "cut"
        else ngettext(
            "Series of the lengths {span} were padded with their last values to {n} time step.",
            "Series of the lengths {span} were padded with their last values to {n} time steps.",
            t,
            span=span,
        )
    )
    return np.stack([np.pad(x[:, :t], ((0, 0), (0, max(0, t - x.shape[1]))), mode="edge") for x in series])


def _plain(t):
    return getattr(t, "storage_type", t)


def _lengths(nested) -> np.ndarray:
    import pyarrow.compute as pc

    return pc.fill_null(pc.list_value_length(nested), 0).to_numpy(zero_copy_only=False).astype(np.int64)
