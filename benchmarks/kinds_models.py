"""The trained models and the linear code that benchmarks.compare_kinds measures, in NumPy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.kinds_measures import Codec
from vae.models.conditions import told
from vae.models.tensors import resident
from vae.training.experiment import conditions, prepare
from vae.training.job import Job
from vae.training.plan import Plan
from vae.training.trainer import Trainer, fit
from vae.types import Samples

BATCH = 500  # pictures at once


def codec_of(model: Any) -> Codec:
    """A trained model in NumPy: posterior means and E[x|z]."""

    def through(act: Callable[..., torch.Tensor], values: np.ndarray, y: np.ndarray | None) -> np.ndarray:
        model.eval()
        out = []
        with torch.inference_mode():
            for i in range(0, len(values), BATCH):
                c = None if y is None else told(model, torch.from_numpy(y[i : i + BATCH]))
                out.append(act(torch.from_numpy(values[i : i + BATCH]), c).numpy())
        return np.concatenate(out)

    def prior(n: int, seed: int) -> np.ndarray:
        return model.sample_prior(n, torch.Generator().manual_seed(seed)).numpy()

    return Codec(
        lambda x, y=None: through(lambda part, c: model.infer(part, c).mu, x, y),
        lambda z, y=None: through(lambda part, c: model.decode(part, c), z, y),
        prior if model.has_prior else None,
        conditional=bool(model.condition),
    )


def pca(x: np.ndarray, d: int) -> Codec:
    """The best linear code of width d, with pictures cut off at black and white."""
    mean = x.mean(0).reshape(-1)
    rest = x.reshape(len(x), -1) - mean
    basis = np.linalg.eigh(rest.T.astype(np.float64) @ rest).eigenvectors[:, -d:].astype(np.float32)
    return Codec(
        lambda x, y=None: (x.reshape(len(x), -1) - mean) @ basis,
        lambda z, y=None: (z @ basis.T + mean).clip(0, 1).reshape(-1, *x.shape[1:]),
    )


def trained(
    plan: Plan, samples: Samples, watch: Callable[[int, Trainer], Any] = lambda epoch, trainer: None
) -> tuple[Trainer, float]:
    """A trained model and the processor time of its training, without that of `watch`, which is called after each
    epoch. Raises: Diverged."""
    job = Job.of(plan)
    trainer, _spec = prepare(job, samples)
    given = conditions(job, samples)
    spent, began = 0.0, time.process_time()
    for event in fit(trainer, resident(samples.x_train, job.device), given, None, plan.epochs):
        spent += time.process_time() - began
        if event.kind == "epoch":
            watch(event.epoch, trainer)
        began = time.process_time()
    return trainer, spent
