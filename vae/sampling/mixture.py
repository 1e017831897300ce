"""A Gaussian mixture fitted to latents after training, from which a model without a prior can generate.

Ghosh et al., 2020, From variational to deterministic autoencoders, section 4 (ex-post density estimation).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ..latent.neighbours import is_far, middle

COMPONENTS = 10


@dataclass(frozen=True)
class Mixture:
    """sum_k weights_k N(means_k, factors_k factors_k^T)."""

    weights: Float[np.ndarray, " k"]
    means: Float[np.ndarray, "k d"]
    factors: Float[np.ndarray, "k d d"]  # Cholesky factors of the covariances

    @classmethod
    def fit(cls, z: Float[np.ndarray, "n d"], *, seed: int = 0) -> Mixture:
        """Expectation-maximisation with full covariances, by scikit-learn's GaussianMixture, without the rows that lie
        more than 100 times as far out as the median row: one of them would widen every component."""
        from sklearn.mixture import GaussianMixture

        z = z[~is_far(z - middle(z))].astype(np.float64)
        centre, scale = z.mean(axis=0), float(np.sqrt(z.var(axis=0).mean()))
        k = max(1, min(COMPONENTS, len(z) // (2 * z.shape[1]), len(np.unique(z, axis=0))))
        scale = scale or 1.0
        gm = GaussianMixture(k, reg_covar=1e-4, random_state=seed, max_iter=200).fit((z - centre) / scale)
        factors = np.linalg.cholesky(gm.covariances_) * scale
        means = gm.means_ * scale + centre
        return cls(gm.weights_.astype(np.float32), means.astype(np.float32), factors.astype(np.float32))

    def sample(self, n: int, rng: np.random.Generator, temperature: float = 1.0) -> Float[np.ndarray, "n d"]:
        """n draws; temperature scales the standard deviation of every component."""
        weights = self.weights.astype(np.float64)
        k = rng.choice(len(weights), size=n, p=weights / weights.sum())
        e = rng.standard_normal((n, self.means.shape[1])).astype(np.float32)
        return self.means[k] + temperature * np.einsum("nij,nj->ni", self.factors[k], e)

    def state(self) -> dict[str, np.ndarray]:
        return {"weights": self.weights, "means": self.means, "factors": self.factors}

    @classmethod
    def from_state(cls, state: dict[str, np.ndarray]) -> Mixture:
        return cls(state["weights"], state["means"], state["factors"])
