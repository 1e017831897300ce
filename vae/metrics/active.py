"""Active units by two rules: which latent dimensions are used, and a warning if hardly any is (posterior collapse)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from ..registry import FAMILIES
from ..settings import knobs
from ..text import N_, _, ngettext, number

ACTIVE_VARIANCE = 0.01
ACTIVE_RATE = 0.05  # nats
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


def active_units(mu: Float[np.ndarray, "n d"], *, prior: bool = True) -> np.ndarray:
    """Which dimensions are active by variance: Var_x(E[z_j|x]) > 0.01, (d,) bool. Burda et al., 2016, section 5.2.
    prior: as in `least_variance`."""
    return mu.var(axis=0, dtype=np.float64) > least_variance(mu, prior=prior)


def least_variance(mu: Float[np.ndarray, "n d"], *, prior: bool = True) -> float:
    """The variance above which a dimension of a code is active.

    0.01 is a hundredth of the variance of a standard normal prior. prior: False for a code without one, as that of a
    plain autoencoder, which is free to be as small as it likes: there it is a hundredth of the largest variance of a
    dimension, and no less than rounding to float32 makes of a constant.
    """
    if prior:
        return ACTIVE_VARIANCE
    rounding = float(np.finfo(np.float32).eps) * float(np.abs(mu).max(initial=0))
    largest = float(mu.var(axis=0, dtype=np.float64).max(initial=0))
    return max(ACTIVE_VARIANCE * largest, rounding * rounding)


def active_by_rate(rate_per_dim_nats: Sequence[float] | Float[np.ndarray, " d"]) -> np.ndarray:
    """Which dimensions are active by rate: E_x KL(q(z_j|x) || p(z_j)) > 0.05 nats, (d,) bool.

    Lucas et al., 2019, section 6.2, also judge the collapse of a dimension by its KL divergence. Their threshold is a
    parameter; ours is where noise makes up nine tenths of the dimension: if q(z_j) = p(z_j), a rate of R nats gives the
    posterior means a variance of 1 - exp(-2 R), here .095. The variance of .01 in the rule of Burda et al. is reached
    at .005 nats, at which hardly anything is told: 16 dimensions with .013 nats each are active by that rule.
    """
    return np.asarray(rate_per_dim_nats, np.float64) > ACTIVE_RATE


def active_dimensions(
    mu: Float[np.ndarray, "n d"],
    rate_per_dim_nats: Sequence[float] | Float[np.ndarray, " d"] | None = None,
    *,
    prior: bool = True,
) -> np.ndarray:
    """Which dimensions of a code are used, (d,) bool: those active by variance and, if the rate of each is known, by
    rate, too.

    Either rule alone can be passed by a dimension that says nothing of a sample: the variance by a mean that moves
    little under the noise of the posterior, the rate by one posterior for all samples that is not the prior. mu: the
    posterior means of n samples. rate_per_dim_nats: None for a deterministic code, and for a model whose rate is not a
    sum over dimensions. prior: as in `least_variance`.
    """
    by_variance = active_units(mu, prior=prior)
    return by_variance if rate_per_dim_nats is None else by_variance & active_by_rate(rate_per_dim_nats)


def unit_counts(metrics: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """The numbers of active units by rate and by variance in the metrics of a card or an epoch; None where there is
    none. Older cards have no count by rate, but the rates that it is counted from."""
    rates, by_variance = metrics.get("rate_per_dim_nats"), metrics.get("active_units")
    by_rate = metrics.get("active_units_by_rate")
    if rates:
        by_rate = int(active_by_rate(rates).sum())
    return (by_rate if is_count(by_rate) else None), (by_variance if is_count(by_variance) else None)


def equal_warning(n: int) -> str:
    """The warning about a map of n equal latents."""
    return _(
        "All latents of the map are equal (n = {n}): every sample has the same code. The map is one point; "
        "its positions, distances and neighbours tell nothing, and the trust is 0.",
        n=number(n),
    )


def card_warnings(card: Mapping[str, Any]) -> list[str]:
    """The warnings that a checkpoint's card gives rise to: of a map of equal latents, and of posterior collapse."""
    summary, metrics = (card.get("atlas") or {}), card["metrics"]
    d = len(metrics.get("rate_per_dim_nats") or ()) or card["hparams"].get("d")
    said = [equal_warning(int(summary["n"]))] if summary.get("distinct") == 1 and is_count(summary.get("n")) else []
    if card["family"] in FAMILIES.all() and is_count(d):
        said += filter(None, [collapse_warning(metrics, d, knobs(FAMILIES.get(card["family"]).Hparams))])
    return said


def is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def collapse_warning(metrics: Mapping[str, Any], d: int, knobs: Iterable[str]) -> str | None:
    """A warning if the posterior has collapsed, with the settings that help; None if it has not, or if the metrics of a
    card or an epoch have no count of active units.

    A dimension has to be active by rate where there is one, and by variance: a rate can also be spent on a posterior
    that is the same for every sample, only not the prior, as with free bits.
    """
    counted = [count for count in unit_counts(metrics) if count is not None]
    if not counted or min(counted) >= COLLAPSED * d:
        return None
    active = min(counted)
    problem = ngettext(
        "Posterior collapse: only {n} of {d} latent dimensions is active.",
        "Posterior collapse: only {n} of {d} latent dimensions are active.",
        active,
        d=d,
    )
    remedies = [_(remedy) for knob, remedy in AGAINST_COLLAPSE.items() if knob in knobs]
    return " ".join([problem, _("What may help:"), *remedies]) if remedies else problem
