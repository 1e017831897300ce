"""The part mc_vae of benchmarks.sampling: a Monte Carlo bound beside a vae and an iwae with the same net.

Every model is trained for the epochs of its protocol, each seed anew; then vae and iwae again, for as many epochs as
take the processor time of mc_vae with the same seed. Of the test samples: log p(x) by annealing and by 1000 importance
samples of q(z|x), and the ELBO of q(z|x). Nothing is chosen by them: the settings of mc_vae are its defaults.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from vae.engine.engine import load
from vae.metrics.annealed import log_likelihoods
from vae.metrics.bounds import evaluate, standard_error
from vae.metrics.subject import Subject
from vae.models.tensors import to_float
from vae.training import experiment

IMPORTANCE = 1000
BINARY = {"net": "mlp", "likelihood": "bernoulli", "binarise": "static", "validation": 0}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "vae": ("vae", {}),
    "iwae, k = 5": ("iwae", {"k": 5}),
    "L-MCVAE": ("mc_vae", {}),
    "A-MCVAE": ("mc_vae", {"langevin": "mala"}),
    "A-MCVAE, score": ("mc_vae", {"langevin": "mala", "mala_gradient": "score"}),
}
LONGER, AS_LONG_AS = ("vae", "iwae, k = 5"), "L-MCVAE"


@dataclass(frozen=True)
class Protocol:
    """n: test samples, 0 for all."""

    settings: dict[str, Any]
    epochs: int
    seeds: int
    n: int = 0


PROTOCOLS = {
    "digits": Protocol(BINARY | {"d": 8, "width": 64}, epochs=60, seeds=3),
    "mnist": Protocol(BINARY | {"d": 20, "width": 200, "depth": 2}, epochs=3, seeds=1, n=200),
}


def rows(dataset: str) -> Iterator[dict[str, Any]]:
    """A row for each model, length of training and seed, printed as it is finished."""
    protocol = PROTOCOLS[dataset]
    for seed in range(protocol.seeds):
        seconds = {}
        for name in MODELS:
            row = trained(dataset, name, seed, protocol.epochs)
            seconds[name] = row["train_cpu_s"]
            yield row
        for name in LONGER:
            yield trained(dataset, name, seed, round(protocol.epochs * seconds[AS_LONG_AS] / seconds[name]))


def trained(dataset: str, name: str, seed: int, epochs: int) -> dict[str, Any]:
    """A model trained in a folder that is thrown away, and measured."""
    protocol, (family, own) = PROTOCOLS[dataset], MODELS[name]
    plan = experiment.Plan(family, dataset, protocol.settings | own, epochs, seed)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["ZSCOPE_CHECKPOINTS"] = folder
        began = 0.0
        for event in experiment.train(plan):
            began = began or time.process_time()  # with the first event the data are read
            if event.kind == "epoch" and event.epoch == epochs:
                break  # saved; what follows is a map
        cpu_s = time.process_time() - began
        row = {"data": dataset, "model": name, "epochs": epochs, "seed": seed, "train_cpu_s": round(cpu_s, 1)}
        row |= measured(plan.checkpoint_name(), protocol.n)
    print("  ".join(f"{key} {value}" for key, value in row.items()), flush=True)
    return row


def measured(checkpoint: str, n: int) -> dict[str, Any]:
    """Of the first n test samples drawn by seed 0, or all: means with their standard errors, nats."""
    s = Subject.of(load(checkpoint))
    s.model.requires_grad_(False)
    chosen = np.sort(np.random.default_rng(0).permutation(len(s.x_test))[: n or None])
    x = s.x_test[torch.from_numpy(chosen)]
    plain = evaluate(s.model, x, k=IMPORTANCE)
    found = log_likelihoods(s.model, to_float(x))
    out = {"n": len(x), "annealed_nll": round(-float(found.lower.mean()), 2)}
    out |= {"annealed_se": round(standard_error(found.lower) or 0.0, 2)}
    out |= {"importance_nll": round(plain["nll_nats"], 2), "elbo": round(plain["elbo_nats"], 2)}
    out |= {"mc_bound": round(plain["mc_bound_nats"], 2)} if "mc_bound_nats" in plain else {}
    return out | {"amortisation_gap": round(float((found.refined_elbo - found.elbo).mean()), 2)}
