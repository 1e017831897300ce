"""A VAE whose prior is energy-based: a standard normal density, tilted by a small net."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..losses import terms
from ..losses.model import Model
from ..losses.objectives import weigh
from ..losses.schedules import Schedule, warmup
from ..models.bottlenecks import Gaussian
from ..models.energy_prior import TRAININGS, EnergyPrior
from ..models.model import VAE, RateHparams
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Latent, Loss, Spec


@dataclass(frozen=True)
class Hparams(RateHparams):
    prior_training: str = knob(
        "chains",
        "how the energy of the prior is trained: chains, by persistent Markov chains; nce, to tell codes from N(0, I); "
        "score, by denoising score matching",
        choices=TRAININGS,
        term="energy-based-prior",
    )
    energy_width: int = knob(128, "units in each of the two hidden layers of the energy", low=1, high=8192)
    prior_chains: int = knob(
        256, "persistent chains, which the model keeps, for prior_training=chains", low=2, high=10_000
    )
    prior_steps: int = knob(
        10, "MALA steps of the persistent chains in each training step, for prior_training=chains", low=1, high=1000
    )
    draw_steps: int = knob(100, "HMC steps from N(0, I) to a sample of the prior", low=2, high=100_000)


class EnergyPriorVAE(VAE):
    """p(z) = exp(f(z)) N(z; 0, I) / Z, see vae.models.energy_prior. Pang et al., 2020.

    The rate is KL(q(z|x) || N(0, I)) - f(z) + log Z at the decoded z: unbiased, may be negative; nats. In evaluation
    log Z is an estimate, whose standard error `prior.log_z()` has and no bound contains; in training it is left out.
    """

    def __init__(self, spec: Spec, h: Hparams):
        super().__init__(spec, h, Gaussian)
        self.prior = EnergyPrior(
            h.d, h.energy_width, n_chains=h.prior_chains, steps=h.prior_steps, training=h.prior_training
        )
        self.draw_steps = h.draw_steps

    def infer(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Latent:
        q = super().infer(x)
        return replace(q, kl=[q.kl[0] - self.prior.tilt(q.z)], kl_per_dim=None)

    def log_prior(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, " b"]:
        """log p(z), nats; in training log p(z) + log Z."""
        return self.prior.log_prob(z)

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, c: Tensor | None = None
    ) -> Float[Tensor, "n d"]:
        """States of n Markov chains, `draw_steps` from N(0, I); temperature: of p^(1/T)."""
        return self.prior.sample(n, generator, self.draw_steps, temperature)


class TiltedPrior(nn.Module):
    """Distortion + beta * rate, for encoder and decoder, + the loss of the prior, for f alone.

    The rate is up to log Z, on which encoder and decoder have no influence. In training there is no ELBO to report, as
    log Z is not known; in evaluation there is.
    """

    def __init__(self, beta: Schedule):
        super().__init__()
        self.beta = beta

    def forward(self, model: Model, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        output = model(x, c)
        distortion, rate = terms.distortion(model, output, x), terms.rate(model, output, x)
        loss = weigh(output, {"distortion": (distortion, 1.0), "rate": (rate, self.beta(step))})
        parts = loss.parts
        if model.training:
            parts = {"distortion": parts["distortion"], "rate_up_to_log_z": parts["rate"]}
        learning = model.prior.loss(output.latent.z)
        return Loss(loss.total + learning, parts, figures={"prior_loss": learning.detach()})


@family(
    name="energy_prior_vae",
    title=N_("VAE with an energy-based prior"),
    summary=N_("a prior that is a standard normal density, tilted by a small net"),
    paper=(
        "Pang et al., 2020, Learning latent space energy-based prior model; Aneja et al., 2021, A contrastive learning "
        "approach for training variational autoencoder priors"
    ),
    departures=(
        N_(
            "In Pang et al. chains infer the codes and short chains from N(0, I) train the prior; here an encoder "
            "infers them, and chains are persistent or not used."
        ),
        N_(
            "In Aneja et al. the prior is trained after the VAE and sampled by resampling; here both are trained "
            "together, and samples are states of Markov chains."
        ),
        N_("log Z is estimated by annealed importance sampling, also where training has an estimate of its own."),
    ),
    hparams=Hparams,
    traits=("chains",),
    other=N_("loss of the prior"),
    idea=N_(
        "A standard normal prior has holes, where no data are encoded. Here a small net f learns from the codes of the "
        "data which of them are likelier than under that prior, and which less likely. The same code costs a smaller "
        "rate, and samples lie where the data are encoded. The price is a constant log Z, which only annealing can "
        "estimate, and samples that need Markov chains."
    ),
    formula=(
        r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)} + "
        r"\O{L(f)}, \quad p(z) = \frac{e^{f(z)} \, \mathcal{N}(z; 0, I)}{Z}"
    ),
)
def build(spec: Spec, h: Hparams):
    return EnergyPriorVAE(spec, h), TiltedPrior(warmup(h.warmup, 1.0, h.warmup_steps))
