"""Active units: which latent dimensions are used, and a warning if hardly any is (posterior collapse)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from ..registry import FAMILIES
from ..settings import knobs
from ..text import N_, _, ngettext, number

ACTIVE_VARIANCE = 0.01
COLLAPSED = 0.1  # share of active dimensions below which a posterior is called collapsed
AGAINST_COLLAPSE = {  # setting -> what to do with it, in families that have it
    "beta": N_("Lower beta."),
    "warmup": N_("Set warmup to linear or cyclical."),
    "free_bits_nats": N_("Raise free_bits_nats."),
    "capacity_nats": N_("Raise capacity_nats."),
    "step_dropout": N_("Raise step_dropout."),
    "sigma": N_("Lower sigma, or set it to 0 to learn it."),
    "d": N_("Lower d if the data do not need more dimensions."),
}


def active_units(mu: Float[np.ndarray, "n d"]) -> np.ndarray:
    """Which dimensions are active: Var_x(E[z_j|x]) > 0.01, (d,) bool. Burda et al., 2016, section 5.2."""
    return mu.var(axis=0, dtype=np.float64) > ACTIVE_VARIANCE


def equal_warning(n: int) -> str:
    """The warning about a map of n equal latents."""
    return _(
        "All latents of the map are equal (n = {n}): every sample has the same code. The map is one point; "
        "its positions, distances and neighbours tell nothing, and the trust is 0.",
        n=number(n),
    )


def card_warnings(card: Mapping[str, Any]) -> list[str]:
    """The warnings that a checkpoint's card gives rise to: of a map of equal latents, and of posterior collapse."""
    summary, active, d = (card.get("atlas") or {}), card["metrics"].get("active_units"), card["hparams"].get("d")
    said = [equal_warning(int(summary["n"]))] if summary.get("distinct") == 1 and is_count(summary.get("n")) else []
    if card["family"] in FAMILIES.all() and is_count(active) and is_count(d):
        said += filter(None, [collapse_warning(active, d, knobs(FAMILIES.get(card["family"]).Hparams))])
    return said


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def collapse_warning(active: int, d: int, knobs: Iterable[str]) -> str | None:
    """A warning if the posterior has collapsed, with the settings that help; None if it has not.

    An inactive dimension has almost the same posterior mean for every sample: the decoder has learned to ignore it.
    """
    if active >= COLLAPSED * d:
        return None
    problem = ngettext(
        "Posterior collapse: only {n} of {d} latent dimensions is active.",
        "Posterior collapse: only {n} of {d} latent dimensions are active.",
        active,
        d=d,
    )
    remedies = [_(remedy) for knob, remedy in AGAINST_COLLAPSE.items() if knob in knobs]
    return " ".join([problem, _("What may help:"), *remedies]) if remedies else problem
