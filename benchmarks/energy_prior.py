"""python -m benchmarks.energy_prior [NAME] [--n N] [--k K] [--seeds S]: energy-based priors on the codes of a model.

Of a checkpoint whose prior is N(0, I): priors trained on the codes of the samples of its map alone, encoder and decoder
as they are, and its Gaussian mixture of the same codes. Of the test set, what each prior gains over N(0, I) in ELBO,
log p(z) at one draw of q(z|x), and in NLL, by K importance samples of N samples, the same for all priors. Frechet
distance of decoded draws. log Z by annealing, also for nce, whose own constant says 0.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.machine import machine, write
from vae.engine.engine import load
from vae.losses.gaussian import log_normal
from vae.metrics.features import feature_space
from vae.metrics.sample import frechet_distance, jackknife_error
from vae.metrics.subject import Subject
from vae.models.energy_prior import EnergyPrior
from vae.models.tensors import to_float
from vae.sampling.annealing import effective, lower
from vae.sampling.mixture import Mixture

BATCH, LR, WIDTH, CHAINS, STEPS, DRAWS = 256, 2e-3, 128, 256, 10, 100
GENERATED = 2000
TRAINED = {"chains": 2000, "score": 2000, "nce": 2000, "nce, longer": 8000}  # updates


@dataclass(frozen=True)
class Prior:
    """log_prob and samples of a density on latents; told: what else there is to say of it."""

    log_prob: Callable[[Tensor], Tensor]
    draw: Callable[[int], Tensor]
    cpu_s: float
    told: dict[str, Any]


@dataclass(frozen=True)
class Codes:
    """mu and std of q(z|x), of the samples of the map and of the test set."""

    mu: Tensor
    std: Tensor
    test_mu: Tensor
    test_std: Tensor

    def batch(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        rows = torch.randint(len(self.mu), (n,), generator=generator)
        return self.mu[rows] + self.std[rows] * torch.randn(n, self.mu.shape[1], generator=generator)


def trained(codes: Codes, what: str, seed: int) -> Prior:
    """By Adam, with a rate that falls to 0 linearly."""
    torch.manual_seed(seed)
    began, updates = time.process_time(), TRAINED[what]
    prior = EnergyPrior(codes.mu.shape[1], WIDTH, n_chains=CHAINS, steps=STEPS, training=what.split(",")[0])
    optimiser = torch.optim.Adam(prior.parameters(), LR)
    falling = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 1 / updates, updates)
    for _ in range(updates):
        optimiser.zero_grad()
        prior.loss(codes.batch(BATCH)).backward()
        optimiser.step()
        falling.step()
    cpu_s = time.process_time() - began
    found = prior.eval().log_z()
    assert found is not None
    told = {"log_z": round(found.value, 3), "log_z_se": round(found.standard_error, 3), "ess": round(found.ess)}
    generator = torch.Generator().manual_seed(seed)
    return Prior(prior.log_prob, lambda n: prior.sample(n, generator, DRAWS), cpu_s, told)


def mixture(codes: Codes, seed: int) -> Prior:
    """That which is kept with models, fitted to as many draws as there are codes."""
    began = time.process_time()
    g = torch.Generator().manual_seed(seed)
    fitted = Mixture.fit(codes.batch(len(codes.mu), g).numpy(), seed=seed)
    parts = torch.distributions.MultivariateNormal(torch.from_numpy(fitted.means),
                                                   scale_tril=torch.from_numpy(fitted.factors))  # fmt: skip
    weights = torch.distributions.Categorical(torch.from_numpy(fitted.weights))
    density = torch.distributions.MixtureSameFamily(weights, parts)
    rng = np.random.default_rng(seed)
    draw = lambda n: torch.from_numpy(fitted.sample(n, rng)).float()  # noqa: E731
    return Prior(density.log_prob, draw, time.process_time() - began, {})


def standard(z: Tensor) -> Tensor:
    return log_normal(z, z.new_zeros(z.shape[1]), z.new_ones(z.shape[1]))


@torch.inference_mode()
def importance(s: Subject, codes: Codes, n: int, k: int) -> tuple[Tensor, list[Tensor]]:
    """(log p(x|z) - log q(z|x), (k, n); the k draws z of q(z|x)) of n test samples drawn by seed 0: for any prior."""
    rows = torch.from_numpy(np.sort(np.random.default_rng(0).permutation(len(s.x_test))[:n]))
    x, mu, std = to_float(s.x_test[rows]), codes.test_mu[rows], codes.test_std[rows]
    generator, weights, draws = torch.Generator().manual_seed(0), [], []
    for _ in range(k):
        z = mu + std * torch.randn(mu.shape, generator=generator)
        weights.append(s.model.likelihood.log_prob(s.model.params(z), x) - log_normal(z, mu, std))
        draws.append(z)
    return torch.stack(weights).double(), draws


def rows(name: str, n: int, k: int, seeds: int) -> Iterator[dict[str, Any]]:
    """A row for each prior and seed, printed as it is finished."""
    s = Subject.of(load(name))
    s.model.requires_grad_(False)
    atlas, (mu, std, _kl) = s.engine.atlas, s.posteriors
    codes = Codes(*(torch.from_numpy(np.ascontiguousarray(a)).float() for a in (atlas.z, atlas.std, mu, std)))
    generator = torch.Generator().manual_seed(0)
    test = codes.test_mu + codes.test_std * torch.randn(codes.test_mu.shape, generator=generator)
    weights, draws = importance(s, codes, n, k)
    features = feature_space(s.engine.card["dataset"], s.samples)
    real = features(s.samples.x_test[:GENERATED])
    plain = lower(weights + torch.stack([standard(z) for z in draws]))

    def row(what: str, seed: int, prior: Prior) -> dict[str, Any]:
        with torch.no_grad():
            gain = (prior.log_prob(test) - standard(test)).double()
            weighed = weights + torch.stack([prior.log_prob(z) for z in draws])
        nll = lower(weighed) - plain
        drawn = prior.draw(GENERATED)
        made = features(s.engine.decode(drawn.numpy()))
        found = {
            "prior": what, "seed": seed, **_told("elbo_gain", gain), **_told("nll_gain", nll),
            "nll_ess": round(float(effective(weighed).mean()), 1), "frechet": round(frechet_distance(real, made), 1),
            "frechet_se": round(jackknife_error(real, made) or 0.0, 1),
            "square": round(float(drawn.square().mean()), 3), "cpu_s": round(prior.cpu_s, 1), **prior.told,
        }  # fmt: skip
        print("  ".join(f"{key} {value}" for key, value in found.items()), flush=True)
        return found

    print(f"test codes: square {float(test.square().mean()):.3f}, n {len(test)}; nll n {n}, k {k}", flush=True)
    normal = torch.Generator().manual_seed(0)
    yield row("N(0, I)", 0, Prior(standard, lambda m: torch.randn(m, test.shape[1], generator=normal), 0.0, {}))
    for seed in range(seeds):
        yield row("Gaussian mixture", seed, mixture(codes, seed))
        for what in TRAINED:
            yield row(what, seed, trained(codes, what, seed))


def _told(name: str, each: Tensor) -> dict[str, float]:
    error = float(each.std()) / len(each) ** 0.5
    return {name: round(float(each.mean()), 2), f"{name}_se": round(error, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="fashion-vae")
    parser.add_argument("--n", type=int, default=200)
    parser.add_argument("--k", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    found = list(rows(args.name, args.n, args.k, args.seeds))
    write("energy_prior", {"machine": machine(), "rows": found})


if __name__ == "__main__":
    main()
