"""Figures of a model on a part of the training set that it did not learn. No test set is looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from vae.metrics.bounds import error_key, evaluate
from vae.metrics.sample import frechet_distance, jackknife_error
from vae.metrics.usefulness import knn
from vae.models.conditions import told
from vae.models.tensors import BATCH, resident, to_float
from vae.registry import DATASETS

Parts = dict[str, np.ndarray]  # x and y that are learned, x_measured and y_measured
COMPONENTS = 16  # principal ones, in which generated samples are compared with real ones
SEED = 0


def parts_of(dataset: str, learned: int, measured: int) -> Parts:
    """Two parts of the training set, drawn by a seed of their own."""
    samples = DATASETS.get(dataset).load()
    rows = np.random.default_rng(SEED).permutation(len(samples.x_train))
    first, second = rows[:learned], rows[learned : learned + measured]
    x, y = samples.x_train, samples.y_train
    return {"x": x[first], "y": y[first], "x_measured": x[second], "y_measured": y[second]}


@torch.inference_mode()
def measured(model: Any, parts: Parts) -> dict[str, Any]:
    """Figures and standard errors of a trained model."""
    cpu = torch.device("cpu")
    x, y = resident(parts["x_measured"], cpu), torch.from_numpy(parts["y_measured"])
    figures = evaluate(model, x, y, seed=SEED)
    wanted = ("elbo_nats", "distortion_nats", "rate_nats", "mse")
    found = {key: figures[key] for name in wanted for key in (name, error_key(name))}
    found["active_units"] = figures["active_units"]
    codes = _codes(model, parts["x"], parts["y"]), _codes(model, parts["x_measured"], parts["y_measured"])
    right = knn(codes[0], parts["y"], codes[1]) == parts["y_measured"]
    found |= {"knn_accuracy": right.mean(), "knn_accuracy_standard_error": right.std() / len(right) ** 0.5}
    if model.has_prior:
        c = told(model, y)
        z = model.sample_prior(len(x), torch.Generator().manual_seed(SEED), c=c)
        real, fake = _projected(parts, to_float(x).numpy()), _projected(parts, model.decode(z, c).numpy())
        found["frechet"] = frechet_distance(real, fake)
        found["frechet_standard_error"] = jackknife_error(real, fake)
    return {key: None if value is None else float(value) for key, value in found.items()}


def nothing(parts: Parts) -> dict[str, Any]:
    """The figures of a model whose code is empty: the mean and one sigma of what is learned, the commonest class."""
    x, fresh = (to_float(torch.from_numpy(parts[k])).numpy().astype(np.float64) for k in ("x", "x_measured"))
    mean = x.mean(0)
    variance, error = float(np.square(x - mean).mean()), float(np.square(fresh - mean).mean())
    dims = mean.size
    common = np.bincount(parts["y"]).argmax()
    same = np.repeat(_projected(parts, mean[None]), len(fresh), 0)
    return {
        "rate_nats": 0.0,
        "distortion_nats": 0.5 * dims * (np.log(2 * np.pi * variance) + error / variance),
        "mse": error,
        "knn_accuracy": float((parts["y_measured"] == common).mean()),
        "frechet": frechet_distance(_projected(parts, fresh), same),
    }


def _codes(model: Any, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    rows = [(torch.from_numpy(x[i : i + BATCH]), torch.from_numpy(y[i : i + BATCH])) for i in range(0, len(x), BATCH)]
    return np.concatenate([model.infer(to_float(xs), told(model, ys)).mu.numpy() for xs, ys in rows])


def _projected(parts: Parts, x: np.ndarray) -> np.ndarray:
    """x in the principal components of the part that is learned."""
    learned = to_float(torch.from_numpy(parts["x"])).flatten(1).double()
    mean = learned.mean(0)
    axes = torch.linalg.svd(learned - mean, full_matrices=False)[2][:COMPONENTS]
    return ((torch.from_numpy(x).flatten(1).double() - mean) @ axes.T).numpy()
