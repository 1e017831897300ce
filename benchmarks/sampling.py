"""python -m benchmarks.sampling [likelihood NAME ... | kernels | mc_vae DATASET ...] [--n N]: what chains achieve.

likelihood: of each checkpoint log p(x) of N test samples by annealing and by importance sampling of the same samples,
and both bounds on N samples that the model generated; with chains that start from q(z|x) beside those that start from a
Gaussian fitted to each posterior; at twice the temperatures; and CPU seconds. kernels: a Gaussian posterior and two
modes, whose answers are known, by every kernel: the error, R-hat, effective samples per thousand gradients. Seed 0.
mc_vae: models trained on Monte Carlo bounds beside a vae and an iwae with the same net, after equally many epochs and
after as much processor time: see benchmarks/monte_carlo_bounds.py.
"""

from __future__ import annotations

import argparse
import math
import time
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks import monte_carlo_bounds
from benchmarks.machine import machine, write
from vae.data.binarise import binarised
from vae.engine.engine import load
from vae.losses.gaussian import log_normal
from vae.metrics.annealed import Effort, log_likelihoods, simulated
from vae.metrics.bounds import importance
from vae.metrics.subject import Subject
from vae.models.conditions import told
from vae.models.tensors import seeded, to_float
from vae.sampling import chains
from vae.sampling.density import Density
from vae.sampling.global_moves import ISIR, Ex2MCMC, GaussianProposal
from vae.sampling.kernels import HMC, MALA, PCN, ULA

NAMES = ("mnist-vae", "fashion-vae", "digits-vae")
PLAIN = Effort()
EFFORTS = {"q(z|x)": replace(PLAIN, fitted=False), "fitted": PLAIN, "fitted, twice": replace(PLAIN, temperatures=32)}


def mean(x: Tensor) -> str:
    return f"{float(x.mean()):.3f} ± {float(x.std()) / math.sqrt(len(x)):.3f}"


def likelihood(name: str, n: int) -> list[dict[str, Any]]:
    """A row for each effort."""
    s = Subject.of(load(name))
    s.model.requires_grad_(False)
    rows = torch.from_numpy(np.sort(np.random.default_rng(0).permutation(len(s.x_test))[:n]))
    x = to_float(s.x_test[rows])
    if s.model.likelihood.measure == "binary":
        x = torch.from_numpy(binarised(x.numpy(), 0))
    c = None if s.given is None else told(s.model, s.given[rows])
    with torch.no_grad(), seeded(0, torch.device("cpu")):
        began = time.process_time()
        many = torch.cat([importance(s.model, p, s.model.infer(p), 1000)[0] for p in x.split(50)]).double()
        many_s = time.process_time() - began
    made, z = simulated(s.model, n, c, 0, torch.device("cpu"))
    out, before = [], None
    for how, effort in EFFORTS.items():
        began = time.process_time()
        found = log_likelihoods(s.model, x, c, effort=effort)
        cpu_s = time.process_time() - began
        both = log_likelihoods(s.model, made, c, exact=z, effort=effort)
        assert both.upper is not None
        row = {
            "model": name, "n": n, "start": how, "temperatures": effort.temperatures, "gradients": effort.gradients,
            "annealed": mean(found.lower), "minus importance, k = 100": mean(found.lower - found.importance),
            "minus importance, k = 1000": mean(found.lower - many), "chains that count": mean(found.ess),
            "gap of the bounds": mean(both.upper - both.lower),
            "widest": round(float((both.upper - both.lower).max()), 2),
            "amortisation gap": mean(found.refined_elbo - found.elbo),
            "moved by": "" if before is None else mean(found.lower - before),
            "cpu_s": round(cpu_s, 1), "cpu_s of importance, k = 1000": round(many_s, 1),
        }  # fmt: skip
        before = found.lower
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        out.append(row)
    return out


def kernels() -> list[dict[str, Any]]:
    """The posterior of a linear decoder with 8 dimensions, and two modes 16 standard deviations apart."""
    g = torch.Generator().manual_seed(0)
    w = torch.randn(30, 8, generator=g) * 0.4
    x = torch.randn(1, 8, generator=g) @ w.T + 0.5 * torch.randn(1, 30, generator=g)
    covariance = torch.linalg.inv(w.T @ w / 0.25 + torch.eye(8))

    def posterior(z: Tensor) -> Tensor:
        return -0.5 * (x - z @ w.T).square().sum(1) / 0.25 - 0.5 * z.square().sum(1)

    centre, width = torch.zeros(8), torch.full((8,), 0.5)
    centre[0] = 4.0

    def modes(z: Tensor) -> Tensor:
        both = [log_normal(z, at, width) + math.log(p) for at, p in ((-centre, 0.3), (centre, 0.7))]
        return torch.stack(both).logsumexp(0)

    spread = torch.full((8,), 0.5)
    spread[0] = math.sqrt(0.25 + 16 - 1.6**2)
    wide = GaussianProposal(0.4 * centre, spread)
    near = GaussianProposal(torch.zeros(8), torch.ones(8))
    start = torch.randn(50, 8, generator=g)
    apart = 0.5 * start
    apart[:25, 0] += 4
    apart[25:, 0] -= 4
    cases = [
        (posterior, start, k, n) for k, n in ((ULA(0.25), 1), (MALA(), 1), (HMC(), 5), (PCN(), 1), (Ex2MCMC(near), 67))
    ]
    cases += [(modes, apart, k, n) for k, n in ((MALA(), 1), (HMC(), 5), (ISIR(wide), 64), (Ex2MCMC(wide), 67))]
    out = []
    for target, z, kernel, cost in cases:
        density = Density.of(target)
        tuned, state = chains.pilot(density, kernel, chains.start(density, z), 100, g)
        found = chains.run(density, tuned, state, 300, generator=g)
        told_by, all_z = found.convergence(), found.z.flatten(0, 1)
        right = float((all_z[:, 0] > 0).float().mean())
        ratio = all_z.var(0) / covariance.diagonal()
        row = {
            "density": target.__name__, "kernel": type(kernel).__name__, "acceptance": round(found.acceptance, 2),
            "worst": f"variance x {float(ratio[(ratio - 1).abs().argmax()]):.2f}"
            if target is posterior else f"mass {right:.3f} of .700",
            "r_hat": round(float(told_by.r_hat.max()), 3),
            "ess per 1000 evaluations": round(1000 * float(told_by.ess.min()) / (50 * 300 * cost), 1),
        }  # fmt: skip
        print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
        out.append(row)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("likelihood", "kernels", "mc_vae"), nargs="?", default="likelihood")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--n", type=int, default=100)
    args = parser.parse_args()
    if args.what == "kernels":
        found = kernels()
    elif args.what == "mc_vae":
        found = [row for name in args.names or monte_carlo_bounds.PROTOCOLS for row in monte_carlo_bounds.rows(name)]
    else:
        found = [row for name in args.names or NAMES for row in likelihood(name, args.n)]
    write(f"sampling_{args.what}", {"machine": machine(), "rows": found})


if __name__ == "__main__":
    main()
