"""p(x|z) as normalised densities, in nats, and what can be read off them.

Each likelihood turns raw decoder outputs `raw` (b, outputs * c, ...) into a distribution of x (b, c, ...),
summed over everything but the batch. x is float in [0, 1]; for a Gaussian that is not bounded, any real.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import SettingError, UnknownName

LOG_2PI = math.log(2 * math.pi)


class Likelihood(nn.Module):
    """Abstract: outputs is the number of raw decoder channels for one channel of x."""

    outputs = 1
    measure = "density"  # of x on 0-1; "levels": a probability of its 256 levels; "binary": of pixels 0 and 1

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

    measure = "binary"
    CHANCES = 100  # of 1/2 and more, whose product is far from where float32 ends

    def log_prob(self, raw, x):
        if raw.requires_grad:
            return -F.binary_cross_entropy_with_logits(raw, x, reduction="none").flatten(1).sum(1)
        # log sigma(L) = min(L, 0) + log sigma(|L|), and one logarithm serves a product of many: half the time
        logits = raw.flatten(1)
        products = [part.prod(1) for part in torch.sigmoid(logits.abs()).split(self.CHANCES, 1)]
        return torch.stack(products).log_().sum(0) - logits.relu().addcmul_(logits, x.flatten(1), value=-1).sum(1)

    def mean(self, raw):
        return torch.sigmoid(raw)

    def sample(self, raw):
        return torch.bernoulli(self.mean(raw))


class ContinuousBernoulli(Likelihood):
    """A density on [0, 1] with the Bernoulli's shape and its missing normaliser.
    Loaiza-Ganem and Cunningham, 2019, equations 7-9. The mean is not the parameter lambda.

    In the logit L of lambda the density is exp(L x) L / (e^L - 1), which neither cancels near lambda = 1/2 nor
    saturates at 0 and 1, as the paper's form in lambda (and torch.distributions) does in float32.
    """

    SMALL = 0.1  # |L/2| below which the series is exact in float32: its next term is under 1e-9

    def log_prob(self, raw, x):
        half = 0.5 * raw
        near = half.abs() < self.SMALL
        u = torch.where(near, 1.0, half.abs())  # a safe value where the series is taken: gradients see both branches
        far = u + torch.log1p(-torch.exp(-2 * u)) - torch.log(2 * u)  # log sinh(u)/u
        square = torch.where(near, half, 0.0).square()
        log_normaliser = torch.where(near, square / 6 - square.square() / 180, far)
        return (2 * half * (x - 0.5) - log_normaliser).flatten(1).sum(1)

    def mean(self, raw):
        half = 0.5 * raw
        near = half.abs() < self.SMALL
        u = torch.where(near, 1.0, half)
        return 0.5 + 0.5 * torch.where(near, half / 3 - half**3 / 45 + 2 * half**5 / 945, 1 / torch.tanh(u) - 1 / u)

    def sample(self, raw):
        """By the inverse of the distribution function, log(1 + v (e^L - 1)) / L, mirrored for L > 0."""
        size = raw.abs().clamp(min=1e-4)  # flatter than that, the draw equals v in float32
        v = torch.rand_like(raw)
        down = -torch.log1p(v * torch.expm1(-size)) / size  # a draw of the density that falls with x
        return torch.where(raw < 0, down, 1 - down).clamp(0, 1)


class Gaussian(Likelihood):
    """N(x; mean, sigma^2) with one sigma for all pixels: fixed, or learned with the model.

    A learned sigma settles at the root mean squared error, which weighs distortion and rate without a hand-set
    beta: sigma-VAE, Rybkin et al., 2021, equation 7.

    Args: sigma: fixed standard deviation in units of x, or None to learn it; bounded: squash the mean into (0, 1).
    """

    SMALLEST = 1e-3  # of the pixel range: below one grey level of 8 bits a density of pixels means nothing
    START = 0.1  # near where a learned sigma ends on pictures: from 1.0, Adam takes thousands of steps to get there
    START_UNBOUNDED = 0.5  # where x is standardised: between what is followed closely and what is mostly noise

    def __init__(self, sigma: float | None = None, bounded: bool = True):
        super().__init__()
        self.bounded = bounded
        start = torch.tensor(math.log(sigma or (self.START if bounded else self.START_UNBOUNDED)))
        if sigma is None:
            self.log_sigma = nn.Parameter(start)
        else:
            self.register_buffer("log_sigma", start)

    def sigma(self) -> Float[Tensor, ""]:
        return self.log_sigma.clamp(min=math.log(self.SMALLEST)).exp()

    def log_prob(self, raw, x):
        sigma = self.sigma()
        squares = F.mse_loss(self.mean(raw), x, reduction="none").flatten(1).sum(1)
        pixels = x[0].numel()
        return -0.5 * squares / sigma**2 - pixels * (sigma.log() + 0.5 * LOG_2PI)

    def mean(self, raw):
        return torch.sigmoid(raw) if self.bounded else raw

    def sample(self, raw):
        mean = self.mean(raw)
        return mean + self.sigma() * torch.randn_like(mean)


NAMES = ("bernoulli", "continuous_bernoulli", "gaussian")
HELP = (  # of the settings `likelihood` and `sigma`
    "what p(x|z) is, the density of a sample around what its code is decoded to: gaussian for any values, bernoulli "
    "for black and white, continuous_bernoulli for values from 0 to 1"
)
SIGMA = (
    "how far values may lie from what is decoded, as the standard deviation of the gaussian likelihood: a smaller one "
    "weighs the distortion more against the rate; 0 learns it"
)
UNBOUNDED = ("gaussian",)  # those that are densities of any real x


def likelihood(name: str, *, sigma: float = 0.0, bounded: bool = True) -> Likelihood:
    """The likelihood of that name. sigma (gaussian only): its fixed standard deviation, 0 to learn it.

    bounded: x lies in 0-1; else it is any real, which only the likelihoods in UNBOUNDED are densities of.
    Raises: UnknownName. SettingError: a sigma below the smallest that means something, or no density of such x.
    """
    if name in NAMES and not (bounded or name in UNBOUNDED):
        known = " or ".join(UNBOUNDED)
        raise SettingError(f"likelihood={name!r} is a density of values in 0-1; these may be any: expected {known}.")
    if name == "gaussian":
        if 0 < sigma < Gaussian.SMALLEST:
            raise SettingError(f"sigma={sigma!r}: expected 0, to learn it, or {Gaussian.SMALLEST} to 10.")
        return Gaussian(sigma or None, bounded)
    if name == "bernoulli":
        return Bernoulli()
    if name == "continuous_bernoulli":
        return ContinuousBernoulli()
    raise UnknownName("likelihood", name, NAMES)
