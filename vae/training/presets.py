"""Named settings for who does not want to choose any: fitted to the kind and number of the samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import SettingError, UnknownName
from ..registry import FAMILIES, MODALITIES, Dataset
from ..settings import knobs
from ..text import _

QUICK_STEPS, QUICK_EPOCHS = 900, (5, 150)  # optimiser steps to aim at; the fewest and most epochs they may take
TRAINER = {"batch_size": 64, "lr": 2e-3, "lr_end": 0.05}
PRESETS = ("quick",)


@dataclass(frozen=True)
class Preset:
    """What to train with. points: reference samples of the map."""

    settings: dict[str, Any]
    epochs: int
    points: int


def preset(name: str, family: str, dataset: Dataset, n: int) -> Preset:
    """ "quick": a small net and about 900 steps, for a first look at n training samples within minutes.

    What is small is the modality's own word. Raises: UnknownName: no such preset, family or modality.
    """
    if name not in PRESETS:
        raise UnknownName("preset", name, PRESETS)
    if n < 1:
        raise SettingError(_("n={n}: expected at least 1 training sample.", n=n))
    known = knobs(FAMILIES.get(family).Hparams)
    settings = {k: v for k, v in MODALITIES.get(dataset.modality).quick.items() if k in known} | TRAINER
    low, high = QUICK_EPOCHS
    epochs = min(max(round(QUICK_STEPS * TRAINER["batch_size"] / n), low), high)
    return Preset(settings, epochs, 5_000)
