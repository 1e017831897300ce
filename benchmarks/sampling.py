"""python -m benchmarks.sampling [likelihood NAME ... | kernels | rbm | mc_vae SET ...] [--n N]: what chains achieve.

likelihood: of each checkpoint log p(x) of N test samples by annealing and by importance sampling of the same samples,
and both bounds on N samples that the model generated; with chains that start from q(z|x) beside those that start from a
Gaussian fitted to each posterior; at twice the temperatures; and CPU seconds. kernels: a Gaussian posterior and two
modes, whose answers are known, by every kernel: the error, R-hat, effective samples per thousand gradients. rbm: a
restricted Boltzmann machine with 20 hidden units on MNIST, its exact log Z and that by annealing at several numbers of
temperatures, then mnist-rbm; log p(x) of the test set beside that of a Bernoulli mixture with as many parameters,
fitted to the same pixels. mc_vae: see benchmarks/monte_carlo_bounds.py. Seed 0.
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
from vae.metrics.energy import energies
from vae.metrics.subject import Subject
from vae.models.conditions import told
from vae.models.tensors import seeded, to_float
from vae.registry import DATASETS, FAMILIES
from vae.sampling import chains
from vae.sampling.density import Density
from vae.sampling.global_moves import ISIR, Ex2MCMC, GaussianProposal
from vae.sampling.kernels import HMC, MALA, PCN, ULA
from vae.sampling.partition import CHAINS, TEMPERATURES
from vae.settings import configure
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Spec

NAMES = ("mnist-vae", "fashion-vae", "digits-vae")
PLAIN = Effort()
EFFORTS = {"q(z|x)": replace(PLAIN, fitted=False), "fitted": PLAIN, "fitted, twice": replace(PLAIN, temperatures=32)}

RBM_UNITS, RBM_EPOCHS = 20, 5
RBM_TRAINING = {"batch_size": 100, "lr": 0.01, "lr_end": 0.01, "binarise": "dynamic"}  # but for the epochs mnist-rbm's


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


def rbm() -> list[dict[str, Any]]:
    """A row for each log Z, and one for each mixture."""
    samples = DATASETS.get("mnist").load()
    x, test = (torch.from_numpy(binarised(part, 0)) for part in (samples.x_train, samples.x_test))
    out = []
    for made in (lambda: _trained(torch.from_numpy(samples.x_train), RBM_UNITS), lambda: load("mnist-rbm").model):
        model = made()
        d, energy, cases, began = model.d, energies(model, test, 0), [], time.process_time()
        if model.enumerable:
            cases.append(("exact", model.summed_log_z(), time.process_time() - began))
        for t in (TEMPERATURES // 100, TEMPERATURES // 10, TEMPERATURES):
            began = time.process_time()
            found = model.annealed_log_z(0, chains=CHAINS, temperatures=t)
            cases.append((f"annealed, {t} temperatures", found, time.process_time() - began))
        exact = cases[0][1].value if model.enumerable else None
        for how, found, cpu_s in cases:
            low, high = found.interval()
            out.append(_told({
                "model": f"rbm, {d} hidden units", "log Z": how, "value": round(found.value, 3),
                "error": "" if exact is None else f"{found.value - exact:+.3f}",
                "interval": f"{low:.3f} to {high:.3f}", "ess": round(found.ess, 1),
                "test log p": f"{-float(energy.mean()) - found.value:.2f}", "n": len(energy), "cpu_s": round(cpu_s, 1),
            }))  # fmt: skip
        began = time.process_time()
        each = _mixture(to_float(x).flatten(1), to_float(test).flatten(1), d + 1)
        out.append(_told({
            "model": f"Bernoulli mixture, {d + 1} components", "test log p": mean(each), "n": len(each),
            "cpu_s": round(time.process_time() - began, 1),
        }))  # fmt: skip
    return out


def _told(row: dict[str, Any]) -> dict[str, Any]:
    print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return row


def _trained(x: Tensor, d: int) -> Any:
    """A model with d hidden units of the whole training set."""
    family = FAMILIES.get("rbm")
    torch.manual_seed(0)
    hparams = configure(family.Hparams, {"d": d})
    model, objective = family.build(Spec(tuple(x.shape[1:]), len(x), 10), hparams)
    model.start(x.numpy())
    h = configure(TrainHparams, RBM_TRAINING)
    steps, order = RBM_EPOCHS * len(x) // h.batch_size, torch.Generator().manual_seed(0)
    trainer, began = Trainer(model, objective, h, 0, steps), time.process_time()
    for _ in range(steps):
        trainer.train_step(trainer.inputs(x[torch.randint(len(x), (h.batch_size,), generator=order)]))
    print(f"rbm, {d} hidden units: trained in {time.process_time() - began:.0f} cpu_s", flush=True)
    return model.eval()


def _mixture(x: Tensor, test: Tensor, k: int, steps: int = 30) -> Tensor:
    """log p of each test sample under a mixture of k products of Bernoullis, by expectation-maximisation with a pseudo
    count of 1 for each pixel and value."""
    g = torch.Generator().manual_seed(0)
    p = 0.25 + 0.5 * x[torch.randperm(len(x), generator=g)[:k]]
    weight = torch.full((k,), 1 / k)

    def joint(v: Tensor) -> Tensor:
        return v @ (p.logit()).T + torch.log1p(-p).sum(1) + weight.log()

    for _ in range(steps):
        count, ones = torch.ones(k), torch.ones_like(p)
        for v in x.split(10_000):
            share = joint(v).softmax(1)
            count, ones = count + share.sum(0), ones + share.T @ v
        p, weight = ones / (count[:, None] + 1), count / count.sum()
    return joint(test).double().logsumexp(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("likelihood", "kernels", "rbm", "mc_vae"), nargs="?", default="likelihood")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--n", type=int, default=100)
    args = parser.parse_args()
    whole = {"kernels": kernels, "rbm": rbm}
    if args.what in whole:
        found = whole[args.what]()
    elif args.what == "mc_vae":
        found = [row for name in args.names or monte_carlo_bounds.PROTOCOLS for row in monte_carlo_bounds.rows(name)]
    else:
        found = [row for name in args.names or NAMES for row in likelihood(name, args.n)]
    write(f"sampling_{args.what}", {"machine": machine(), "rows": found})


if __name__ == "__main__":
    main()
