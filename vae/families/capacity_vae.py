"""A VAE whose rate is held at a capacity that increases during training."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from ..losses import terms
from ..losses.objectives import weigh
from ..losses.schedules import Schedule, linear
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, NetHparams
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Loss, Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    capacity_nats: float = knob(
        25.0, "target rate of each sample at the end of training, in nats", low=0.0, high=10_000.0, term="rate"
    )
    capacity_steps: int = knob(5000, "steps over which the capacity increases from 0", low=1, high=10_000_000)
    gamma_capacity: float = knob(
        5.0, "weight of the difference between rate and capacity, per nat", low=0.0, high=1e5, log=True
    )


class Capacity(nn.Module):
    """Distortion + gamma |rate - C(step)| of each sample, nats. Burgess et al., 2018, equation 8."""

    def __init__(self, capacity: Schedule, gamma: float):
        super().__init__()
        self.capacity, self.gamma = capacity, gamma

    def forward(self, model: nn.Module, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        output = model(x, c)
        rate = terms.rate(model, output, x)
        off = (rate - self.capacity(step)).abs()
        distortion = terms.distortion(model, output, x)
        return weigh(output, {"distortion": (distortion, 1.0), "rate": (rate, 0.0), "off_capacity": (off, self.gamma)})


@family(
    name="capacity_vae",
    title=N_("Capacity-controlled VAE"),
    summary=N_("the rate of each sample is held at a capacity that increases during training"),
    paper="Burgess et al., 2018, Understanding disentangling in beta-VAE",
    departures=(
        N_(
            "`gamma_capacity` is 5, not 1000: under a Gaussian with a learned sigma, 100 already ruins the "
            "reconstructions."
        ),
        N_("The capacity is reached after 5000 steps, not 100,000."),
    ),
    hparams=Hparams,
    idea=N_(
        "The rate is not minimised but held at a target, the capacity, which increases from 0 during "
        "training. The features that lower the distortion most enter the code first and others follow, "
        "often one per dimension. A capacity above what the data need is filled with noise, and the weight "
        "gamma is one more setting to tune."
    ),
    formula=(
        r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \gamma \, "
        r"\R{\left| \mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right) - C(t) \right|}"
    ),
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, Gaussian), Capacity(linear(h.capacity_nats, h.capacity_steps), h.gamma_capacity)
