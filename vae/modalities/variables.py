"""Values of vectors and series in the units of their data set, with names; and back to the model's own."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from ..types import Variables

NAME_MAX = 200  # characters of a name or a unit
LARGEST = 1e20  # |mean| or std: a checkpoint's card holds no larger number


def fitting(variables: Variables, n: int) -> Variables:
    """The same for n values or channels; what is there in another number, or is no finite scale, is left out."""
    names = tuple(name[:NAME_MAX] for name in variables.names)
    mean, std = variables.mean, variables.std
    known = len(mean) == len(std) == n and all(
        math.isfinite(m) and math.isfinite(s) and s > 0 and abs(m) <= LARGEST and s <= LARGEST
        for m, s in zip(mean, std, strict=True)
    )
    return dataclasses.replace(
        variables,
        names=names if len(names) == n else (),
        units=tuple(unit[:NAME_MAX] for unit in variables.units) if len(variables.units) == n and known else (),
        mean=mean if known else (),
        std=std if known else (),
    )


def of_json(given: Mapping[str, Any], n: int) -> Variables:
    """What `dataclasses.asdict` made of them, for n values or channels; entries that do not fit are left out."""
    entries: dict[str, Any] = {key: tuple(map(str, given.get(key) or ())) for key in ("names", "units")}
    entries |= {key: tuple(map(float, given.get(key) or ())) for key in ("mean", "std")}
    entries |= {key: float(given[key]) for key in ("step", "start") if key in given}
    entries |= {key: str(given[key]) for key in ("step_unit", "axis") if key in given}
    return fitting(Variables(**entries), n)


def measured(x: Float[np.ndarray, "*b m"], variables: Variables, axis: int = -1) -> Float[np.ndarray, "*b m"]:
    """Standardised values in the units of the data set, float64; unchanged if its means are unknown. axis: that of the
    values or channels."""
    if not variables.std:
        return np.asarray(x, np.float64)
    mean, std = (_along(v, np.ndim(x), axis) for v in (variables.mean, variables.std))
    return np.asarray(x, np.float64) * std + mean


def standardised(x: Float[np.ndarray, "*b m"], variables: Variables, axis: int = -1) -> Float[np.ndarray, "*b m"]:
    """The inverse of `measured`."""
    if not variables.std:
        return np.asarray(x, np.float64)
    mean, std = (_along(v, np.ndim(x), axis) for v in (variables.mean, variables.std))
    return (np.asarray(x, np.float64) - mean) / std


def headings(variables: Variables) -> list[str]:
    """The names with their units, "alcohol (%)", as a table has them above its columns; [] if there are no names."""
    units = variables.units or ("",) * len(variables.names)
    return [f"{name} ({unit})" if unit else name for name, unit in zip(variables.names, units, strict=True)]


def described(variables: Variables | None) -> dict[str, np.ndarray]:
    """Names, units, means and standard deviations as arrays of an NPZ file, beside samples that are standardised:
    x * std + mean has their units. Only what is known."""
    if variables is None:
        return {}
    words = {key: np.array(value, np.str_) for key in ("names", "units") if (value := getattr(variables, key))}
    scale = {key: np.array(value, np.float64) for key in ("mean", "std") if (value := getattr(variables, key))}
    return words | scale


def _along(values: tuple[float, ...], ndim: int, axis: int) -> np.ndarray:
    shape = [1] * ndim
    shape[axis] = len(values)
    return np.reshape(np.asarray(values, np.float64), shape)
