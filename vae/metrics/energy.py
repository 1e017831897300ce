"""log p(x) of energy-based models: the energy of test samples with the log Z of the card, and whether chains mix."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..data.binarise import binarised
from ..errors import NotMeasurable
from ..losses.model import Model
from ..models.energy import EnergyModel
from ..models.energy_prior import EnergyPrior
from ..models.tensors import BATCH, to_float
from ..registry import metric_group
from ..sampling.convergence import convergence
from ..sampling.partition import CHAINS, TEMPERATURES, LogZ
from ..text import N_, _
from .bounds import standard_error
from .estimate import Estimate, in_english
from .subject import Subject

LOG_Z = "log_z"  # entry of a card
BASE, OF_PRIOR = in_english("the base of the data"), in_english("N(0, I) to the prior of latents")  # annealing's start
CONSTANT = 0.01  # range of a coordinate of the code that counts as the same everywhere
RUN, DRAWS, EVERY = 50, 200, 10  # chains, draws of each, and Gibbs steps from one draw to the next


@torch.no_grad()
def energies(model: Model, x: Tensor, seed: int) -> Float[Tensor, " n"]:
    """The energy of each x (n, *shape), uint8 or float 0-1, nats, float64, on the CPU; grey pixels of a model of binary
    ones are drawn by the seed, as for the NLL of any model of binary pixels."""
    parts = []
    for i in range(0, len(x), BATCH):
        batch = to_float(x[i : i + BATCH])
        if model.likelihood.measure == "binary":
            batch = torch.from_numpy(binarised(batch.cpu().numpy(), seed)).to(batch.device)
        parts.append(model.energy(batch).cpu().double())
    return torch.cat(parts)


def kept(card: Mapping[str, Any]) -> LogZ | None:
    """The log Z of a card; None: its model was not trained to the end, so that log p(x) is known up to it alone."""
    found = card.get(LOG_Z)
    return None if found is None else LogZ(**found)


def log_likelihood(energy: Float[Tensor, " n"], log_z: LogZ, seed: int) -> Estimate:
    """The mean log p(x) of samples with these energies, nats. Its standard error is that of the mean over samples and
    that of log Z together; the protocol has each."""
    over_samples = standard_error(energy)
    error = None if over_samples is None else math.hypot(over_samples, log_z.standard_error)
    apart = "" if over_samples is None else in_english(f"; standard error over samples alone {over_samples:.3f}")
    protocol = in_english(f"mean log p(x) = −energy − log Z; {words(log_z)}") + apart
    return Estimate(-float(energy.mean()) - log_z.value, len(energy), seed, error, protocol)


def words(log_z: LogZ, base: str = BASE) -> str:
    """How a log Z was found, for protocols. base: what annealing began from, in English."""
    if log_z.exact:
        return in_english(f"log Z {log_z.value:.3f}, exact: a sum over {log_z.n} states")
    low, high = log_z.interval()
    return in_english(
        f"log Z {log_z.value:.3f} ± {log_z.standard_error:.3f} (three standard errors: {low:.3f} to {high:.3f}) by "
        f"annealed importance sampling from {base}, {log_z.n} chains of {log_z.temperatures} "
        f"temperatures, effective sample size {log_z.ess:.1f} (Salakhutdinov and Murray, 2008)"
    )


def of_log_z(log_z: LogZ, base: str = BASE) -> Estimate:
    return Estimate(log_z.value, log_z.n, log_z.seed, log_z.standard_error, words(log_z, base))


def annealed(model: EnergyModel, seed: int, report: Callable[[int, int], Any] = lambda done, n: None) -> LogZ:
    return model.annealed_log_z(seed, chains=CHAINS, temperatures=TEMPERATURES, report=report)


def for_card(model: Any, x: Tensor, seed: int) -> dict[str, Any]:
    """The entries of a card on a trained energy-based model: its log Z, a sum if its states can be counted, and
    log p(x) of the test samples x (n, *shape); of a model with an energy-based prior the log Z of that, on which its
    ELBO and NLL rest; {} for other models."""
    prior = getattr(model, "prior", None)
    if isinstance(prior, EnergyPrior) and (of_prior := prior.log_z()) is not None:
        estimate = of_log_z(of_prior, OF_PRIOR)
        return {LOG_Z: dataclasses.asdict(of_prior), "estimates": {"log_z_nats": dataclasses.asdict(estimate)}}
    if not isinstance(model, EnergyModel):
        return {}
    log_z = model.summed_log_z() if model.enumerable else annealed(model, seed)
    found = {
        "log_z_nats": of_log_z(log_z),
        "log_likelihood_nats": log_likelihood(energies(model, x, seed), log_z, seed),
    }
    return {
        LOG_Z: dataclasses.asdict(log_z),
        "estimates": {key: dataclasses.asdict(estimate) for key, estimate in found.items()},
    }


@torch.no_grad()
def mixing(model: Any, seed: int) -> dict[str, Estimate]:
    """Split R-hat and effective sample size of chains that go on from where training left them, in the energy and in
    every coordinate of the code but those that are the same in all chains at all times, as of a unit that is always on.
    An R-hat of infinity, where no chain moves but some differ, is left out; its ESS is 1."""
    drawn = model.chain(RUN, torch.Generator().manual_seed(seed), DRAWS, EVERY)
    seen = [torch.cat([model.infer(x).mu, model.energy(x)[:, None]], 1) for x in drawn]
    draws = torch.stack(seen, 1).cpu().double().numpy()
    moves = np.ptp(draws, (0, 1)) > CONSTANT
    moves[-1] = True  # the energy
    found = convergence(draws[..., moves])
    how = in_english(
        f"the worst of {len(found.ess)} coordinates, the energy and codes that vary, of {RUN} chains of {DRAWS} draws, "
        f"one in {EVERY} steps, from the chains of the training"
    )
    out = {"chain_ess": Estimate(float(found.ess.min()), RUN * DRAWS, seed, None, how)}
    largest = float(found.r_hat.max())
    return out | ({"chain_r_hat": Estimate(largest, RUN * DRAWS, seed, None, how)} if math.isfinite(largest) else {})


@metric_group(
    name="energy",
    title=N_("log p(x) of an energy-based model, its log Z, and whether its chains mix"),
    figures=N_(
        "`log_likelihood_nats` of test samples by the `log_z_nats` of the card, and again by a log Z annealed anew, "
        "`annealed_log_likelihood_nats` and `annealed_log_z_nats`; `energy_nats`, which is −log p(x) up to log Z; "
        "`chain_ess` and `chain_r_hat` of chains of the model, in their worst coordinate"
    ),
    terms={
        "log_likelihood_nats": "log-z",
        "log_z_nats": "log-z",
        "annealed_log_likelihood_nats": "log-z",
        "annealed_log_z_nats": "log-z",
        "energy_nats": "energy",
        "chain_ess": "effective-sample-size",
        "chain_r_hat": "r-hat",
    },
)
def energy_group(s: Subject) -> dict[str, Any]:
    """With the log Z of the card, if it has one, and in any case with one annealed anew, by another seed."""
    if not isinstance(s.model, EnergyModel):
        raise NotMeasurable(_("{model} has no energy: this group is for energy-based models.", model=s.name))
    energy, stored = energies(s.model, s.x_test, s.seed), kept(s.engine.card)
    up_to = in_english("mean energy, −log p(x) − log Z: compares samples of this model, not models")
    error = standard_error(energy)
    out = {"energy_nats": Estimate(float(energy.mean()), len(energy), s.seed, error, up_to)}
    if stored is not None:
        out |= {"log_z_nats": of_log_z(stored), "log_likelihood_nats": log_likelihood(energy, stored, s.seed)}
    anew = annealed(s.model, s.seed + 1, s.progress)
    out |= {
        "annealed_log_z_nats": of_log_z(anew),
        "annealed_log_likelihood_nats": log_likelihood(energy, anew, s.seed),
    }
    return out | mixing(s.model, s.seed)
