"""encoder -> bottleneck -> decoder, and the protocol that every family follows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..data.principal import Components
from ..losses.model import Model
from ..losses.schedules import WARMUP, WARMUP_STEPS
from ..registry import MODALITIES
from ..settings import knob
from ..text import N_
from ..types import Latent, Output, Spec
from .likelihoods import HELP as LIKELIHOOD
from .likelihoods import NAMES as LIKELIHOODS
from .likelihoods import SIGMA, ChannelGaussian, Likelihood, likelihood
from .nets import NETS, chosen, principal


@runtime_checkable  # so that the tests check annotations with it
class LatentModel(Protocol):
    """What training, engine and metrics need of a model; z is always (b, d), c (b, *condition), float, or None:
    unknown.

    condition: shape of the model's condition: (classes,) for a one-hot label, which is zeros if unknown; () for a model
    without a condition, which ignores c. levels: widths of the levels of z from the top, d in all; one for most models.
    has_prior: p(z) can be sampled. resample, log_joint and log_posterior are called only for models with a rate
    (`Latent.kl` is not empty).
    """

    likelihood: Likelihood
    d: int
    has_prior: bool
    levels: tuple[int, ...]
    condition: tuple[int, ...]

    def __call__(self, x: Tensor, c: Tensor | None = None) -> Output: ...

    def eval(self) -> Any: ...

    def infer(self, x: Tensor, c: Tensor | None = None) -> Latent: ...

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """E[x|z], (b, *shape)."""
        ...

    def forward(self, x: Tensor, c: Tensor | None = None) -> Output: ...

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, c: Tensor | None = None
    ) -> Tensor:
        """n samples z ~ p(z), or p(z|c), (n, d); generator: on the CPU, so that all devices give the same."""
        ...

    def resample(self, q: Latent, k: int) -> Latent:
        """k new samples for every row of q, (k b, d), all rows of the first sample first; x is not encoded again."""
        ...

    def log_joint(self, x: Tensor, z: Tensor, c: Tensor | None = None) -> Tensor:
        """log p(x|z) + log p(z), nats, (b,)."""
        ...

    def log_posterior(self, z: Tensor, q: Latent) -> Tensor:
        """log q(z|x), nats, (b,); gradients reach the encoder through q alone."""
        ...

    def map_view(self) -> Tensor | None:
        """(d, m): the map shows z @ map_view(); None: z itself."""
        ...


NET = N_(
    "nets of encoder and decoder; auto: conv2d for grids (pictures), conv1d for lines (series), else mlp. pca_mlp "
    "and pca_conv2d: the same beside linear layers, which with likelihood=channel_gaussian start as the principal "
    "components of the data; pca_refine and pca_mlp_refine: these linear layers, without and with an mlp, and "
    "convolutions that refine the decoded picture"
)
DEPTH = N_("number of times convolutions halve the sides of a sample, or of hidden layers of an mlp; 0: chosen by size")


@dataclass(frozen=True)
class NetHparams:
    """Settings shared by all families with one encoder and one decoder."""

    d: int = knob(16, "number of latent dimensions", low=1, high=4096, term="latent-dimensions")
    net: str = knob("auto", NET, choices=NETS)
    width: int = knob(32, "channels of the first convolution, or units per hidden layer of an mlp", low=1, high=8192)
    depth: int = knob(0, DEPTH, low=0, high=12)
    likelihood: str = knob("gaussian", LIKELIHOOD, choices=LIKELIHOODS, term="likelihood")
    sigma: float = knob(0.0, SIGMA, low=0.0, high=10.0, term="likelihood")


@dataclass(frozen=True)
class RateHparams(NetHparams):
    """Settings of families with a rate."""

    warmup: str = knob("none", WARMUP, choices=("none", "linear", "cyclical"), term="warm-up")
    warmup_steps: int = knob(1000, WARMUP_STEPS, low=1, high=10_000_000)


def density(spec: Spec, name: str, sigma: float) -> Likelihood:
    """p(x|z) for samples of the spec's modality. Raises: SettingError: the likelihood does not fit such values."""
    channels = spec.shape[0]
    return likelihood(name, sigma=sigma, bounded=MODALITIES.get(spec.modality).bounded, channels=channels)


class OneCode(nn.Module):
    """Abstract: a model with one `bottleneck`, which samples its code.

    A subclass defines infer(x, c) and params(z, c), the raw parameters of p(x|z) as `likelihood` takes them, and
    log_prior if the prior is not the bottleneck's. It has no state between calls.
    """

    likelihood: Likelihood
    bottleneck: Model
    infer: Callable[..., Latent]
    params: Callable[..., Tensor]
    condition: tuple[int, ...] = ()

    def decode(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, "b ..."]:
        """E[x|z], or E[x|z, c]."""
        return self.likelihood.mean(self.params(z, c))

    def forward(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Output:
        latent = self.infer(x, c)
        return Output(self.params(latent.z, c), latent)

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, c: Tensor | None = None
    ) -> Float[Tensor, "n d"]:
        return self.bottleneck.sample_prior(n, generator, temperature)

    def resample(self, q: Latent, k: int) -> Latent:
        return self.bottleneck.resample(q, k)

    def log_prior(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, " b"]:
        """log p(z), or log p(z|c), nats."""
        return self.bottleneck.log_prior(z)

    def log_joint(
        self, x: Float[Tensor, "b ..."], z: Float[Tensor, "b d"], c: Tensor | None = None
    ) -> Float[Tensor, " b"]:
        """log p(x|z) + log p(z), nats; or with p(x|z, c) and p(z|c)."""
        return self.likelihood.log_prob(self.params(z, c), x) + self.log_prior(z, c)

    def log_posterior(self, z: Float[Tensor, "b d"], q: Latent) -> Float[Tensor, " b"]:
        return self.bottleneck.log_posterior(z, q)

    def map_view(self) -> Tensor | None:
        return None


class VAE(OneCode):
    """One encoder, one bottleneck, one decoder."""

    def __init__(self, spec: Spec, h: NetHparams, bottleneck: type[Model]):
        super().__init__()
        self.d, self.levels, self.shape = h.d, (h.d,), tuple(spec.shape)
        self.likelihood = density(spec, h.likelihood, h.sigma)
        pair = chosen(h.net, spec.modality)(self.shape, self.likelihood.outputs, h.d, h.width, h.depth)
        self.encoder, self.decoder = pair.encoder, pair.decoder
        self.bottleneck = bottleneck(pair.features, h.d)
        self.has_prior = bottleneck.has_prior

    @property
    def starts_as_pca(self) -> bool:
        """Whether `start` makes it PCA: its net has linear layers, and its likelihood does not bend their sum."""
        return isinstance(self.decoder, principal.Decoder) and isinstance(self.likelihood, ChannelGaussian)

    def start(self, found: Components) -> None:
        """Be the principal components of the data, with the standard deviation that they leave as sigma."""
        assert isinstance(self.encoder, principal.Encoder)
        assert isinstance(self.decoder, principal.Decoder)
        principal.start((self.encoder, self.decoder), self.bottleneck.head, found)
        if isinstance(log_sigma := self.likelihood.log_sigma, nn.Parameter):
            left = torch.from_numpy(found.rest).view(self.shape[0], -1).mean(1)
            log_sigma.data.copy_(0.5 * left.clamp(min=ChannelGaussian.SMALLEST**2).log())

    def infer(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Latent:
        return self.bottleneck(self.encoder(x))

    def params(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, "b ..."]:
        """Raw parameters of p(x|z), as the likelihood takes them."""
        return self.decoder(z)
