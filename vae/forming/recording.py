"""Recording snapshots of a latent space during training: from a trainer after an epoch, or from one model."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..data.binarise import binarised
from ..data.validation import numbers
from ..latent.compact import lossless, rounded_latents
from ..models.conditions import told
from ..models.energy import EnergyModel
from ..models.tensors import seeded, to_float
from ..registry import MODALITIES
from ..training.job import Job
from ..types import Samples
from .snapshots import (
    CODES,
    FIGURES,
    FOLDER,
    GRID,
    N_LATENTS,
    N_PICTURES,
    PRIOR,
    SIDE,
    TEST,
    VALIDATION,
    Fixed,
    epochs_wanted,
    write,
    write_fixed,
)

BATCH = 500
LARGEST = 1e30  # of a latent in a snapshot: beyond, its map overflows float32
SHARE = 0.015  # of the training time that its snapshots may take
FREE_S = 0.3  # that they may take in any case: it goes unnoticed, and a short training gets more than two snapshots


class Snapshots:
    """Takes the snapshots of a run: `take` is the `watch` argument of vae.training.experiment.train.

    Between the first and the last epoch, snapshots are taken only while together they cost less than `SHARE` of the
    training time so far, or less than `FREE_S`: an epoch on a small data set may be shorter than a snapshot.
    """

    def __init__(self, run: Path, job: Job):
        self.folder, self.job = run / FOLDER, job
        self.wanted = epochs_wanted(job.plan.epochs)
        self.spent_s, self.dearest_s, self.began = 0.0, 0.0, time.perf_counter()
        self._look: Look | None = None

    def take(self, trainer: Any, samples: Samples, event: Any) -> bool:
        """Take a snapshot after an epoch, without changing the model, the random state or the gradients. Returns
        whether one was taken. Raises: SaveError: it could not be written."""
        began = time.perf_counter()
        ends = event.epoch in (1, self.job.plan.epochs)
        affordable = self.spent_s + self.dearest_s <= max(SHARE * (began - self.began), FREE_S)
        if not ends and not (event.epoch in self.wanted and affordable):
            return False
        if self._look is None:
            self._look = Look(self.job, samples)
            write_fixed(self.folder, replace(self._look.fixed, drawn_from=source(trainer.model)))
            began = time.perf_counter()  # the set-up does not count as time for snapshots
        arrays: dict[str, Any] = self._look.at(trainer.model)
        arrays |= {k: np.float64(event.metrics[k]) for k in FIGURES if event.metrics.get(k) is not None}
        write(self.folder / f"{event.epoch:06d}.npz", arrays)
        took = time.perf_counter() - began
        self.spent_s, self.dearest_s = self.spent_s + took, max(self.dearest_s, took)
        return True


class Look:
    """The samples and latents that all snapshots use, on the device; `fixed` is what a reader needs of them. They are
    the same for all models of one family, data set, validation set and seed. samples: as the model is evaluated on
    them."""

    def __init__(self, job: Job, samples: Samples):
        self.pictures = MODALITIES.get(job.data.modality).pictures
        self.seed, self.device = seed, device = job.plan.seed, job.device
        split = TEST if samples.x_validation is None else VALIDATION
        x, y_shown, c = (getattr(samples, f"{kind}_{split}") for kind in "xyc")
        rows = np.sort(np.random.default_rng(seed).permutation(len(samples.x_train))[:N_LATENTS])
        seen = np.random.default_rng(seed).permutation(len(x))[:N_PICTURES]
        y = None if samples.y_train is None else samples.y_train[rows]
        y_shown = None if y_shown is None else y_shown[seen]
        shown = self.pictures(x[seen])
        self.fixed = Fixed(numbers(samples, rows), _small(y), shown, _small(y_shown), split=split)

        trained, binarisation = samples.x_train[rows], job.binarisation
        trained = trained if binarisation is None else binarised(trained, binarisation["seed"])
        self._x, self._x_shown = _on(trained, device), _on(x[seen], device)
        self._c: torch.Tensor | None = None
        self._c_shown: torch.Tensor | None = None
        self._c_drawn: torch.Tensor | None = None
        if job.conditioned:
            assert samples.c_train is not None  # a data set with conditions has them for every split
            assert c is not None
            self._c, self._c_shown = _on(samples.c_train[rows], device), _on(c[seen], device)
            self._c_drawn = self._c[torch.arange(SIDE**2, device=device) % len(rows)]
        elif "conditional" in job.family.traits:
            self._c = None if y is None else _on(y, device)
            self._c_shown = None if y_shown is None else _on(y_shown, device)
            self._c_drawn = torch.arange(SIDE**2, device=device) % len(job.data.classes)

    def at(self, model: Any) -> dict[str, np.ndarray]:
        """The arrays of a Snapshot, mu in float16, or in float32 where that loses neighbours (see vae.latent.compact).
        The random state does not change; the model is left in eval mode."""
        c, c_shown, c_drawn = (told(model, given) for given in (self._c, self._c_shown, self._c_drawn))
        model.eval()
        with torch.inference_mode(), seeded(self.seed, self.device):
            each = (None,) * len(self._x) if c is None else c.split(BATCH)
            parts = [model.infer(to_float(x), part) for x, part in zip(self._x.split(BATCH), each, strict=False)]
            mu = torch.cat([q.mu for q in parts]).float()
            again = model.decode(model.infer(to_float(self._x_shown), c_shown).mu, c_shown)
            drawn = model.decode(self._latents(model, mu, c_drawn), c_drawn)
            rates = [q.kl_per_dim for q in parts if q.kl_per_dim is not None]
            rate = torch.cat(rates).mean(0).float().cpu().numpy() if rates else None
        found = {"mu": lossless(rounded_latents(mu.cpu().numpy().clip(-LARGEST, LARGEST)))}
        found |= {name: self.pictures(x.float().cpu().numpy()) for name, x in (("again", again), ("drawn", drawn))}
        return found | ({} if rate is None else {"rate_per_dim_nats": rate})

    def _latents(self, model: Any, mu: Any, c: Any) -> Any:
        """(64, d), by `source`: a grid of quantiles of the prior, the same draws from the prior each time, or draws
        from a Gaussian fitted to the codes."""
        generator, drawn_from = torch.Generator().manual_seed(self.seed), source(model)
        if drawn_from == CODES:
            return mu.mean(0) + mu.std(0) * torch.randn(SIDE**2, model.d, generator=generator).to(mu.device)
        if drawn_from == GRID:
            steps = torch.special.ndtri(torch.linspace(0.05, 0.95, SIDE))
            return torch.cartesian_prod(-steps, steps).flip(1).to(mu.device)
        return model.sample_prior(SIDE**2, generator, 1.0, c).to(mu.device)


def source(model: Any) -> str:
    """The source of the latents that are decoded for a model: GRID for two dimensions with a Gaussian prior, PRIOR for
    others, and CODES for a model without a prior."""
    if not model.has_prior:
        return CODES
    return GRID if model.d == 2 and not isinstance(model, EnergyModel) else PRIOR


def _small(labels: np.ndarray | None) -> np.ndarray | None:
    return None if labels is None else labels.astype(np.int32)


def _on(a: np.ndarray, device: Any) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(a)).to(device)
