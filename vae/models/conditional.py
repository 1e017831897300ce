"""Models that know labels: the label goes into the encoder, the decoder and, as a choice, the prior."""

from __future__ import annotations

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import SettingError
from ..losses.gaussian import kl_to_standard_normal, log_normal
from ..types import Latent, Loss, Spec
from .bottlenecks import Gaussian
from .bottlenecks.gaussian import mean_and_std
from .model import NetHparams, OneCode, density
from .nets import chosen

LOUD = 10  # times the weights of the label at the decoder's entrance, at the start


def one_hot(y: Tensor | None, classes: int, like: Float[Tensor, "b ..."]) -> Float[Tensor, "b c"]:
    """Labels (b,) as rows with a single 1; a row of zeros where the label is unknown: negative, or y is None."""
    if y is None:
        return like.new_zeros(len(like), classes)
    return (y[:, None] == torch.arange(classes, device=y.device)).to(like.dtype)


def entrance(decoder: nn.Module) -> nn.Linear:
    """The layer that reads (z, label): the first one of every layout's decoder."""
    return next(m for m in decoder.modules() if isinstance(m, nn.Linear))


class HideLabels(nn.Module):
    """Another objective that, while the model trains, sees each label with the chance 1 - share only, so that a model
    learns both with and without labels. In evaluation mode it sees all."""

    def __init__(self, objective: nn.Module, share: float):
        super().__init__()
        self.objective, self.share = objective, share

    def forward(self, model: nn.Module, x: Tensor, step: int, y: Tensor | None = None) -> Loss:
        if self.share and self.training and y is not None:
            y = torch.where(torch.rand(y.shape, device=y.device) < self.share, -1, y)
        return self.objective(model, x, step, y)


class LabelPrior(nn.Module):
    """p(z|y), a diagonal Gaussian for each label, and one more for those that are unknown. N(0, I) at the start.

    label: as one_hot gives it.
    """

    def __init__(self, classes: int, d: int):
        super().__init__()
        self.classes, self.head = classes, nn.Linear(classes, 2 * d)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, label: Float[Tensor, "b c"]) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b d"]]:
        """Mean and standard deviation."""
        return mean_and_std(self.head(label))

    def kl(self, q: Latent, label: Float[Tensor, "b c"]) -> Float[Tensor, "b d"]:
        """KL(q(z|x, y) || p(z|y)) of each dimension, nats: that to N(0, 1) in the prior's own units."""
        mu, std = self(label)
        return kl_to_standard_normal((q.mu - mu) / std, q.std / std)

    def place(self, noise: Float[Tensor, "b d"], y: Tensor | None) -> Float[Tensor, "b d"]:
        """Draws of N(0, I), wherever they are, as draws of p(z|y)."""
        noise = noise.to(self.head.weight.device)
        mu, std = self(one_hot(y, self.classes, noise))
        return mu + std * noise

    def log_prob(self, z: Float[Tensor, "b d"], label: Float[Tensor, "b c"]) -> Float[Tensor, " b"]:
        """log p(z|y), nats."""
        return log_normal(z, *self(label))


class ConditionalVAE(OneCode):
    """q(z|x, y), p(x|z, y) and p(z), or p(z|y) learned. Sohn et al., 2015, section 4; here y is given and x is made.

    The label, as one_hot gives it, stands beside the features of x before a hidden layer, and beside z before the
    decoder, where it starts LOUD: at the weights of one more dimension of z, the code learns the class before the
    decoder heeds the label, and keeps it. y: (b,) int64; unknown where negative, and everywhere if None.

    Raises: SettingError: if the data has no labels.
    """

    has_prior = True

    def __init__(self, spec: Spec, h: NetHparams, learned_prior: bool = False):
        super().__init__()
        if not spec.n_classes:
            raise SettingError("a conditional model needs labels: given a data set with 0 classes.")
        self.d, self.levels, self.classes = h.d, (h.d,), spec.n_classes
        self.likelihood = density(spec, h.likelihood, h.sigma)
        net = chosen(h.net, spec.modality)
        pair = net(tuple(spec.shape), self.likelihood.outputs, h.d + self.classes, h.width, h.depth)
        self.encoder, self.decoder = pair.encoder, pair.decoder
        with torch.no_grad():
            entrance(self.decoder).weight[:, h.d :] *= LOUD
        self.hidden = nn.Sequential(nn.Linear(pair.features + self.classes, pair.features), nn.SiLU())
        self.bottleneck = Gaussian(pair.features, h.d)
        self.label_prior = LabelPrior(self.classes, h.d) if learned_prior else None

    def infer(self, x: Float[Tensor, "b ..."], y: Tensor | None = None) -> Latent:
        return self.posterior(self.encoder(x), one_hot(y, self.classes, x))

    def posterior(self, features: Float[Tensor, "b f"], label: Float[Tensor, "b c"]) -> Latent:
        """q(z|x, y) from the features of x and the label as one_hot gives it."""
        q = self.bottleneck(self.hidden(torch.cat([features, label], 1)))
        if self.label_prior is None:
            return q
        kl = self.label_prior.kl(q, label)
        return replace(q, kl=[kl.sum(1)], kl_per_dim=kl)

    def params(self, z: Float[Tensor, "b d"], y: Tensor | None = None) -> Float[Tensor, "b ..."]:
        """Raw parameters of p(x|z, y), as the likelihood takes them."""
        return self.decoder(torch.cat([z, one_hot(y, self.classes, z)], 1))

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, y: Tensor | None = None
    ) -> Float[Tensor, "n d"]:
        """n draws z ~ p(z|y); the noise of a label's draws is the temperature wide."""
        z = self.bottleneck.sample_prior(n, generator, temperature)
        return z if self.label_prior is None else self.label_prior.place(z, y)

    def log_prior(self, z: Float[Tensor, "b d"], y: Tensor | None = None) -> Float[Tensor, " b"]:
        """log p(z|y), nats: a conditional model bounds log p(x|y)."""
        if self.label_prior is None:
            return self.bottleneck.log_prior(z)
        return self.label_prior.log_prob(z, one_hot(y, self.classes, z))
