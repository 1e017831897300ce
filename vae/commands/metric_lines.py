"""Metrics as lines of text: each with its error, sample size, seed and protocol. Prints nothing itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..metrics.bounds import UNDEQUANTISED, error_key
from ..metrics.estimate import SIGNS, Estimate
from ..metrics.protocols import protocol
from ..metrics.usefulness import BASELINES, HELPS, SCORES, helps
from ..text import _, number, significant
from ..text.formats import measured

WIDE = 28  # characters of the column of keys


def lines(figures: Mapping[str, Any]) -> Iterator[str]:
    """Of the figures of one metric group, in their order."""
    errors = {error_key(key) for key in figures} & figures.keys()  # on the line of their metric
    for key, value in figures.items():
        if key in errors or key == "dequantised" or value is None:
            continue
        if key == "pixels" and "distortion_nats" not in figures:  # the protocols of estimates say it
            continue
        text = _estimate(value) if isinstance(value, Estimate) else _bound(key, figures)
        yield f"{key:{WIDE}} {text}"
    yield from _beside(figures)
    if figures.get("dequantised") is False:
        yield _(UNDEQUANTISED)


def _bound(key: str, figures: Mapping[str, Any]) -> str:
    """A plain value with its standard error, if it has one, and what it was computed from."""
    value, error, said = figures[key], figures.get(error_key(key)), protocol(key, figures)
    text = " ".join(number(v, 3) for v in value) if isinstance(value, list) else _plain(value)
    if error:
        text, off = measured(value, error)
        text = _(
            "{value} ± {error} (standard error; n {n}, seed {seed})",
            value=text,
            error=off,
            n=number(figures["n_test"]),
            seed=figures["seed"],
        )
    return f"{text}  {said}" if said else text


def _plain(value: Any) -> str:
    return significant(value, 6) if isinstance(value, float) else str(value)


def _estimate(found: Estimate) -> str:
    text = significant(found.value, 5)
    if found.standard_error:
        text, error = measured(found.value, found.standard_error)
        text = _("{value} ± {error} (standard error)", value=text, error=error)
    text = SIGNS[found.bound] + text
    return _(
        "{value} (n {n}, seed {seed}; {protocol})",
        value=text,
        n=number(found.n),
        seed=found.seed,
        protocol=_(found.protocol),
    )


def _beside(figures: Mapping[str, Any]) -> Iterator[str]:
    """The scores of the code with those of the raw samples and of principal components in columns beside them."""
    if SCORES[0] not in figures:
        return
    title, *columns = _("does the code help?"), _("code"), _("raw samples"), _("PCA of equal d"), _("better than both")
    yield f"\n{title:{WIDE}} " + "".join(f"{column:>18}" for column in columns)
    for score in SCORES:
        each = [figures[key] for key in (score, *(f"{score}_{name}" for name in BASELINES))]
        cells = [
            number(e.value, 3) if e.standard_error is None else f"{number(e.value, 3)} ± {number(e.standard_error, 3)}"
            for e in each
        ]
        cells.append(_(HELPS[helps(*((e.value, e.standard_error) for e in each))]))
        yield f"{score:{WIDE}} " + "".join(f"{cell:>18}" for cell in cells)
    yield _("yes, no: by more than two standard errors of the difference")
