"""What a checkpoint's card (config.json) says, for people: its kind, its place among others, its figures of merit.

Plain data in, text and numbers out; knows no widgets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from vae.metrics.bounds import error_key
from vae.registry import FAMILIES, KINDS, MODALITIES
from vae.registry import traits as registered
from vae.sweeps.sweep import ladders
from vae.text import N_, _

MINUS = "−"
IN_USE = 0.05  # nats: a dimension of a hierarchical model with a smaller rate carries nothing to speak of
IN_NATS = ("elbo_nats", "distortion_nats", "nll_nats")  # densities of x: comparable where `density` is the same


@dataclass(frozen=True)
class Figure:
    """A figure of merit of one card. better: 1 higher, -1 lower, 0 neither; value: None where there is none."""

    key: str
    label: str
    digits: int
    better: int
    help: str
    value: float | None = None


FIGURES = (
    Figure("elbo_nats", N_("elbo, nats"), 1, 1, N_("Evidence lower bound, −distortion − rate. Higher is better.")),
    Figure(
        "distortion_nats",
        N_("distortion, nats"),
        1,
        0,
        N_("−E log p(x|z). A density over values, so it may be negative."),
    ),
    Figure("rate_nats", N_("rate, nats"), 1, 0, N_("KL(q(z|x) ‖ p(z)): what the code costs.")),
    Figure("nll_nats", N_("nll, nats"), 1, -1, N_("Importance-weighted bound on −log p(x). Lower is better.")),
    Figure("active_units", N_("active units"), 0, 0, N_("Dimensions whose posterior mean has a variance above 0.01.")),
    Figure("mse", "mse", 4, -1, N_("Squared error of the decoded mean, a value (a pixel: 0 to 1). Lower is better.")),
    Figure(
        "accuracy", "accuracy", 3, 1, N_("Share of samples whose label the model infers rightly. Higher is better.")
    ),
)
HIERARCHICAL_UNITS = (
    f"Dimensions with a rate above {IN_USE} nats. The variance of the posterior mean counts %s, but in a hierarchical "
    "model that mean also follows the levels above, whether or not the dimension itself says anything."
)


# ---------------------------------------------------------------- kinds and names


def traits(card: Mapping) -> frozenset[str]:
    """What the card's family declares; nothing for a family that is not known here."""
    return registered(card)


def grouped(cards: Mapping[str, Mapping]) -> list[str]:
    """Names with like models side by side: by data set, then by kind of family, then by name; broken ones last."""
    known = FAMILIES.all()

    def place(name: str) -> tuple:
        card = cards[name]
        family = known.get(str(card.get("family")))
        kind = KINDS.index(family.kind) if family else len(KINDS)
        stem, value = m.groups() if (m := re.fullmatch(r"(.*-)(\d+\.?\d*)", name)) else (name, 0)
        return (not card, str(card.get("dataset")), kind, str(card.get("family")), stem, float(value))

    return sorted(cards, key=place)


def unladdered(cards: Mapping[str, Mapping], *used: str) -> dict[str, Mapping]:
    """Those to choose from: the many models of a ladder stay behind it until one of them is in use."""
    behind = {rung for ladder in ladders().values() if not {*used} & {*ladder.rungs} for rung in ladder.rungs}
    return {name: card for name, card in cards.items() if name not in behind}


def summary(card: Mapping) -> str:
    """One line on a model: data set, kind of family, latent dimensions, and its bound or error on the test set."""
    if not card:
        return _("cannot be read")
    metrics = card.get("metrics") or {}
    family = FAMILIES.all().get(str(card.get("family")))
    kind = family.kind if family else str(card.get("family"))
    parts = [str(card["dataset"]), kind] if card.get("dataset") else [kind]  # an imported decoder brought none
    if d := width(card):
        parts.append(f"d {d}")
    if metrics.get("elbo_nats") is not None and has_prior(card):
        parts.append(_("elbo {elbo_nats} nats", elbo_nats=number(metrics["elbo_nats"], 1)))
    elif metrics.get("mse") is not None:
        parts.append(_("mse {mse:.4f}", mse=metrics["mse"]))
    return " · ".join(parts)


def number(value: float | None, digits: int) -> str:
    """A figure for people: fixed digits, thin spaces between thousands, a true minus; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,.{digits}f}".replace(",", "\u2009").replace("-", MINUS)


# ---------------------------------------------------------------- figures


def has_prior(card: Mapping) -> bool:
    """Whether codes are draws from a posterior, so that rate and elbo mean something; not so of an autoencoder."""
    return "deterministic" not in traits(card)


def width(card: Mapping) -> int | None:
    """Latent dimensions, of all levels together."""
    return len((card.get("metrics") or {}).get("rate_per_dim_nats") or ()) or (card.get("hparams") or {}).get("d")


def likelihood(card: Mapping) -> str:
    """What a model says its samples are distributed as; a family without the choice takes what its modality has."""
    modality = MODALITIES.get((card.get("spec") or {}).get("modality", "image"))
    return (card.get("hparams") or {}).get("likelihood", modality.likelihood)


def density(card: Mapping) -> str:
    """The density that a card's nats are of. Nats of two models compare where it is the same for both.

    A fixed sigma sets the scale of every nat, and a bound on log p(x|y) is told what one on log p(x) must find out.
    """
    has = traits(card)
    of = _("log p(x, y)") if "semi_supervised" in has else _("log p(x|y)") if "conditional" in has else _("log p(x)")
    kind, sigma = likelihood(card), (card.get("hparams") or {}).get("sigma")
    if kind != "gaussian":
        return _("{of}, {kind}", of=of, kind=kind)
    return _("{of}, gaussian with ", of=of) + (_("sigma {sigma:g}", sigma=sigma) if sigma else _("a learned sigma"))


def in_use(card: Mapping) -> list[bool] | None:
    """Which dimensions of a hierarchical model have a rate above IN_USE; None for other models, or if not measured."""
    rates = (card.get("metrics") or {}).get("rate_per_dim_nats")
    return [rate > IN_USE for rate in rates] if rates and "hierarchical" in traits(card) else None


def merit(card: Mapping) -> list[Figure]:
    """FIGURES with the card's values, and in their help what they were measured on and their standard errors."""
    m, d, used = card.get("metrics") or {}, width(card), in_use(card)
    measured = _(
        "Test set, n = {get}, seed {get_2}.",
        get=number(m.get("n_test"), 0),
        get_2=m.get("seed", card.get("seed", "–")),
    )
    found = []
    for figure in FIGURES:
        value, label, help = m.get(figure.key), figure.label, figure.help
        if figure.key in ("elbo_nats", "rate_nats") and not has_prior(card):
            value = None
        if figure.key == "nll_nats" and m.get("nll_k"):
            label += f" (k = {m['nll_k']})"
        if figure.key == "active_units":
            if used:
                label, help, value = _("units in use"), HIERARCHICAL_UNITS % number(value, 0), sum(used)
            label += _(", of {d}", d=d) if d else ""
        if (error := m.get(error_key(figure.key))) is not None:
            help += _(" Standard error {error:.2g}.", error=error)
        found.append(
            replace(figure, label=label, help=_("{help} {measured}", help=help, measured=measured), value=value)
        )
    return found


def comparable(key: str, a: Mapping, b: Mapping) -> bool:
    """Whether a difference of that figure between two cards means something: the same thing, counted the same way."""
    if key in IN_NATS:
        return density(a) == density(b)
    if key == "active_units":
        return width(a) is not None and width(a) == width(b) and (in_use(a) is None) == (in_use(b) is None)
    return True
