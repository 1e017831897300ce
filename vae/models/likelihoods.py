"""p(x|z) as normalised densities in nats, with their means and samples.

Each likelihood interprets the raw decoder outputs `raw` (b, outputs * c, ...) into a distribution of x (b, c, ...),
summed over all but the batch. x is a float in [0, 1], or any real number for an unbounded Gaussian.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import SettingError, UnknownName
from ..text import N_, _

LOG_2PI = math.log(2 * math.pi)


class Likelihood(nn.Module):
    """Abstract. outputs: number of raw decoder channels for one channel of x."""

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
    """Binary pixels. A grey x is interpreted as the probability that a pixel is 1, and log_prob is the expectation
    of log p(b|z) over binarisations b ~ Bernoulli(x) (Burda et al., 2016, section 5, without its sampling noise)."""

    measure = "binary"
    CHANCES = 100  # probabilities of at least 1/2, whose product does not underflow in float32

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
    """The Bernoulli's form as a normalised density on [0, 1].
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
        """By the inverse of the cumulative distribution function, log(1 + v (e^L - 1)) / L, mirrored for L > 0."""
        size = raw.abs().clamp(min=1e-4)  # below that, the sample equals v in float32
        v = torch.rand_like(raw)
        down = -torch.log1p(v * torch.expm1(-size)) / size  # a sample of the density that decreases with x
        return torch.where(raw < 0, down, 1 - down).clamp(0, 1)


class Gaussian(Likelihood):
    """N(x; mean, sigma^2) with one sigma for all pixels: fixed, or learned with the model.

    A learned sigma converges to the root mean squared error, which balances distortion and rate without a beta to
    tune: sigma-VAE, Rybkin et al., 2021, equation 7.

    Args: sigma: fixed standard deviation in units of x, or None to learn it; bounded: squash the mean into (0, 1).
    """

    SMALLEST = 1e-3  # of the pixel range: densities narrower than a grey level of 8 bits are meaningless
    START = 0.1  # close to the final value on pictures: from 1.0, Adam needs thousands of steps to get there
    START_UNBOUNDED = 0.5  # for standardised x: between a close fit and mostly noise

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


class ChannelGaussian(Likelihood):
    """N(x; raw, sigma_c^2) with a learned sigma for each channel c: sigma-VAE, Rybkin et al., 2021, equation 7, for one
    channel at a time, as a colour may vary less than the others.

    Nothing squashes the mean, so that a linear decoder can be exact; `mean` clips it to 0-1 where x is.
    """

    SMALLEST = Gaussian.SMALLEST

    def __init__(self, channels: int, sigma: float | None = None, bounded: bool = True):
        super().__init__()
        self.bounded = bounded
        start = sigma or (Gaussian.START if bounded else Gaussian.START_UNBOUNDED)
        filled = torch.full((channels,), math.log(start))
        if sigma is None:
            self.log_sigma = nn.Parameter(filled)
        else:
            self.register_buffer("log_sigma", filled)

    def sigma(self, like: Float[Tensor, "b c ..."]) -> Float[Tensor, "c ..."]:
        """Of every channel, to be multiplied with a batch of as many dimensions as `like`."""
        sigma = self.log_sigma.clamp(min=math.log(self.SMALLEST)).exp()
        return sigma.view(-1, *(1,) * (like.ndim - 2))

    def log_prob(self, raw, x):
        sigma = self.sigma(x)
        squares = ((raw - x) / sigma).square().flatten(1).sum(1)
        values = x[0].numel()
        return -0.5 * squares - values * (sigma.log().mean() + 0.5 * LOG_2PI)

    def mean(self, raw):
        return raw.clamp(0, 1) if self.bounded else raw

    def sample(self, raw):
        return raw + self.sigma(raw) * torch.randn_like(raw)


NAMES = ("bernoulli", "continuous_bernoulli", "gaussian", "channel_gaussian")
HELP = N_(  # of the setting `likelihood`
    "density p(x|z) of a sample given its code: gaussian for any values, channel_gaussian the same with a sigma for "
    "each channel, bernoulli for black and white, continuous_bernoulli for values from 0 to 1"
)
SIGMA = N_(  # of the setting `sigma`
    "standard deviation of a gaussian likelihood: a smaller one weights the distortion more relative to the rate; 0: "
    "learned"
)
UNBOUNDED = ("gaussian", "channel_gaussian")  # densities of any real x


def likelihood(name: str, *, sigma: float = 0.0, bounded: bool = True, channels: int = 1) -> Likelihood:
    """The likelihood of that name. sigma (of a Gaussian only): its fixed standard deviation; 0: learned. channels: of
    x, the first dimension of a sample.

    bounded: x is in 0-1; else it is any real, which needs a likelihood in UNBOUNDED.
    Raises: UnknownName. SettingError: sigma is too small, or the likelihood is no density of such x.
    """
    if name in NAMES and not (bounded or name in UNBOUNDED):
        known = ", ".join(UNBOUNDED)
        raise SettingError(
            _(
                "likelihood={name!r} is a density of values in 0-1; these may be any real number: expected {known}.",
                name=name,
                known=known,
            )
        )
    if name in UNBOUNDED:
        if 0 < sigma < Gaussian.SMALLEST:
            raise SettingError(
                _("sigma={sigma!r}: expected 0 (learned) or {smallest} to 10.", sigma=sigma, smallest=Gaussian.SMALLEST)
            )
        if name == "channel_gaussian":
            return ChannelGaussian(channels, sigma or None, bounded)
        return Gaussian(sigma or None, bounded)
    if name == "bernoulli":
        return Bernoulli()
    if name == "continuous_bernoulli":
        return ContinuousBernoulli()
    raise UnknownName(_("likelihood"), name, NAMES)
