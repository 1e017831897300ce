"""New samples that have the moments of data and are random otherwise, and how they are judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from ..errors import SettingError
from ..maxent.descent import STEPS, STOP, Step, Synthesis, Target, same_spectrum, synthesise, target
from ..maxent.judging import Judgement, judge
from ..maxent.moments import KINDS
from ..registry import DATASETS
from ..text import _

AVERAGED = 50  # samples whose moments are averaged, unless told otherwise


@dataclass(frozen=True)
class Made:
    """x (n, 1, ...): the syntheses, in the units of the data; gaussian: as many Gaussian samples with the spectrum of
    one of them; both judged beside the data."""

    synthesis: Synthesis
    by_kind: dict[str, float]
    judged: Judgement
    gaussian: Float[np.ndarray, "n 1 ..."]
    gaussian_judged: Judgement


def kinds_of(modality: str) -> tuple[str, ...]:
    """The moments that samples of a modality have; () for those that are neither pictures nor series."""
    return tuple(KINDS.get({"series": 1, "image": 2}.get(modality, 0), ()))


def data_of(
    dataset: str, n: int = AVERAGED, *, seed: int = 0, label: int | None = None
) -> Float[np.ndarray, "n 1 ..."]:
    """n training samples drawn at random, of one class or of all; colours become grey, and of several channels of a
    series the first is taken. Raises: SettingError: neither pictures nor series, or too few samples. DataNotFound."""
    one = DATASETS.get(dataset)
    if not kinds_of(one.modality):
        raise SettingError(
            _(
                "{dataset} is a data set of {modality}: expected one of pictures or series.",
                dataset=dataset,
                modality=one.modality,
            )
        )
    samples = one.load()
    rows = np.arange(len(samples.x_train)) if label is None else np.flatnonzero(samples.y_train == label)
    if not 1 <= n <= len(rows):
        raise SettingError(_("n={n}: expected 1 to {most} samples.", n=n, most=len(rows)))
    x = samples.x_train[np.sort(np.random.default_rng(seed).permutation(rows)[:n])]
    x = x.astype(np.float64) / (255 if x.dtype == np.uint8 else 1)
    return x.mean(1, keepdims=True) if one.modality == "image" else x[:, :1]


def goal(x: Float[np.ndarray, "n 1 ..."], kinds: Sequence[str], stop: float = STOP) -> Target:
    """What syntheses are to meet. Raises: SettingError, ShapeError: as vae.maxent.moments."""
    return target(list(kinds), torch.from_numpy(np.ascontiguousarray(x)), stop)


def make(
    x: Float[np.ndarray, "n 1 ..."],
    wanted: Target,
    n: int = 4,
    *,
    seed: int = 0,
    most: int = STEPS,
    report: Callable[[Step], Any] = lambda step: None,
) -> Made:
    """n syntheses. report is told of each look at them. Raises: SettingError: n or most is below 1."""
    found = synthesise(wanted, n, seed=seed, most=most, report=report)
    flat = same_spectrum(torch.from_numpy(x[:1].copy()), n, seed=seed).numpy()
    made = found.x.cpu().numpy()
    return Made(found, wanted.by_kind(found.x), judge(x, made), flat, judge(x, flat))
