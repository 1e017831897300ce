"""Bottlenecks: q(z|x) computed from encoder features, together with p(z)."""

from .deterministic import Deterministic, PriorMatched
from .gaussian import Gaussian

__all__ = ["Deterministic", "Gaussian", "PriorMatched"]
