"""q(z|x) together with p(z): what turns encoder features into a latent."""

from .deterministic import Deterministic, PriorMatched
from .gaussian import Gaussian

__all__ = ["Deterministic", "Gaussian", "PriorMatched"]
