"""The restricted Boltzmann machine: binary pixels and binary hidden units with an energy."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..data.rows_on_disk import Rows
from ..losses import terms
from ..losses.batch_shares import shared
from ..losses.model import Model
from ..models.likelihoods import HELP as LIKELIHOOD
from ..models.model import OneCode, density
from ..registry import family
from ..sampling.partition import (
    CHAINS,
    MOST_BITS,
    TEMPERATURES,
    LogZ,
    annealed_weights,
    dense_at_the_end,
    of_weights,
    summed,
)
from ..settings import knob
from ..text import N_
from ..types import Latent, Loss, Spec

SEEN = 10_000  # training samples whose mean the visible biases start at
COLDEST = 1e-3  # the lowest temperature of a chain, where it takes the likelier state of every unit
Uniform = Callable[[Tensor], Tensor]  # numbers from 0 to 1, as many as there are in a tensor


@dataclass(frozen=True)
class Hparams:
    d: int = knob(64, "hidden units, each on or off: the latent dimensions", low=1, high=4096, term="latent-dimensions")
    likelihood: str = knob("bernoulli", LIKELIHOOD, choices=("bernoulli",), term="likelihood")
    gibbs_steps: int = knob(5, "Gibbs steps of the persistent chains in each training step", low=1, high=1000)
    chains: int = knob(100, "persistent chains, which the model keeps", low=2, high=10_000)
    weight_decay: float = knob(
        1e-4, "half of it times the sum of squared weights is added to the loss", low=0.0, high=1.0
    )
    draw_steps: int = knob(
        100, "Gibbs steps from a chain that training left to a sample of the prior", low=1, high=100_000
    )


class RBM(OneCode):
    """p(v) = sum_h exp(b v + c h + v W h) / Z = exp(-energy(v)) / Z, v and h binary. Hinton, 2002, section 5.

    Given the others, the units of a layer are independent, so that there are an encoder, p(h = 1|v) in [0, 1]^d, and a
    decoder, p(v = 1|h), without a net. The code of a sample is that point; h itself is drawn only in chains. Follows
    vae.models.energy.EnergyModel besides.
    """

    has_prior = True
    base: Tensor
    chains: Tensor

    def __init__(self, spec: Spec, h: Hparams):
        super().__init__()
        self.d, self.levels, self.shape, self.draw_steps = h.d, (h.d,), tuple(spec.shape), h.draw_steps
        self.likelihood = density(spec, h.likelihood, 0.0)
        pixels = math.prod(self.shape)
        self.weight = nn.Parameter(0.01 * torch.randn(pixels, h.d))
        self.visible = nn.Parameter(torch.zeros(pixels))
        self.hidden = nn.Parameter(torch.zeros(h.d))
        self.register_buffer("base", torch.zeros(pixels))  # logits of independent pixels, where annealing starts
        self.register_buffer("chains", torch.randint(0, 2, (h.chains, h.d), dtype=torch.uint8))  # their hidden units

    def start(self, x: np.ndarray | Rows) -> None:
        """The visible biases at which independent pixels are as bright as the training samples: Hinton, 2010, A
        practical guide to training restricted Boltzmann machines, section 8; one black and one white sample added."""
        some = np.asarray(x[np.linspace(0, len(x) - 1, min(len(x), SEEN)).astype(int)])
        white = 255 if some.dtype == np.uint8 else 1
        mean = some.reshape(len(some), -1).mean(0, dtype=np.float64) / white
        share = torch.from_numpy((mean * len(some) + 1) / (len(some) + 2)).to(self.base)
        self.base.copy_(share.logit())
        self.visible.data.copy_(self.base)

    # -------------------------------------------------------- as a model with codes

    def infer(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Latent:
        z = torch.sigmoid(self._to_hidden(x.flatten(1)))
        return Latent(z, z, torch.zeros_like(z))

    def params(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, "b ..."]:
        """Logits of the pixels given hidden units, or their probabilities."""
        return self._to_visible(z).view(-1, *self.shape)

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, c: Tensor | None = None
    ) -> Float[Tensor, "n d"]:
        """Hidden units of n chains, `draw_steps` after where training left them; temperature: chains of p^(1/T)."""
        return self.gibbs(self._starts(n, generator), self.draw_steps, _from(generator), temperature)[1]

    def filters(self) -> Float[Tensor, "d ..."]:
        """The weights of each hidden unit, in the shape of a sample."""
        return self.weight.detach().T.view(-1, *self.shape)

    # -------------------------------------------------------- as a model with an energy

    def energy(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        """The free energy -b v - sum_j log(1 + exp(c_j + v W_j)), nats."""
        v = x.flatten(1)
        return -(v @ self.visible) - F.softplus(self._to_hidden(v)).sum(1)

    def gibbs(
        self, h: Float[Tensor, "n d"], steps: int, uniform: Uniform, temperature: float = 1.0
    ) -> tuple[Float[Tensor, "n v"], Float[Tensor, "n d"]]:
        """(visible, hidden) units after so many Gibbs steps, each of all pixels and then of all hidden units."""
        cold = max(temperature, COLDEST)
        with torch.no_grad():
            for _step in range(steps):
                v = _drawn(self._to_visible(h) / cold, uniform)
                h = _drawn(self._to_hidden(v) / cold, uniform)
        return v, h

    def persistent(self, steps: int) -> Float[Tensor, "n ..."]:
        """Pixels of the persistent chains after so many more steps; in training the chains stay where they end."""
        v, h = self.gibbs(self.chains.to(self.weight), steps, lambda like: shared(torch.rand_like(like)))
        if self.training:
            self.chains.copy_(h)
        return v.view(-1, *self.shape)

    def chain(self, n: int, generator: torch.Generator, draws: int, every: int = 1) -> Float[Tensor, "draws n ..."]:
        h, out = self._starts(n, generator), []
        for _draw in range(draws):
            v, h = self.gibbs(h, every, _from(generator))
            out.append(v.view(n, *self.shape))
        return torch.stack(out)

    @property
    def enumerable(self) -> bool:
        return min(self.weight.shape) <= MOST_BITS

    def summed_log_z(self, report: Callable[[int, int], Any] = lambda done, n: None) -> LogZ:
        """Over the states of the smaller layer: those of the other one have a closed form."""

        def of_hidden(h: Tensor) -> Tensor:
            return h @ self.hidden + F.softplus(self._to_visible(h)).sum(1)

        pixels, device = len(self.weight), self.weight.device
        with torch.no_grad():
            if self.d <= pixels:
                return summed(of_hidden, self.d, device, report)
            return summed(lambda v: -self.energy(v), pixels, device, report)

    def annealed_log_z(
        self,
        seed: int,
        *,
        chains: int = CHAINS,
        temperatures: int = TEMPERATURES,
        report: Callable[[int, int], Any] = lambda done, n: None,
    ) -> LogZ:
        """From independent pixels as bright as the training data: Salakhutdinov and Murray, 2008, section 4.1, whose
        base it is. log f_beta(v) = (1 - beta) base v + beta b v + sum_j log(1 + exp(beta (c_j + v W_j)))."""
        uniform = _from(torch.Generator().manual_seed(seed))

        def gain(v: Tensor, before: float, beta: float) -> Tensor:
            a = self._to_hidden(v)
            units = F.softplus(beta * a) - F.softplus(before * a)
            return (beta - before) * (v @ (self.visible - self.base)) + units.sum(1)

        def move(v: Tensor, beta: float) -> Tensor:
            h = _drawn(beta * self._to_hidden(v), uniform)
            return _drawn((1 - beta) * self.base + beta * self._to_visible(h), uniform)

        with torch.no_grad():
            v = _drawn(self.base.expand(chains, -1), uniform)
            log_w = annealed_weights(gain, move, v, dense_at_the_end(temperatures), report)
            start = float(F.softplus(self.base).cpu().double().sum()) + self.d * math.log(2)
        return of_weights(log_w, start, temperatures, seed)

    # -------------------------------------------------------- between the layers

    def _to_hidden(self, v: Float[Tensor, "b v"]) -> Float[Tensor, "b d"]:
        return v @ self.weight + self.hidden

    def _to_visible(self, h: Float[Tensor, "b d"]) -> Float[Tensor, "b v"]:
        return h @ self.weight.T + self.visible

    def _starts(self, n: int, generator: torch.Generator) -> Float[Tensor, "n d"]:
        """Hidden units of n of the kept chains, none twice unless there are fewer."""
        kept = len(self.chains)
        rows = torch.randperm(kept, generator=generator)[:n]
        if n > kept:
            rows = torch.randint(kept, (n,), generator=generator)
        return self.chains[rows.to(self.chains.device)].to(self.weight)


def _drawn(logits: Tensor, uniform: Uniform) -> Tensor:
    return (uniform(logits) < torch.sigmoid(logits)).to(logits.dtype)


def _from(generator: torch.Generator) -> Uniform:
    """Numbers that are the same on every device."""
    return lambda like: torch.rand(like.shape, generator=generator).to(like)


class PersistentContrastiveDivergence(nn.Module):
    """The mean energy of samples minus that of the persistent chains, whose gradient is that of -log p(x) if the chains
    follow p. Tieleman, 2008, section 3.

    A grey pixel is the probability of a 1, drawn anew in every step. The distortion is that of the reconstruction from
    the code, as for an autoencoder, and no part of the loss.
    """

    def __init__(self, steps: int, weight_decay: float):
        super().__init__()
        self.steps, self.weight_decay = steps, weight_decay

    def forward(self, model: Model, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        with torch.no_grad():
            distortion = terms.distortion(model, model(x), x)
        made = model.persistent(self.steps)
        gap = model.energy((torch.rand_like(x) < x).to(x.dtype)) - model.energy(made).mean()
        total = gap.mean() + self.weight_decay / 2 * model.weight.square().sum()
        return Loss(total, {"distortion": distortion, "energy_gap": gap.detach()})


@family(
    name="rbm",
    kind="energy-based",
    title=N_("Restricted Boltzmann machine"),
    summary=N_("binary hidden units with an energy, trained by persistent chains"),
    paper=(
        "Hinton, 2002, Training products of experts by minimizing contrastive divergence; Tieleman, 2008, Training "
        "restricted Boltzmann machines using approximations to the likelihood gradient"
    ),
    departures=(
        N_("The chains follow Tieleman; Hinton starts them at the samples of each batch."),
        N_("The code of a sample is the probability of each hidden unit, not a draw of these units."),
    ),
    hparams=Hparams,
    layouts=("grid",),
    traits=("chains", "deterministic", "energy"),
    other=N_("energy of samples and of chains"),
    idea=N_(
        "Every hidden unit is a filter that is on or off, and pictures that agree with the filters have a low "
        "energy E. Training lowers the energy of the data and raises it where Markov chains of the model are, until "
        "both look alike. Every picture has a probability, with no bound in between; but it needs the constant Z, a "
        "sum over all pictures, and samples need chains, which may miss a part of the data."
    ),
    formula=(
        r"\O{\mathbb{E}_{x} E(x) - \mathbb{E}_{\tilde{x} \sim p} E(\tilde{x})}, \quad "
        r"p(x) = \frac{e^{-E(x)}}{Z}, \quad E(x) = -b^\top x - \sum_j \log \left( 1 + e^{c_j + x^\top W_j} \right)"
    ),
)
def build(spec: Spec, h: Hparams):
    return RBM(spec, h), PersistentContrastiveDivergence(h.gibbs_steps, h.weight_decay)
