"""A generative model in which an unknown label is a latent variable."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..losses.gaussian import log_normal
from ..types import Latent, Loss, Output, Spec
from .conditional import ConditionalVAE
from .conditions import one_hot
from .likelihoods import Likelihood
from .model import NetHparams

UNLIKELY = -1e9  # instead of -inf, which times a probability of 0 would be NaN


def keep_labels(y: np.ndarray, n: int, seed: int) -> np.ndarray:
    """y (rows,) with n labels kept, equally many per class as far as possible, and -1 for all others."""
    shuffled = np.random.default_rng(seed).permutation(len(y))
    rank = np.empty(len(y), np.int64)  # number of rows of the same class before it
    for c in np.unique(y):
        rows = shuffled[y[shuffled] == c]
        rank[rows] = np.arange(len(rows))
    kept = shuffled[np.argsort(rank[shuffled], kind="stable")[:n]]
    out = np.full_like(y, -1)
    out[kept] = y[kept]
    return out


class SemiSupervisedVAE(nn.Module):
    """p(y) uniform, p(z) = N(0, I), p(x|z, y); q(y|x), q(z|x, y). Model M2 of Kingma et al., 2014, sections 2.2, 2.3.

    If y is known, the bound is on log p(x, y); otherwise it is on log p(x), with the class marginalised out: a known
    label costs the log of the number of classes. The posterior of z is a mixture over classes, with one component if
    the label is known; context: log weights (b, classes), means and standard deviations (b, classes, d) of the
    components. c: (b, classes), one-hot if y is known, else zeros; None if all are unknown.

    Raises: SettingError: the data have no labels.
    """

    has_prior = True

    def __init__(self, spec: Spec, h: NetHparams):
        super().__init__()
        self.conditional = ConditionalVAE(replace(spec, condition=()), h)
        self.d, self.levels, self.classes = h.d, (h.d,), spec.n_classes
        self.condition = (self.classes,)
        features = self.conditional.bottleneck.head.in_features
        self.classifier = nn.Sequential(nn.Linear(features, features), nn.SiLU(), nn.Linear(features, self.classes))

    @property
    def likelihood(self) -> Likelihood:
        return self.conditional.likelihood

    def classify(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b c"]:
        """q(y|x)."""
        return self.classifier(self.conditional.encoder(x)).softmax(1)

    def posterior(self, x: Float[Tensor, "b ..."], c: Tensor | None) -> tuple[Latent, Float[Tensor, "b c"]]:
        """q(z|x, y), or sum_y q(y|x) q(z|x, y) if y is unknown, with its mean as z; and log q(y|x), nats."""
        features = self.conditional.encoder(x)
        log_q = self.classifier(features).log_softmax(1)
        b, classes = log_q.shape
        labels = torch.eye(classes, dtype=x.dtype, device=x.device).repeat(b, 1)
        each = self.conditional.posterior(features.repeat_interleave(classes, 0), labels)
        shape = (b, classes, self.d)
        mus, stds, kl_z = each.mu.view(shape), each.std.view(shape), each.kl[0].view(b, classes)
        log_w = log_q if c is None else torch.where(c.any(1, keepdim=True), c.log(), log_q)
        w = log_w.exp()
        kl = (w * (kl_z + log_w.clamp(min=UNLIKELY) + math.log(classes))).sum(1)  # KL(q(y, z|x) || p(y) p(z))
        mu = (w[..., None] * mus).sum(1)
        variance = (w[..., None] * (stds.square() + (mus - mu[:, None]).square())).sum(1)
        return Latent(mu, mu, variance.sqrt(), [kl], None, (log_w, mus, stds)), log_q

    def infer(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Latent:
        return _draw(self.posterior(x, c)[0])[0]

    def params(self, z: Float[Tensor, "b d"], c: Tensor) -> Float[Tensor, "b ..."]:
        """Raw parameters of p(x|z, y), as the likelihood takes them."""
        return self.conditional.params(z, c)

    def decode(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, "b ..."]:
        """E[x|z, y]; E[x|z], the mean over all classes, if c is None."""
        if c is not None:
            return self.conditional.decode(z, c)
        return torch.stack([self.conditional.decode(z, label) for label in self._labels(z)]).mean(0)

    def forward(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Output:
        """If y is unknown, params are those of a class sampled from q(y|x)."""
        latent, label = _draw(self.posterior(x, c)[0])
        return Output(self.conditional.params(latent.z, one_hot(label, self.classes)), latent)

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, c: Tensor | None = None
    ) -> Float[Tensor, "n d"]:
        return self.conditional.sample_prior(n, generator, temperature)

    def resample(self, q: Latent, k: int) -> Latent:
        log_w, mus, stds = q.context
        context = (log_w.repeat(k, 1), mus.repeat(k, 1, 1), stds.repeat(k, 1, 1))
        return _draw(Latent(None, q.mu.repeat(k, 1), q.std.repeat(k, 1), context=context))[0]

    def log_joint(
        self, x: Float[Tensor, "b ..."], z: Float[Tensor, "b d"], c: Tensor | None = None
    ) -> Float[Tensor, " b"]:
        """log p(x, y, z), nats; log p(x, z), the sum over all classes, if c is None."""
        if c is not None:
            return self.conditional.log_joint(x, z, c) - math.log(self.classes)
        each = torch.stack([self.conditional.log_joint(x, z, label) for label in self._labels(z)])
        return each.logsumexp(0) - math.log(self.classes)

    def log_posterior(self, z: Float[Tensor, "b d"], q: Latent) -> Float[Tensor, " b"]:
        log_w, mus, stds = q.context
        return (log_w + log_normal(z[:, None], mus, stds)).logsumexp(1)

    def map_view(self) -> Tensor | None:
        return None

    def _labels(self, z: Tensor) -> Tensor:
        """(classes, b, classes): every label for all rows of z."""
        return torch.eye(self.classes, dtype=z.dtype, device=z.device)[:, None].expand(-1, len(z), -1)


def _draw(q: Latent) -> tuple[Latent, Tensor]:
    """q with z sampled from its mixture, and the component (b,) of each z."""
    log_w, mus, stds = q.context
    noise = torch.randn_like(q.mu)
    below = log_w.exp().cumsum(1) < torch.rand(len(noise), 1, device=noise.device)
    label = below.sum(1).clamp(max=log_w.shape[1] - 1)
    rows = torch.arange(len(label), device=label.device)
    z = mus[rows, label] + stds[rows, label] * noise
    return Latent(z, q.mu, q.std, q.kl, q.kl_per_dim, q.context), label


class SemiSupervisedBound(nn.Module):
    """The batch mean of -bound, plus alpha times the mean of -log q(y|x) over the labelled samples, nats.

    The bound is Kingma et al., 2014, equation 6 if the label is known and equation 7 if not, for which every class is
    decoded. alpha is relative to the size of the training set, as in the paper; the loss is equation 9 divided by that
    size. labelled: share of the training set that has a label, from which the share in a batch may differ.

    parts: classification is summed over the labelled samples and divided by their expected number.
    """

    def __init__(self, alpha: float, labelled: float):
        super().__init__()
        self.alpha, self.labelled = alpha, labelled

    def forward(self, model: SemiSupervisedVAE, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        q, log_q = model.posterior(x, c)
        log_w, mus, stds = q.context
        b, classes = log_w.shape
        z = (mus + stds * torch.randn_like(q.mu)[:, None]).flatten(0, 1)  # the same noise for all classes of a sample
        params = model.params(z, torch.eye(classes, dtype=z.dtype, device=z.device).repeat(b, 1))
        distortions = -model.likelihood.log_prob(params, x.repeat_interleave(classes, 0)).view(b, classes)
        distortion, rate = (log_w.exp() * distortions).sum(1), q.kl[0]
        parts = {"distortion": distortion, "rate": rate, "elbo": -(distortion + rate)}
        if c is not None and self.labelled:
            chosen = log_q.gather(1, c.argmax(1, keepdim=True))[:, 0]
            parts["classification"] = torch.where(c.any(1), -chosen, 0.0) / self.labelled
        total = (distortion + rate).mean() + self.alpha * parts.get("classification", x.new_zeros(())).mean()
        return Loss(total, {name: value.detach() for name, value in parts.items()})
