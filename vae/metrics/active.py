"""Active units: which dimensions of a latent carry anything, and what to say where hardly any does."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from jaxtyping import Float

ACTIVE_VARIANCE = 0.01
COLLAPSED = 0.1  # share of active dimensions below which a posterior is called collapsed
AGAINST_COLLAPSE = {  # knobs that help, where a family has them
    "beta": "a lower beta",
    "warmup": "warmup=linear or cyclical",
    "free_bits_nats": "more free_bits_nats",
    "capacity_nats": "more capacity_nats",
    "step_dropout": "more step_dropout",
    "sigma": "a smaller sigma (0 learns it)",
    "d": "a smaller d, if the data need no more",
}


def active_units(mu: Float[np.ndarray, "n d"]) -> np.ndarray:
    """Which dimensions are active: Var_x(E[z_j|x]) > 0.01, (d,) bool. Burda et al., 2016, section 5.2."""
    return mu.var(axis=0) > ACTIVE_VARIANCE


def collapse_warning(active: int, d: int, knobs: Iterable[str]) -> str | None:
    """What to say of a model whose posterior collapsed, and which of its knobs help; None if it did not.

    A dimension that is not active says the same of every sample: the decoder has learnt to do without it.
    """
    if active >= COLLAPSED * d:
        return None
    helps = [words for knob, words in AGAINST_COLLAPSE.items() if knob in knobs]
    return f"Posterior collapse: only {active} of {d} latent dimensions are active. What helps: {', '.join(helps)}."
