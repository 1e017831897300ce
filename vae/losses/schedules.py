"""Weights as functions of the training step."""

from __future__ import annotations

from collections.abc import Callable

from ..text import N_

Schedule = Callable[[int], float]
WARMUP = N_(  # of the setting `warmup`
    "warm-up of the rate's weight, so that the model learns to use its code before the rate is charged in full: none, "
    "linear (once, from 0) or cyclical (repeatedly)"
)
WARMUP_STEPS = N_("training steps of the warm-up, or of one cycle; not used if warmup is none")


def constant(value: float) -> Schedule:
    return lambda step: value


def linear(value: float, steps: int) -> Schedule:
    """0 at step 0, `value` from `steps` on. Bowman et al., 2016, section 3.1; Sonderby et al., 2016."""
    return lambda step: value * min(1.0, step / steps) if steps > 0 else value


def cyclical(value: float, period: int, ramp: float = 0.5) -> Schedule:
    """Restarts every `period` steps: increases over the first `ramp` of it, then stays. Fu et al., 2019, equation 6."""
    return lambda step: value * min(1.0, (step % period) / (period * ramp)) if period > 0 else value


def warmup(kind: str, value: float, steps: int) -> Schedule:
    """The schedule of a setting: none, linear or cyclical (period = steps)."""
    return {"none": constant(value), "linear": linear(value, steps), "cyclical": cyclical(value, steps)}[kind]
