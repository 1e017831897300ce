"""p(x|z) as normalised densities, in nats, and what can be read off them.

Each likelihood turns raw decoder outputs `raw` (b, outputs * c, ...) into a distribution of x (b, c, ...),
summed over everything but the batch. x is float in [0, 1].
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from .errors import UnknownName

LOG_2PI = math.log(2 * math.pi)


class Likelihood(nn.Module):
    """Abstract: outputs is the number of raw decoder channels for one channel of x."""

    outputs = 1

    def log_prob(self, raw: Float[Tensor, "b ..."], x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        """log p(x|z), nats per sample."""
        raise NotImplementedError

    def mean(self, raw: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """E[x|z]."""
        raise NotImplementedError

    def sample(self, raw: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        """One draw x ~ p(x|z) per sample, from torch's global generator."""
        raise NotImplementedError


class Bernoulli(Likelihood):
    """Binary pixels. A grey x is read as the chance that a pixel is 1, and log_prob is then the expectation
    of log p(b|z) over binarisations b ~ Bernoulli(x) (Burda et al., 2016, section 5, without its sampling noise)."""

    def log_prob(self, raw, x):
        return -F.binary_cross_entropy_with_logits(raw, x, reduction="none").flatten(1).sum(1)

    def mean(self, raw):
        return torch.sigmoid(raw)

    def sample(self, raw):
        return torch.bernoulli(self.mean(raw))


class ContinuousBernoulli(Likelihood):
    """A density on [0, 1] with the Bernoulli's shape and its missing normaliser.
    Loaiza-Ganem and Cunningham, 2019, equations 7-9. The mean is not the parameter lambda."""

    def _distribution(self, raw):
        return torch.distributions.ContinuousBernoulli(logits=raw.clamp(-30, 30), validate_args=False)

    def log_prob(self, raw, x):
        return self._distribution(raw).log_prob(x).flatten(1).sum(1)

    def mean(self, raw):
        return self._distribution(raw).mean

    def sample(self, raw):
        return self._distribution(raw).sample()


class Gaussian(Likelihood):
    """N(x; mean, sigma^2) with one sigma for all pixels: fixed, or learned with the model.

    A learned sigma settles at the root mean squared error, which weighs distortion and rate without a hand-set
    beta: sigma-VAE, Rybkin et al., 2021, equation 7.

    Args: sigma: fixed standard deviation in units of x, or None to learn it; bounded: squash the mean into (0, 1).
    """

    SMALLEST = 1e-3  # of the pixel range: below one grey level of 8 bits a density of pixels means nothing
    START = 0.1  # near where a learned sigma ends on pictures: from 1.0, Adam takes thousands of steps to get there

    def __init__(self, sigma: float | None = None, bounded: bool = True):
        super().__init__()
        self.bounded = bounded
        start = torch.tensor(math.log(self.START if sigma is None else sigma))
        if sigma is None:
            self.log_sigma = nn.Parameter(start)
        else:
            self.register_buffer("log_sigma", start)

    def sigma(self) -> Float[Tensor, ""]:
        return self.log_sigma.clamp(min=math.log(self.SMALLEST)).exp()

    def log_prob(self, raw, x):
        sigma = self.sigma()
        squares = (x - self.mean(raw)).square().flatten(1).sum(1)
        pixels = x[0].numel()
        return -0.5 * squares / sigma**2 - pixels * (sigma.log() + 0.5 * LOG_2PI)

    def mean(self, raw):
        return torch.sigmoid(raw) if self.bounded else raw

    def sample(self, raw):
        mean = self.mean(raw)
        return mean + self.sigma() * torch.randn_like(mean)


NAMES = ("bernoulli", "continuous_bernoulli", "gaussian")


def likelihood(name: str, *, sigma: float = 0.0, bounded: bool = True) -> Likelihood:
    """The likelihood of that name. sigma (gaussian only): its fixed standard deviation, 0 to learn it.

    Raises: UnknownName.
    """
    if name == "gaussian":
        return Gaussian(sigma or None, bounded)
    if name == "bernoulli":
        return Bernoulli()
    if name == "continuous_bernoulli":
        return ContinuousBernoulli()
    raise UnknownName("likelihood", name, NAMES)
