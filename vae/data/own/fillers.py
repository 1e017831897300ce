"""Numbers that stand for a missing value, such as -999."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from ...text import _, ngettext
from .choices import Choices
from .decisions import NONE, Decision, decide

FILLERS = (-9.0, -99.0, -999.0, -9999.0, -99999.0, 99.0, 999.0, 9999.0, 99999.0, -32768.0, 1e20, -1e30, 1e30, 1e36)
LEAST = 2  # cells of that value
APART = 2  # ranges of the other values between them and the filler


def without_fillers(columns: Mapping[str, np.ndarray], choices: Choices, made: list[Decision]) -> dict[str, np.ndarray]:
    """The columns with NaN for the number that stands for a missing value: that chosen; else one that is repeated, and
    far from all other values of its column. It is decided on only if there is one. Raises: SettingError: no number."""
    found = {name: value for name, x in columns.items() if (value := _filler(x)) is not None}
    guess, why = NONE, _("no number is repeated far from the others")
    if found:
        value = Counter(found.values()).most_common(1)[0][0]
        name = next(name for name, v in found.items() if v == value)
        n = int((columns[name] == value).sum())
        guess = f"{value:g}"
        why = ngettext(
            "{n} cell of {name} has it, far from its other values",
            "{n} cells of {name} have it, far from their other values",
            n,
            name=name,
        )
    elif not choices.missing:
        return dict(columns)
    options = dict.fromkeys(
        [*(f"{v:g}" for v in found.values()), *([choices.missing] * _is_float(choices.missing)), NONE]
    )
    chosen = decide(made, choices, "missing", guess, why, options=list(options))
    if chosen == NONE:
        return dict(columns)
    return {name: np.where(x == float(chosen), np.nan, x) for name, x in columns.items()}


def _filler(x: np.ndarray) -> float | None:
    x = x[~np.isnan(x)]
    for value in FILLERS:
        is_filler = x == value
        rest = x[~is_filler]
        if is_filler.sum() >= LEAST and is_filler.sum() < len(rest):
            distance = max(rest.min() - value, value - rest.max())
            if distance > APART * np.ptp(rest) and np.ptp(rest) > 0:
                return value
    return None


def _is_float(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False
