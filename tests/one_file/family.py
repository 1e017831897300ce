"""The VAE that pays less for its rate: what test_one_file.py drops in as a new family."""

from __future__ import annotations

from dataclasses import dataclass

from vae.losses.objectives import Sum
from vae.losses.schedules import constant, linear
from vae.models.bottlenecks import Gaussian
from vae.models.model import VAE, NetHparams
from vae.registry import family
from vae.settings import knob
from vae.types import Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    price: float = knob(0.5, "weight of a nat of rate against the distortion", low=0.0, high=10.0)
    rise: str = knob("none", "how the price comes about: at once, or linear over 100 steps", choices=("none", "linear"))


@family(
    name="bargain_vae",
    kind="variational",
    title="Bargain VAE",
    summary="the VAE at another `price` of its rate",
    paper="Nobody, 2026, A bargain",
    hparams=Hparams,
    departures=("The price may rise.",),
    idea="The rate has a price. A low one leaves more in the code. Draws from the prior pay for it.",
    formula=r"\D{-\log p(x \mid z)} + \R{\beta \, \mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}",
)
def build(spec: Spec, h: Hparams):
    price = constant(h.price) if h.rise == "none" else linear(h.price, 100)
    return VAE(spec, h, Gaussian), Sum(beta=price)
