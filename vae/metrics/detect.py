"""Anomaly detection: how well a model separates its own kind of data from other data."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..data.published.store import locate
from ..errors import NotMeasurable
from ..latent.auroc import auroc
from ..models.conditions import told
from ..models.energy import EnergyModel
from ..models.model import LatentModel
from ..models.tensors import seeded, to_float
from ..registry import datasets, metric_group
from ..text import N_, _
from .bounds import BATCH
from .energy import energies
from .estimate import Estimate, in_english
from .subject import Subject

JUDGED = ("negative_elbo", "energy", "reconstruction_error")  # the scores that increase with an anomaly


@torch.inference_mode()
def anomaly_scores(
    model: LatentModel, x: Tensor, given: Tensor | None = None, *, seed: int = 0
) -> dict[str, Float[np.ndarray, " n"]]:
    """Scores of each x (n, *shape), uint8 or float 0-1. given: labels (n,) or conditions (n, *condition), for a
    conditional model; None: unknown.

    negative_elbo: distortion + rate, one posterior sample, nats; only for models with a rate. Higher for anomalies.
    reconstruction_error: mean squared difference from the decoded posterior mean. Higher for anomalies.
    rate: nats, for models with a rate. An anomaly may have a high or a very low one: the posterior of a sample that is
    unlike all training data is often close to the prior.
    energy: -log p(x) - log Z, nats, for energy-based models; grey pixels are drawn by the seed. Higher for anomalies.
    """
    model.eval()
    found: dict[str, list[Tensor]] = {"negative_elbo": [], "reconstruction_error": [], "rate": [], "energy": []}
    with seeded(seed, x.device):
        for i in range(0, len(x), BATCH):
            batch, c = to_float(x[i : i + BATCH]), None if given is None else told(model, given[i : i + BATCH])
            out = model(batch, c)
            if out.latent.kl:
                found["rate"].append(sum(out.latent.kl))
                found["negative_elbo"].append(found["rate"][-1] - model.likelihood.log_prob(out.params, batch))
            if isinstance(model, EnergyModel):
                found["energy"].append(energies(model, batch, seed))
            again = model.decode(out.latent.mu, c)
            found["reconstruction_error"].append((again - batch).square().flatten(1).mean(1))
    return {name: torch.cat(parts).cpu().double().numpy() for name, parts in found.items() if parts}


def anomaly_auroc(
    model: LatentModel, x_normal: Tensor, x_anomalous: Tensor, seed: int = 0, protocol: str = ""
) -> dict[str, Estimate]:
    """AUROC of detecting x_anomalous among x_normal by each score in JUDGED, for a model trained on normal samples.

    .5 is chance; below it, anomalies get lower scores than normal samples. protocol: what the two sets are.
    """
    normal, anomalous = (anomaly_scores(model, x, seed=seed) for x in (x_normal, x_anomalous))
    out = {}
    for name in (name for name in JUDGED if name in normal):
        value, error = auroc(normal[name], anomalous[name])
        text = in_english(
            f"by {name.replace('_', ' ')}, {len(x_normal)} normal and {len(x_anomalous)} anomalous samples, one "
            f"posterior sample each{'; ' * bool(protocol)}{protocol}"
        )
        out[f"auroc_{name}"] = Estimate(value, len(x_normal) + len(x_anomalous), seed, error, text)
    return out


@metric_group(
    name="detect",
    title=N_("AUROC of detecting samples of another data set"),
    figures=N_(
        "`auroc_negative_elbo`, `auroc_energy`, `auroc_reconstruction_error`: the model's test set against that of "
        "another data set of the same shape"
    ),
    terms={"auroc_negative_elbo": "auroc", "auroc_energy": "auroc", "auroc_reconstruction_error": "auroc"},
)
def detect_group(s: Subject) -> dict[str, Any]:
    """The model's test set as normal, that of the first other data set of its shape on this machine as anomalous."""
    own = s.dataset
    others = [d for d in datasets().values() if d.name != own.name and d.modality == own.modality]
    fitting = [d for d in others if tuple(d.shape) == tuple(own.shape)]
    here = next((d for d in fitting if locate(d.name)), None)
    if here is None:
        needed = _(
            "anomalies for {dataset} are samples of another data set of shape {shape}.",
            dataset=own.name,
            shape=own.shape,
        )
        names = ", ".join(d.name for d in fitting)
        found = _("Not on this machine: {names}.", names=names) if fitting else _("There is none.")
        raise NotMeasurable(f"{needed} {found}")
    anomalous = s.to_device(s.engine.seen(here.load().x_test))
    protocol = in_english(f"test set of {own.name} as normal, of {here.name} as anomalous")
    return anomaly_auroc(s.model, s.x_test, anomalous, s.seed, protocol)
