"""A VAE whose rate is held at a capacity that grows while it trains."""

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
from ..types import Loss, Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    capacity_nats: float = knob(25.0, "rate of each sample at the end of training, nats", low=0.0, high=10_000.0)
    capacity_steps: int = knob(5000, "steps over which the capacity rises from 0", low=1, high=10_000_000)
    gamma_capacity: float = knob(100.0, "weight of a nat of rate off the capacity", low=0.0, high=1e5, log=True)


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
    title="Capacity-controlled VAE",
    summary="the rate of each sample is held at a capacity that rises while it trains",
    paper="Burgess et al., 2018, Understanding disentangling in beta-VAE",
    hparams=Hparams,
    idea=(
        "The rate is not minimised but held at a capacity, which starts at nothing and grows while the model "
        "trains. What describes a sample best enters the code first and the rest follows, each into a dimension of "
        "its own. A capacity above what the data need is filled with noise, and the weight that holds the rate is "
        "one more knob."
    ),
    formula=r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \gamma \, "
    r"\R{\left| \mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right) - C(t) \right|}",
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, Gaussian), Capacity(linear(h.capacity_nats, h.capacity_steps), h.gamma_capacity)
