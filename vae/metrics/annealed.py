"""log p(x) by annealed importance sampling, where importance sampling from q(z|x) fails; and how far off q is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from ..data.binarise import binarised, is_grey
from ..errors import NotMeasurable, SettingError
from ..losses.terms import log_joint
from ..models.conditions import told
from ..models.model import LatentModel
from ..models.tensors import seeded, to_float
from ..registry import metric_group
from ..sampling.annealing import anneal, effective, lower, tuned, upper
from ..sampling.density import noise
from ..sampling.posteriors import STEPS, Gaussians, elbo, refined, with_curvature
from ..text import N_, _, significant
from .bounds import importance, standard_error
from .estimate import Estimate, in_english
from .subject import Subject

N, PART = 100, 25  # test samples; how many are annealed at once
IMPORTANCE = 100  # samples of the estimate that stands beside it, as on the cards
DRAWS = 10  # of q(z|x), for an ELBO
APART = 1.0  # nats: a difference of annealed and importance sampling that is told


@dataclass(frozen=True)
class Effort:
    """chains: for each sample; temperatures: of a chain, both ends counted; leapfrogs: gradients at each. fitted:
    chains start from a Gaussian fitted to each posterior, otherwise from one with the mean and width of q(z|x)."""

    chains: int = 4
    temperatures: int = 16
    leapfrogs: int = 4
    fitted: bool = True

    def __post_init__(self) -> None:
        for name, value, least in (("chains", self.chains, 1), ("leapfrogs", self.leapfrogs, 1)):
            if value < least:
                raise SettingError(_("{name}={value}: expected at least {least}.", name=name, value=value, least=least))
        if self.temperatures < 3:
            raise SettingError(_("temperatures={t}: expected at least 3.", t=self.temperatures))

    @property
    def gradients(self) -> int:
        """Of log p(x, z) for each sample, without what starts it."""
        return self.chains * ((self.temperatures - 2) * self.leapfrogs + 1)


@dataclass(frozen=True)
class LogLikelihoods:
    """Of n samples, nats, float64, (n,) each. lower: annealed, a lower bound on log p(x) in expectation, as is
    `importance` with IMPORTANCE samples of q(z|x). upper: an upper bound in expectation, of samples of the model alone.
    ess: of the weights of the chains, 1 to their number. elbo, refined_elbo: of q(z|x), and of the best diagonal
    Gaussian for each sample."""

    lower: Tensor
    ess: Tensor
    importance: Tensor
    elbo: Tensor
    refined_elbo: Tensor
    upper: Tensor | None = None
    acceptance: float = math.nan


def log_likelihoods(
    model: LatentModel,
    x: Float[Tensor, "n ..."],
    c: Tensor | None = None,
    *,
    exact: Float[Tensor, "n d"] | None = None,
    effort: Effort = Effort(),  # frozen
    seed: int = 0,
    report: Callable[[int, int], Any] = lambda done, n: None,
) -> LogLikelihoods:
    """log p(x) of each x, or log p(x|c), by HMC along geometric paths from a Gaussian fitted to its posterior to
    p(x, z).

    The Gaussian starts as the mean and standard deviation of q(z|x), climbs its ELBO, and has the curvature of the
    posterior at its mean (`vae.sampling.posteriors`): any normalised density may start an annealing, and a closer one
    needs fewer temperatures. exact: the z that each x was drawn with; adds `upper`.
    Wu et al., 2017, On the quantitative analysis of decoder-based generative models, anneal from the prior.

    Raises: NotMeasurable: the model has no rate, or codes that are points.
    """
    device, parts = x.device, []
    for i in range(0, len(x), PART):
        rows = slice(i, i + PART)
        generator = torch.Generator().manual_seed(seed + i)
        given = None if c is None else c[rows]
        drawn_with = None if exact is None else exact[rows]
        parts.append(_part(model, x[rows], given, exact=drawn_with, effort=effort, generator=generator))
        report(min(i + PART, len(x)), len(x))
    joined = {
        name: torch.cat([getattr(part, name) for part in parts]).double().to(device)
        for name in ("lower", "ess", "importance", "elbo", "refined_elbo", *(["upper"] if exact is not None else []))
    }
    return LogLikelihoods(**joined, acceptance=float(np.mean([part.acceptance for part in parts])))


def _part(
    model: LatentModel,
    x: Tensor,
    c: Tensor | None,
    *,
    exact: Tensor | None,
    effort: Effort,
    generator: torch.Generator,
) -> LogLikelihoods:
    n = len(x)

    def joint(z: Tensor) -> Tensor:
        return log_joint(model, x, z, c)

    with torch.no_grad(), seeded(int(torch.randint(2**31, (), generator=generator)), x.device):
        q = model.infer(x, c)
        if not q.kl or not bool((q.std > 0).all()):
            raise NotMeasurable(_("annealing needs posteriors with a width and a prior: this model has none."))
        sampled = importance(model, x, q, IMPORTANCE, c)[0]
    mu, std = q.mu.detach(), q.std.detach()
    near = refined(joint, mu, std, generator=generator)
    start = with_curvature(joint, *near) if effort.fitted else Gaussians.diagonal(mu, std)

    def base(u: Tensor) -> Tensor:
        return -0.5 * (u.square() + math.log(2 * math.pi)).sum(1)

    def target(u: Tensor) -> Tensor:
        return joint(start.latents(u)) + start.log_volume().repeat(len(u) // n)

    def drawn() -> Tensor:
        return noise(mu.repeat(effort.chains, 1), generator)

    t, steps = effort.temperatures, effort.leapfrogs
    schedule = tuned(base, target, drawn(), t, leapfrogs=steps, samples=n, generator=generator)
    forwards = anneal(base, target, drawn(), schedule, generator=generator)
    log_w = forwards.log_w.view(effort.chains, n)
    found = LogLikelihoods(
        lower(log_w),
        effective(log_w),
        sampled,
        elbo(joint, mu, std, DRAWS, generator),
        elbo(joint, *near, DRAWS, generator),
        acceptance=float(forwards.acceptance.mean()),
    )
    if exact is None:
        return found
    u = start.standardised(exact).repeat(effort.chains, 1)
    back = anneal(base, target, u, schedule, generator=generator, backwards=True)
    return replace(found, upper=upper(back.log_w.view(effort.chains, n)))


def simulated(
    model: LatentModel, n: int, c: Tensor | None, seed: int, device: torch.device
) -> tuple[Float[Tensor, "n ..."], Float[Tensor, "n d"]]:
    """(x, z) ~ p(x, z): of these x the posterior has an exact draw, which is z."""
    generator = torch.Generator().manual_seed(seed)
    z = model.sample_prior(n, generator, c=c).to(device)
    with torch.no_grad(), seeded(seed, device):
        params: Any = model.params  # type: ignore[attr-defined]  # `annealed_group` asks only models that have it
        return model.likelihood.sample(params(z) if c is None else params(z, c)).to(z), z


@metric_group(
    name="annealed",
    title=N_("log p(x) by annealed importance sampling, with bounds from both sides, and the amortisation gap"),
    figures=N_(
        "`annealed_nll_nats` of test samples, an upper bound on −log p(x) in expectation, with "
        "`annealed_ess`, the effective number of its chains; `importance_nll_nats` of the same samples by importance "
        "sampling from q(z|x), and `annealed_gain_nats`, by how much that is too high; `sandwich_gap_nats` between "
        "lower and upper bounds on log p(x) of samples that the model itself generated; `amortisation_gap_nats`, the "
        "ELBO that the encoder loses to the best diagonal Gaussian for each sample"
    ),
    terms={
        "annealed_nll_nats": "annealed-importance-sampling",
        "annealed_ess": "effective-sample-size",
        "importance_nll_nats": "nll",
        "annealed_gain_nats": "annealed-importance-sampling",
        "sandwich_gap_nats": "bidirectional-monte-carlo",
        "amortisation_gap_nats": "amortisation-gap",
    },
)
def annealed_group(s: Subject) -> dict[str, Any]:
    """Of N test samples drawn by the seed, and as many samples of the model."""
    effort, rng = Effort(), np.random.default_rng(s.seed)
    rows = torch.from_numpy(np.sort(rng.permutation(len(s.x_test))[:N])).to(s.device)
    x, n = to_float(s.x_test[rows]), len(rows)
    c = None if s.given is None else told(s.model, s.given[rows])
    drawn = ""
    if s.model.likelihood.measure == "binary" and is_grey(x.cpu().numpy()):
        x = torch.from_numpy(binarised(x.cpu().numpy(), s.seed)).to(s.device)
        drawn = in_english("; one seeded binarisation of each sample")
    both = hasattr(s.model, "params") and "sequential" not in s.engine.traits
    total = 2 * n if both else n
    found = log_likelihoods(s.model, x, c, effort=effort, seed=s.seed, report=lambda done, _n: s.progress(done, total))
    how = in_english(
        f"annealed importance sampling from a Gaussian fitted to each posterior, {effort.chains} chains of "
        f"{effort.temperatures} temperatures, {effort.gradients} gradients a sample (Neal, 2001; Wu et al., 2017)"
        f"{drawn}"
    )
    many = in_english(
        f"importance samples of q(z|x), k = {IMPORTANCE}, the same test samples (Burda et al., 2016){drawn}"
    )
    out = {
        "annealed_nll_nats": _mean(-found.lower, s.seed, how, "upper"),
        "annealed_ess": _mean(found.ess, s.seed, in_english(f"of {effort.chains} chains; {how}")),
        "importance_nll_nats": _mean(-found.importance, s.seed, many, "upper"),
        "annealed_gain_nats": _mean(
            found.lower - found.importance, s.seed, in_english(f"importance_nll_nats − annealed_nll_nats; {how}")
        ),
        "amortisation_gap_nats": _mean(
            found.refined_elbo - found.elbo,
            s.seed,
            in_english(
                f"ELBO of the best diagonal Gaussian, {STEPS} steps of Adam for each sample, minus that of q(z|x), "
                f"{DRAWS} draws each (Cremer et al., 2018)"
            ),
        ),
    }
    if both:
        x, z = simulated(s.model, n, c, s.seed, s.device)
        gap = log_likelihoods(
            s.model, x, c, exact=z, effort=effort, seed=s.seed, report=lambda done, _n: s.progress(n + done, total)
        )
        assert gap.upper is not None
        sandwich = in_english(
            "upper bound by bidirectional Monte Carlo (Grosse et al., 2015) minus lower bound, samples of the model; "
            f"{how}"
        )
        out["sandwich_gap_nats"] = _mean(gap.upper - gap.lower, s.seed, sandwich)
    return out


def _mean(each: Float[Tensor, " n"], seed: int, protocol: str, bound: str = "") -> Estimate:
    return Estimate(float(each.mean()), len(each), seed, standard_error(each), protocol, bound)


def missed(figures: dict[str, Any]) -> str:
    """A sentence where importance sampling misses more than APART nats of log p(x); "" where it does not."""
    gain = figures.get("annealed_gain_nats")
    if gain is None or abs(gain.value) <= APART:
        return ""
    return _(
        "Importance sampling from q(z|x) with k = {k} misses {gain} nats of log p(x) that annealing finds: the "
        "NLL on the card is too high by about as much.",
        k=IMPORTANCE,
        gain=significant(gain.value, 3),
    )
