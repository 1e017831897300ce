"""Conditional models: the condition is an input of encoder, decoder and, optionally, prior."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..losses.gaussian import kl_to_standard_normal, log_normal
from ..types import Latent, Loss, Spec
from .bottlenecks import Gaussian
from .bottlenecks.gaussian import mean_and_std
from .conditions import flat, shape_of
from .model import NetHparams, OneCode, density
from .nets import chosen

LOUD = 10  # factor on the initial weights of a condition of length 1, such as a label, in the decoder's first layer


def entrance(decoder: nn.Module) -> nn.Linear:
    """The layer whose input is (z, c): the first one of every decoder."""
    return next(m for m in decoder.modules() if isinstance(m, nn.Linear))


class HideConditions(nn.Module):
    """Wraps an objective: during training, a share of the conditions is replaced by zeros (unknown), so that the model
    learns to do with and without them. In evaluation mode nothing is hidden."""

    def __init__(self, objective: nn.Module, share: float):
        super().__init__()
        self.objective, self.share = objective, share

    def forward(self, model: nn.Module, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        if self.share and self.training and c is not None:
            hidden = torch.rand(len(c), device=c.device) < self.share
            c = torch.where(hidden.view(-1, *(1,) * (c.ndim - 1)), 0.0, c)
        return self.objective(model, x, step, c)


class ConditionPrior(nn.Module):
    """p(z|c), a diagonal Gaussian whose mean and log variance are linear in c: one for each label, and one more for
    unknown labels. Initially N(0, I). c: as rows."""

    def __init__(self, width: int, d: int):
        super().__init__()
        self.head = nn.Linear(width, 2 * d)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, c: Float[Tensor, "b w"]) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b d"]]:
        """Mean and standard deviation."""
        return mean_and_std(self.head(c))

    def kl(self, q: Latent, c: Float[Tensor, "b w"]) -> Float[Tensor, "b d"]:
        """KL(q(z|x, c) || p(z|c)) of each dimension, nats: the KL to N(0, 1) after standardising by the prior."""
        mu, std = self(c)
        return kl_to_standard_normal((q.mu - mu) / std, q.std / std)

    def place(self, noise: Float[Tensor, "b d"], c: Float[Tensor, "b w"]) -> Float[Tensor, "b d"]:
        """Transforms samples of N(0, I) to samples of p(z|c)."""
        mu, std = self(c)
        return mu + std * noise

    def log_prob(self, z: Float[Tensor, "b d"], c: Float[Tensor, "b w"]) -> Float[Tensor, " b"]:
        """log p(z|c), nats."""
        return log_normal(z, *self(c))


class ConditionalVAE(OneCode):
    """q(z|x, c), p(x|z, c) and p(z), or p(z|c) learned. Sohn et al., 2015; here c is given and x is generated.

    The condition, as one row of numbers, is concatenated with the features of x before a hidden layer, and with z
    before the decoder, where its initial weights are LOUD times those of z: with equal weights the code learns the
    class before the decoder uses the label, and keeps it. c: (b, *condition): a one-hot label, standardised numbers or
    a small picture; zeros where it is unknown, None if it is unknown for all.

    Raises: SettingError: the data have neither labels nor conditions.
    """

    has_prior = True

    def __init__(self, spec: Spec, h: NetHparams, learned_prior: bool = False):
        super().__init__()
        self.d, self.levels, self.condition = h.d, (h.d,), shape_of(spec)
        width = math.prod(self.condition)
        self.likelihood = density(spec, h.likelihood, h.sigma)
        net = chosen(h.net, spec.modality)
        pair = net(tuple(spec.shape), self.likelihood.outputs, h.d + width, h.width, h.depth)
        self.encoder, self.decoder = pair.encoder, pair.decoder
        with torch.no_grad():
            entrance(self.decoder).weight[:, h.d :] *= LOUD / math.sqrt(width if spec.condition else 1)
        self.hidden = nn.Sequential(nn.Linear(pair.features + width, pair.features), nn.SiLU())
        self.bottleneck = Gaussian(pair.features, h.d)
        self.label_prior = ConditionPrior(width, h.d) if learned_prior else None

    def infer(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Latent:
        return self.posterior(self.encoder(x), flat(c, self.condition, x))

    def posterior(self, features: Float[Tensor, "b f"], c: Float[Tensor, "b w"]) -> Latent:
        """q(z|x, c) from the features of x and the condition as rows."""
        q = self.bottleneck(self.hidden(torch.cat([features, c], 1)))
        if self.label_prior is None:
            return q
        kl = self.label_prior.kl(q, c)
        return replace(q, kl=[kl.sum(1)], kl_per_dim=kl)

    def params(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, "b ..."]:
        """Raw parameters of p(x|z, c), as the likelihood takes them."""
        return self.decoder(torch.cat([z, flat(c, self.condition, z)], 1))

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, c: Tensor | None = None
    ) -> Float[Tensor, "n d"]:
        """n samples z ~ p(z|c); temperature scales their standard deviation."""
        z = self.bottleneck.sample_prior(n, generator, temperature)
        if self.label_prior is None:
            return z
        z = z.to(self.label_prior.head.weight.device)
        return self.label_prior.place(z, flat(c, self.condition, z))

    def log_prior(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, " b"]:
        """log p(z|c), nats; a conditional model bounds log p(x|c)."""
        if self.label_prior is None:
            return self.bottleneck.log_prior(z)
        return self.label_prior.log_prob(z, flat(c, self.condition, z))
