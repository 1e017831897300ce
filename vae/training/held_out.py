"""What a training measures itself on: its validation set after each epoch, the test set at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ..models.tensors import resident
from ..types import Samples
from .job import Job

SEEN = 1_000  # training samples that show a collapse of the posterior where there is no validation set


def on_device(job: Job, samples: Samples, split: str, most: int | None = None) -> tuple[torch.Tensor | None, ...]:
    """x, y and c of the "train", "validation" or "test" samples, or of `most` of them, spread over all. y is None
    without labels, c where the model is not told conditions."""
    x, y, c = (getattr(samples, f"{kind}_{split}") for kind in "xyc")
    rows = slice(None) if most is None or len(x) <= most else np.linspace(0, len(x) - 1, most).astype(int)
    given = (x, y, c if job.conditioned else None)
    return tuple(None if a is None else resident(a[rows], job.device) for a in given)


def after_each_epoch(job: Job, samples: Samples) -> dict[str, Any]:
    """What trainer.fit evaluates after each epoch, as its arguments: the validation set, or else SEEN training samples,
    never the test set."""
    held_out = samples.x_validation is not None
    x, y, c = on_device(job, samples, "validation") if held_out else on_device(job, samples, "train", SEEN)
    return {"x_validation": x, "y_validation": y, "c_validation": c, "held_out": held_out}


def of_card(samples: Samples, history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The entry of a card on its validation set: how many samples, and the last epoch's metrics; no entry without such
    a set."""
    if samples.x_validation is None or not history:
        return {}
    found = {key.removeprefix("validation_"): v for key, v in history[-1].items() if key.startswith("validation_")}
    found |= {key: history[-1][key] for key in ("active_units_by_rate", "active_units") if key in history[-1]}
    return {"validation": {"n": len(samples.x_validation), **found}}
