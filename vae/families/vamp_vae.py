"""A VAE whose prior is a mixture of its own posteriors at learned pseudo-inputs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..losses.gaussian import log_normal
from ..losses.model import Model
from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.bottlenecks import Gaussian
from ..models.bottlenecks.gaussian import mean_and_std
from ..models.likelihoods import Likelihood
from ..models.model import VAE, NetHparams, OneCode, RateHparams
from ..registry import MODALITIES, family
from ..settings import knob
from ..text import N_
from ..types import Latent, Spec

Moments = tuple[Float[Tensor, "k d"], Float[Tensor, "k d"]]


@dataclass(frozen=True)
class Hparams(RateHparams):
    n_pseudo: int = knob(100, "learned pseudo-inputs whose posteriors form the prior", low=1, high=10_000, log=True)


class VampVAE(OneCode):
    """p(z) = 1/K sum_k q(z|u_k), with K learned pseudo-inputs u_k of the shape and range of x.

    The rate is a one-sample estimate, log q(z|x) - log p(z) at the decoded z: unbiased, may be negative; nats.
    Tomczak and Welling, 2018, equation 9.
    """

    has_prior = True

    def __init__(self, spec: Spec, h: NetHparams, n_pseudo: int):
        super().__init__()
        self.vae = VAE(spec, h, Gaussian)
        self.d, self.levels = h.d, (h.d,)
        self.bounded = MODALITIES.get(spec.modality).bounded
        self.pseudo_logits = nn.Parameter(torch.randn(n_pseudo, *spec.shape))
        self._cached: tuple[list, Moments] | None = None

    @property
    def likelihood(self) -> Likelihood:  # type: ignore[override]  # an attribute elsewhere, here that of the inner VAE
        return self.vae.likelihood

    @property
    def bottleneck(self) -> Model:  # type: ignore[override]
        return self.vae.bottleneck

    def pseudo_inputs(self) -> Float[Tensor, "k ..."]:
        """The pseudo-inputs, (k, *shape), in 0-1 if samples are."""
        return torch.sigmoid(self.pseudo_logits) if self.bounded else self.pseudo_logits

    def components(self) -> Moments:
        """mu and std of q(z|u_k) of every pseudo-input, (k, d) each. In eval mode without gradients they are cached
        until a parameter changes: encoding them would take most of a convolutional encoder's time."""
        if self.training or torch.is_grad_enabled():
            return self._components()
        parameters = (self.pseudo_logits, *self.vae.encoder.parameters(), *self.vae.bottleneck.parameters())
        state = [(p.data_ptr(), p._version) for p in parameters]
        cached = self._cached  # read once: another thread may replace it
        if cached is None or cached[0] != state:
            cached = self._cached = (state, self._components())
        return cached[1]

    def _components(self) -> Moments:
        return mean_and_std(self.vae.bottleneck.head(self.vae.encoder(self.pseudo_inputs())))

    def train(self, mode: bool = True) -> VampVAE:
        self._cached = None  # a fused optimiser changes parameters without raising their version
        return super().train(mode)

    def log_prior(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, " b"]:
        """log p(z), nats; gradients reach the pseudo-inputs and the encoder."""
        mu, std = self.components()
        return log_normal(z[:, None], mu, std).logsumexp(1) - math.log(len(mu))

    def infer(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Latent:
        q = self.vae.infer(x)
        return replace(q, kl=[self.vae.log_posterior(q.z, q) - self.log_prior(q.z)], kl_per_dim=None)

    def params(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, "b ..."]:
        """Raw parameters of p(x|z), as the likelihood takes them."""
        return self.vae.params(z)

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, c: Tensor | None = None
    ) -> Float[Tensor, "n d"]:
        """n samples of the mixture; temperature scales each component's standard deviation."""
        mu, std = self.components()
        k = torch.randint(len(mu), (n,), generator=generator).to(mu.device)
        noise = torch.randn(n, self.d, generator=generator).to(mu.device)
        return mu[k] + temperature * std[k] * noise


@family(
    name="vamp_vae",
    title=N_("VAE with a VampPrior"),
    summary=N_("a prior that is a mixture of the posteriors of learned pseudo-inputs"),
    paper="Tomczak and Welling, 2018, VAE with a VampPrior",
    departures=(
        N_("There are 100 pseudo-inputs, not 500."),
        N_("The rate is not warmed up unless `warmup` is set; in the paper it is, for 100 epochs."),
    ),
    hparams=Hparams,
    idea=N_(
        "A standard normal prior pulls all codes towards one point. The VampPrior is instead a mixture of "
        "the model's own posteriors at a few learned pseudo-inputs, which end up as blurred prototypes of "
        "the data. The same code costs a smaller rate, and samples from the prior lie where the data are "
        "encoded. The price is that every step encodes the pseudo-inputs as well."
    ),
    formula=(
        r"\D{-\mathbb{E}_{q(z \mid x)} \log p(x \mid z)} + \R{\mathbb{E}_{q(z \mid x)} \left[ \log q(z \mid x) - "
        r"\log \frac{1}{K} \sum_{k=1}^{K} q(z \mid u_k) \right]}"
    ),
)
def build(spec: Spec, h: Hparams):
    return VampVAE(spec, h, h.n_pseudo), Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps))
