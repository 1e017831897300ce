"""The variational autoencoder."""

from __future__ import annotations

from dataclasses import dataclass

from ..bottlenecks import Gaussian
from ..model import VAE, NetHparams
from ..objectives import Sum
from ..registry import family, knob
from ..schedules import warmup
from ..types import Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    warmup: str = knob("none", "how the weight of the rate rises", choices=("none", "linear", "cyclical"))
    warmup_steps: int = knob(1000, "steps of the rise, or of one cycle", low=1, high=10_000_000)


@family(
    name="vae",
    title="Variational autoencoder",
    paper="Kingma and Welling, 2014, Auto-encoding variational Bayes",
    hparams=Hparams,
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, Gaussian), Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps))
