"""What the bounds of a test set are, each in a few words: what stands behind them where they are printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..text import N_, _, number, significant
from .active import ACTIVE_RATE, ACTIVE_VARIANCE
from .bounds import few

WORDS = {
    "elbo": N_("evidence lower bound on log p(x), one posterior sample for each x; higher is better"),
    "mc_bound": N_(
        "lower bound on log p(x) by the Langevin steps of the training, one chain for each x, of the same samples as "
        "the NLL; higher is better"
    ),
    "distortion": N_("−E log p(x|z), the reconstruction cost, one posterior sample for each x"),
    "rate": N_("KL(q(z|x) ‖ p(z)), one posterior sample for each x where it has no closed form"),
    "mse": N_(
        "mean squared error per value of the decoded posterior mean (pixels: 0 to 1; tables and series: squared "
        "standard deviations)"
    ),
    "accuracy": N_("share of samples whose most likely class is theirs"),
    "pixel_entropy": N_("mean entropy of pixels taken as probabilities: no distortion can be lower"),
    "rate_per_dim": N_("KL(q(z|x) ‖ p(z)) of each dimension"),
    "rate_per_level": N_("KL(q(z|x) ‖ p(z)) of each level, from the top"),
    "latent_dims": N_("numbers in a code"),
    "nll_k": N_("importance samples of the NLL"),
    "nll_binarisations": N_("seeded binarisations of each sample that the NLL is a mean over"),
    "n_test": N_("test samples"),
    "seed": N_("of all random numbers"),
}
NO_BOUND = N_("−log p(x|z) of the reconstruction: the code of a sample is a point, so this is no bound on log p(x)")


def protocol(key: str, figures: Mapping[str, Any]) -> str:
    """What `key`, one of the figures that `evaluate` returns, was computed from; "" for one that is not known here."""
    stem = key.removesuffix("_nats")
    if stem == "distortion" and figures.get("elbo_nats") is None:
        return _(NO_BOUND)
    if stem in WORDS:
        return _(WORDS[stem])
    k = figures.get("nll_k") or 0
    if stem == "nll":
        if k == 1:
            return _("−ELBO: every posterior is a point, so that importance samples add nothing")
        return _("importance-weighted upper bound on −log p(x), k = {k} (Burda et al., 2016)", k=number(k))
    if stem == "nll_ess":
        return _("effective sample size of the importance weights, mean, of {k}", k=number(k))
    if stem == "nll_low_ess":
        return _("share of samples with an effective sample size below {few}", few=significant(few(k)))
    if stem == "active_units_by_rate":
        return _("latent dimensions with a rate above {least} nats", least=number(ACTIVE_RATE, 2))
    if stem == "active_units":
        least = figures.get("active_units_above", ACTIVE_VARIANCE)
        return _("latent dimensions whose mean has a variance above {least}", least=significant(least, 2))
    if stem == "elbo_bits_per_dim":
        return _("−ELBO in bits for each value of a sample, measured in whole levels")
    if stem == "nll_bits_per_dim":
        return _("NLL in bits for each value of a sample, measured in whole levels")
    return ""
