"""Charts of vectors and series in words: they all have one scale."""

from __future__ import annotations

import math

from ..text import _, ngettext, number, significant
from ..types import Variables
from . import series, vector
from .series import times

HALF, HALF_BAR = (
    series.SOFT * math.atanh(0.5),
    vector.SOFT * math.atanh(0.5),
)  # standard deviations that are drawn half way to the edge of a chart
NAMED = 4  # channels whose scale is told


def scale(known: Variables | None, shape: tuple[int, ...]) -> str:
    """What the height of a chart, and the width of that of a series, stand for. shape: of a sample. "" of pictures,
    which have no variables and need no scale."""
    if known is None:
        return ""
    if len(shape) == 1:
        return _(
            "All charts have one scale: a bar for each column, in the order of the table, up or down from its mean; "
            "half way to the edge is {half} standard deviations.",
            half=number(HALF_BAR, 1),
        )
    return _(
        "All charts have one scale: the middle is the mean of a channel, half way to the edge is {half} standard "
        "deviations{measured}; from left to right {span}.",
        half=number(HALF, 1),
        measured=_measured(known),
        span=_span(known, shape[1]),
    )


def _measured(known: Variables) -> str:
    """Half the height of each of the first channels in its own unit, in parentheses."""
    if not known.std or not known.names:
        return ""
    units = known.units or ("",) * len(known.names)
    halves = [
        f"{name} {significant(HALF * std, 2)} {unit}".rstrip()
        for name, std, unit in zip(known.names, known.std, units, strict=True)
    ]
    return f" ({', '.join(halves[:NAMED])}{', ...' * (len(halves) > NAMED)})"


def _span(known: Variables, steps: int) -> str:
    if not known.step:
        return ngettext("{n} time step", "{n} time steps", steps)
    at = times(steps, known)
    return f"{significant(at[-1] - at[0], 3)} {known.step_unit or known.axis}".rstrip()
