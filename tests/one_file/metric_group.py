"""How far decoded matrices are from symmetric: what test_one_file.py drops in as a new group of metrics."""

from __future__ import annotations

import numpy as np

from vae.metrics.estimate import Estimate
from vae.metrics.subject import Subject
from vae.registry import metric_group


@metric_group(
    name="symmetry", title="asymmetry of decoded matrices", figures="`asymmetry`: mean |x - x'| of decoded codes"
)
def symmetry_group(s: Subject) -> dict[str, Estimate]:
    x = s.engine.decode(s.engine.encode(s.samples.x_test)[0])
    each = np.abs(x - np.swapaxes(x, -1, -2)).reshape(len(x), -1).mean(1)
    error = float(each.std(ddof=1) / np.sqrt(len(each)))
    return {
        "asymmetry": Estimate(float(each.mean()), len(x), s.seed, error, "mean |x - x'| of decoded posterior means")
    }
