"""A checkpoint's card (config.json) as text: its kind, its order among others, its metrics.

Plain data in, text and numbers out; knows no widgets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.show import nats
from app.show.terms import more
from vae.metrics.active import ACTIVE_RATE, ACTIVE_VARIANCE, unit_counts
from vae.metrics.bounds import error_key
from vae.registry import FAMILIES, KINDS, term_of
from vae.registry import traits as registered
from vae.sweeps import sweeps
from vae.text import N_, _, number, percent, significant

OFTEN = 0.9  # of the steps: clipped that often, gradients are normalised rather than kept from rare peaks
NORMALISED = N_("So this was in effect Adam with normalised gradients: their directions counted, not their norms.")
IN_NATS = ("elbo_nats", "distortion_nats", "nll_nats")  # log-likelihoods: comparable where `nats.measure` is the same


@dataclass(frozen=True)
class Figure:
    """A figure of merit of one card. better: 1 higher, -1 lower, 0 neither; value: None where there is none; error: its
    standard error; of: how many there are of what is counted."""

    key: str
    label: str
    digits: int
    better: int
    help: str
    value: float | None = None
    error: float | None = None
    of: int | None = None

    @property
    def text(self) -> str:
        """The value as text, "15 / 16" of a count."""
        text = number(self.value, self.digits)
        return text if self.of is None or self.value is None else f"{text} / {number(self.of)}"

    @property
    def spread(self) -> str:
        """The standard error as text, to as many digits as the value and at least one that is not 0; "" without one."""
        if self.value is None or self.error is None:
            return ""
        rounded = number(self.error, self.digits)
        return f"± {rounded if float(f'{self.error:.{self.digits}f}') else significant(self.error, 1)}"


FIGURES = (
    Figure("elbo_nats", N_("ELBO, nats"), 1, 1, N_("Evidence lower bound: −distortion − rate. Higher is better.")),
    Figure(
        "distortion_nats",
        N_("distortion, nats"),
        1,
        0,
        N_("−E log p(x|z), the expected reconstruction cost. p is a density, so the distortion can be negative."),
    ),
    Figure(
        "pixel_entropy_nats",
        N_("pixel entropy, nats"),
        1,
        0,
        N_("Mean entropy of a test sample's pixels, each taken as the probability of a 1: no distortion can be lower."),
    ),
    Figure(
        "rate_nats",
        N_("rate, nats"),
        1,
        0,
        N_("KL(q(z|x) ‖ p(z)): the information that the latent holds about a sample."),
    ),
    Figure("nll_nats", N_("NLL, nats"), 1, -1, N_("Importance-weighted upper bound on −log p(x). Lower is better.")),
    Figure(
        "active_units_by_rate",
        N_("active (rate)"),
        0,
        0,
        N_("Active units by rate: dimensions whose rate is above {least} nats."),
    ),
    Figure(
        "active_units",
        N_("active (variance)"),
        0,
        0,
        N_(
            "Active units by variance: dimensions whose posterior mean has a variance above {least}, however much "
            "noise there is beside it."
        ),
    ),
    Figure(
        "mse",
        N_("MSE"),
        4,
        -1,
        N_(
            "Mean squared error of the reconstruction per value (pixels: 0 to 1; tables and series: squared standard "
            "deviations). Lower is better."
        ),
    ),
    Figure(
        "accuracy", N_("accuracy"), 3, 1, N_("Share of samples whose label is inferred correctly. Higher is better.")
    ),
)
UNITS = {"active_units_by_rate": ACTIVE_RATE, "active_units": ACTIVE_VARIANCE}  # above which a dimension counts
OF_NO_PRIOR = "active_units_above"  # the variance above which a dimension of a code without a prior was counted
WITHOUT_PRIOR = N_(
    "Active units by variance: dimensions whose code has a variance above {least}, a hundredth of the largest of them. "
    "A code without a prior has a scale of its own."
)
HIERARCHICAL_UNITS = N_(
    "In a hierarchical model that mean also follows the levels above, whether or not the dimension itself carries "
    "anything."
)


# ---------------------------------------------------------------- kinds and names


def traits(card: Mapping) -> frozenset[str]:
    """The traits of the card's family; empty for an unknown family."""
    return registered(card)


def grouped(cards: Mapping[str, Mapping]) -> list[str]:
    """Names sorted by data set, kind of family and name; unreadable cards last."""
    known = FAMILIES.all()

    def place(name: str) -> tuple:
        card = cards[name]
        family = known.get(str(card.get("family")))
        kind = KINDS.index(family.kind) if family else len(KINDS)
        stem, value = m.groups() if (m := re.fullmatch(r"(.*-)(\d+\.?\d*)", name)) else (name, 0)
        return (not card, str(card.get("dataset")), kind, str(card.get("family")), stem, float(value))

    return sorted(cards, key=place)


def outside_sweeps(cards: Mapping[str, Mapping], *used: str) -> dict[str, Mapping]:
    """The cards to choose from: models of a sweep are left out unless one of them is in use."""
    behind = {model for sweep in sweeps.known().values() if not {*used} & {*sweep.models} for model in sweep.models}
    return {name: card for name, card in cards.items() if name not in behind}


def not_comparable(cards: Mapping[str, Mapping], name: str, other: str) -> str:
    """Why Compare cannot show `other` beside the model `name`, which has a data set; "" where it can."""
    if other not in cards:
        return _("There is no model {other} to compare {name} with.", other=other, name=name)
    names = {"name": name, "other": other, "data": cards[name]["dataset"], "others": cards[other].get("dataset")}
    if other == name:
        return _("{name} cannot be compared with itself.", **names)
    if not cards[other]:
        return _("{other} cannot be read, so {name} cannot be compared with it.", **names)
    if not names["others"]:
        return _("{other} has no data set here, so {name} ({data}) cannot be compared with it.", **names)
    if names["others"] != names["data"]:
        return _(
            "{name} was trained on {data} and {other} on {others}: only models of one data set can be compared.",
            **names,
        )
    return ""


def summary(card: Mapping) -> str:
    """One line on a model: data set, kind of family, latent dimensions, and its bound or error on the test set."""
    if not card:
        return _("cannot be read")
    metrics = card.get("metrics") or {}
    family = FAMILIES.all().get(str(card.get("family")))
    kind = family.kind if family else str(card.get("family"))
    parts = [str(card["dataset"]), kind] if card.get("dataset") else [kind]  # an imported decoder has no data set
    if d := width(card):
        parts.append(f"d {d}")
    if metrics.get("elbo_nats") is not None and has_prior(card):
        parts.append(_("ELBO {elbo} nats", elbo=number(metrics["elbo_nats"], 1)))
    elif metrics.get("mse") is not None:
        parts.append(_("MSE {mse}", mse=number(metrics["mse"], 4)))
    return " · ".join(parts)


# ---------------------------------------------------------------- figures


def has_prior(card: Mapping) -> bool:
    """True if latents are drawn from a posterior, so that there is a rate and an ELBO; False for an autoencoder."""
    return "deterministic" not in traits(card)


def width(card: Mapping) -> int | None:
    """Latent dimensions, of all levels together."""
    return len((card.get("metrics") or {}).get("rate_per_dim_nats") or ()) or (card.get("hparams") or {}).get("d")


def clipping(card: Mapping) -> str:
    """How often the training scaled a gradient down, and what that means; "" where it was not counted."""
    share, clip = card.get("clipped_share"), (card.get("train") or {}).get("clip")
    if share is None or not clip:
        return ""
    said = _(
        "The gradient was clipped to a norm of {clip} in {share} of the steps.",
        clip=significant(clip),
        share=percent(share),
    )
    return f"{said} {_(NORMALISED)}" if share > OFTEN else said


def merit(card: Mapping) -> list[Figure]:
    """FIGURES with the card's values and standard errors, and in their help what they are and were measured on."""
    m = card.get("metrics") or {}
    d = m.get("latent_dims") or width(card)
    counted = dict(zip(UNITS, unit_counts(m), strict=True))
    measured = nats.test_set(card)
    found = []
    for figure in FIGURES:
        value, label, help = m.get(figure.key), _(figure.label), _(figure.help)
        if figure.key in ("elbo_nats", "rate_nats") and not has_prior(card):
            value = None
        if figure.key == "nll_nats" and (k := nats.samples(card)):
            label += f" (k = {k})"
        if figure.key in UNITS:
            help, value = _(figure.help, least=number(UNITS[figure.key], 2)), counted[figure.key]
            if figure.key == "active_units" and (above := m.get(OF_NO_PRIOR)) is not None:
                help = _(WITHOUT_PRIOR, least=significant(above, 2))
            if figure.key == "active_units" and "hierarchical" in traits(card):
                help += " " + _(HIERARCHICAL_UNITS)
        error = m.get(error_key(figure.key))
        if error is not None:
            help += " " + _("Standard error {error}.", error=significant(error, 2))
        if figure.key == "distortion_nats" and not has_prior(card):
            help = _(nats.NO_BOUND)
        if figure.key == "nll_nats":
            help = " ".join([help, *nats.evidence(m)])
        help = " ".join(filter(None, [help, measured, more(term_of(figure.key))]))
        of = d if figure.key in UNITS else None
        found.append(replace(figure, label=label, help=help, value=value, error=error, of=of))
    return found


def comparable(key: str, a: Mapping, b: Mapping) -> bool:
    """Whether a difference of that figure between two cards means something: the same thing, counted the same way."""
    if nats.edited(a, b):
        return False
    if key in IN_NATS:
        if key == "distortion_nats" and has_prior(a) != has_prior(b):  # of a point, or in expectation at a rate
            return False
        return nats.measure(a) == nats.measure(b) and (key != "nll_nats" or nats.samples(a) == nats.samples(b))
    if key == "mse":
        return nats.pixels(a) == nats.pixels(b)
    if key in UNITS:
        alike = key == "active_units_by_rate" or _rule(a) == _rule(b)
        return width(a) is not None and width(a) == width(b) and alike
    return True


def _rule(card: Mapping) -> tuple[bool, bool]:
    """By what a card counts active units by variance: whether levels above move the means, and whether the code has no
    prior, so that the largest variance is the unit."""
    return "hierarchical" in traits(card), (card.get("metrics") or {}).get(OF_NO_PRIOR) is not None
