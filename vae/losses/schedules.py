"""Weights as plain functions of the training step."""

from __future__ import annotations

from collections.abc import Callable

Schedule = Callable[[int], float]
WARMUP = (  # of the settings `warmup` and `warmup_steps`
    "how the weight of the rate rises, so that the code is used before it is paid for: not at all, linear from 0 once, "
    "or cyclical, again and again"
)
WARMUP_STEPS = "training steps of the rise, or of one cycle; idle without warmup"


def constant(value: float) -> Schedule:
    return lambda step: value


def linear(value: float, steps: int) -> Schedule:
    """0 at step 0, `value` from `steps` on. Bowman et al., 2016, section 3.1; Sonderby et al., 2016."""
    return lambda step: value * min(1.0, step / steps) if steps > 0 else value


def cyclical(value: float, period: int, ramp: float = 0.5) -> Schedule:
    """Restarts every `period` steps: rises over the first `ramp` of it, then stays. Fu et al., 2019, equation 6."""
    return lambda step: value * min(1.0, (step % period) / (period * ramp)) if period > 0 else value


def warmup(kind: str, value: float, steps: int) -> Schedule:
    """A schedule by its name in the settings: none, linear or cyclical (period = steps)."""
    return {"none": constant(value), "linear": linear(value, steps), "cyclical": cyclical(value, steps)}[kind]
