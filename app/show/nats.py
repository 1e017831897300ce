"""What the log-likelihoods of a card are of, how its NLL was estimated, and why two of them do not compare.

Plain data in, text out; knows no widgets.
"""

from __future__ import annotations

from collections.abc import Mapping

from vae.data import edits
from vae.data.published import fixed_mnist
from vae.metrics.bounds import UNDEQUANTISED, few, not_tight
from vae.registry import MODALITIES, traits
from vae.text import N_, _, ngettext, number, percent, significant

NO_BOUND = N_(
    "Distortion is −log p(x|z) of the reconstruction. The code of a sample is a point, so it is no bound on log p(x)."
)


def likelihood(card: Mapping) -> str:
    """The likelihood p(x|z) of a model; for a family without a choice that of its modality."""
    modality = MODALITIES.get((card.get("spec") or {}).get("modality", "image"))
    return (card.get("hparams") or {}).get("likelihood", modality.likelihood)


def measure(card: Mapping) -> str:
    """What the log-likelihoods of a card are of. Two models of one data set are comparable in nats if it is the same.

    All densities of the same values compare, whatever their form: a Gaussian with a fixed sigma, with a learned one,
    the continuous Bernoulli. A probability of binary pixels is another thing, and so is one of pixels that were made
    binary in another way; and a model of p(x|y) is given the label that a model of p(x) has to account for.
    """
    has = traits(card)
    of = "log p(x, y)" if "semi_supervised" in has else "log p(x|y)" if "conditional" in has else "log p(x)"
    if likelihood(card) != "bernoulli":
        return _("{of}, density of the values", of=of)
    if made := pixels(card):
        return _("{of}, probability of {pixels}", of=of, pixels=made)
    return _("{of}, probability of binary pixels, in expectation over the grey ones", of=of)


def pixels(card: Mapping) -> str:
    """The binary pixels that a model is evaluated on; "" where they were not made binary."""
    drawn = card.get("binarisation")
    if not drawn:
        return ""
    if drawn["name"] == fixed_mnist.NAME:
        return _("binary pixels (fixed draw of {cite})", cite=_(fixed_mnist.CITE))
    return _("binary pixels (zscope's fixed draw with seed {seed})", seed=drawn["seed"])


def dequantised(card: Mapping) -> str:
    """A sentence on log-likelihoods that are of a density of pixels; "" for other ones."""
    modality = MODALITIES.get((card.get("spec") or {}).get("modality", "image"))
    density = modality.bounded and likelihood(card) != "bernoulli" and "deterministic" not in traits(card)
    return _(UNDEQUANTISED) if density else ""


def evidence(metrics: Mapping) -> list[str]:
    """Sentences on how the NLL was estimated: of which binarisations, and how many importance samples count."""
    return [said for said in (_binarisations(metrics), _weights(metrics)) if said]


def _binarisations(metrics: Mapping) -> str:
    n = metrics.get("nll_binarisations")
    if not n:
        return ""
    return ngettext(
        "Mean over {n} seeded binarisation of each sample.", "Mean over {n} seeded binarisations of each sample.", n
    )


def _weights(metrics: Mapping) -> str:
    if metrics.get("nll_ess") is None or metrics.get("nll_low_ess") is None or not metrics.get("nll_k"):
        return ""
    return _(
        "Effective sample size of the importance weights: {ess} of {k} on average, below {few} for {share} of the "
        "samples.",
        ess=number(metrics["nll_ess"], 1),
        k=number(metrics["nll_k"]),
        few=significant(few(metrics["nll_k"])),
        share=percent(metrics["nll_low_ess"]),
    )


def samples(card: Mapping) -> int | None:
    """The number of importance samples of a card's NLL; None: it has none."""
    return (card.get("metrics") or {}).get("nll_k")


def test_set(card: Mapping) -> str:
    """What the metrics of a card were measured on."""
    m = card.get("metrics") or {}
    return _("Test set, n = {n}, seed {seed}.", n=number(m.get("n_test")), seed=m.get("seed", card.get("seed", "–")))


def edited(a: Mapping, b: Mapping) -> str:
    """Why the metrics of two models of one data set do not compare: their test sets were edited differently; "" where
    they compare."""
    one, other = (edits.of_card(card).test for card in (a, b))
    if (one.dropped, one.labels) == (other.dropped, other.labels):
        return ""
    each = "; ".join(
        ngettext("{name}: {n} test sample edited", "{name}: {n} test samples edited", n, name=card["name"])
        for card in (a, b)
        for n in [(card.get("edits") or {"test": 0})["test"]]
    )
    return _("Not comparable: the test sets of these models were edited differently. {each}.", each=each)


def edited_for_training(a: Mapping, b: Mapping) -> str:
    """That two models of one data set were trained on differently edited samples; "" where they were not."""
    one, other = (edits.of_card(card).train for card in (a, b))
    if (one.dropped, one.labels) == (other.dropped, other.labels):
        return ""
    each = "; ".join(
        _("{name}: {dropped} dropped, {relabelled} relabelled", name=card["name"], **counts)
        for card in (a, b)
        for counts in [{k: number((card.get("edits") or {}).get(k, 0)) for k in ("dropped", "relabelled")}]
    )
    return _("Trained on different edits of the training split, so not only the models differ. {each}.", each=each)


def notes(card: Mapping) -> list[str]:
    """Sentences that belong beside the log-likelihoods of a card."""
    m = card.get("metrics") or {}
    said = [dequantised(card), _("Evaluated on {pixels}.", pixels=made) if (made := pixels(card)) else ""]
    if samples(card) == 1:
        said.append(_("NLL (k = 1) is −ELBO: every posterior is a point, so that importance samples add nothing."))
    if m.get("distortion_nats") is not None and "deterministic" in traits(card):
        said.append(_(NO_BOUND))
    said += [_binarisations(m), "" if not_tight(m) else _weights(m)]  # the warning says how many samples count
    return [one for one in said if one]


def not_comparable(a: Mapping, b: Mapping) -> str:
    """Why the log-likelihoods, or the NLLs alone, of two models of one data set do not compare; "" where they do."""
    if why := edited(a, b):
        return why
    if measure(a) != measure(b):
        each = "; ".join(f"{card['name']}: {measure(card)}" for card in (a, b))
        return _("Not comparable: the log-likelihoods of these models are of different things. {each}.", each=each)
    one, other = samples(a), samples(b)
    if one and other and one != other:
        return _(
            "The NLLs are not comparable: one was estimated with k = {one} importance samples, the other with {other}.",
            one=number(one),
            other=number(other),
        )
    return ""
