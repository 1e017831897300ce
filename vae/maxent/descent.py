"""Microcanonical sampling: from white noise downhill until the moments are those of the data, as far as the data know
them. Bruna and Mallat, 2018, Multiscale sparse microcanonical models.

What is reached has the moments and much of the noise's entropy, but is not exactly a draw of the model of maximum
entropy. The misfit is measured in standard errors of the data's own averages: at 1, a synthesis differs from the data
as much as chance would make it, but always towards noise. It is stopped at STOP, where that bias is small beside the
errors; further on it would only meet what is chance in the data.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import NotMeasurable, SettingError
from ..text import _
from .moments import Moments, moments

STOP, STEPS = 0.5, 400  # the misfit that is small enough, and the most steps of L-BFGS for each synthesis
HISTORY, INNER, PATIENCE = 20, 4, 5  # of L-BFGS: steps it remembers, steps before a look, looks without progress
PROGRESS, SMALLEST = (
    1e-3,
    1e-3,
)  # a look that brings less brought none; an error counts as at least this share of the typical moment of its kind


@dataclass(frozen=True)
class Target:
    """What is to be met: values (m,) of the moments, with the standard errors (m,) of the averages over one sample."""

    moments: Moments
    values: Float[Tensor, " m"]
    errors: Float[Tensor, " m"]
    shape: tuple[int, ...]
    mean: float
    std: float
    stop: float = STOP

    def residuals(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b m"]:
        """How far each moment of each sample is from its value, in standard errors."""
        return (self.moments(x) - self.values) / self.errors

    def misfit(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
        """The root of the mean square of the residuals."""
        return self.residuals(x).square().mean(1).sqrt()

    def by_kind(self, x: Float[Tensor, "b ..."]) -> dict[str, float]:
        """The misfit of each kind of moments, over all samples."""
        return {kind: float(r.square().mean().sqrt()) for kind, r in self.moments.by_kind(self.residuals(x)).items()}


@dataclass(frozen=True)
class Step:
    """Where one synthesis is. i: which; step: after how many steps; x (1, *shape); done: it will not go on."""

    i: int
    step: int
    x: Tensor
    misfit: float
    done: bool


@dataclass(frozen=True)
class Synthesis:
    """x (n, 1, ...): new samples; misfit (n,) of each, and before the first step; steps (n,): how many each took;
    reached (n,): whether it came to the misfit at which it should stop."""

    x: Tensor
    misfit: tuple[float, ...]
    before: tuple[float, ...]
    steps: tuple[int, ...]
    reached: tuple[bool, ...]


def target(kinds: list[str], x: Float[Tensor, "n 1 ..."], stop: float = STOP) -> Target:
    """These kinds of moments of samples x, averaged over all of them, to be met to a misfit of `stop`.
    Raises: SettingError, ShapeError: as `moments`."""
    x = x.double()
    m = moments(kinds, x)
    values = torch.cat([m(one[None]) for one in x]).mean(0)
    errors = torch.cat([m.errors(one[None])[None] for one in x]).square().mean(0).sqrt()
    floor = [
        SMALLEST * value.square().mean().sqrt().clamp(min=1e-12).expand(len(value))
        for value in m.by_kind(values).values()
    ]
    return Target(
        m, values, torch.maximum(errors, torch.cat(floor)), tuple(x.shape[1:]), float(x.mean()), float(x.std()), stop
    )


def descend(goal: Target, n: int, *, seed: int = 0, most: int = STEPS) -> Iterator[Step]:
    """n syntheses, one after another, each from noise of its own; a Step after each step of L-BFGS.

    Raises: SettingError: n or most is below 1. NotMeasurable: moments that are not finite.
    """
    if n < 1 or most < 1:
        raise SettingError(_("n={n}, steps={most}: expected at least 1.", n=n, most=most))
    generator = torch.Generator().manual_seed(seed)
    for i in range(n):
        noise = torch.randn(1, *goal.shape, generator=generator, dtype=torch.float64)
        yield from _descent(goal, i, (goal.mean + goal.std * noise).to(goal.values.device), most)


def _descent(goal: Target, i: int, x: Tensor, most: int) -> Iterator[Step]:
    x = x.clone().requires_grad_()
    optimiser = torch.optim.LBFGS(
        [x], max_iter=INNER, max_eval=10**6, history_size=HISTORY, line_search_fn="strong_wolfe",
        tolerance_grad=0, tolerance_change=0,
    )  # fmt: skip

    def energy() -> Tensor:
        optimiser.zero_grad()
        value = goal.residuals(x).square().mean() / 2
        value.backward()
        return value

    misfit = best = float(goal.misfit(x.detach())[0])
    since = 0  # looks without a smaller misfit
    yield Step(i, 0, x.detach().clone(), misfit, misfit <= goal.stop)
    for step in range(INNER, most + INNER, INNER):
        if misfit <= goal.stop or since == PATIENCE:
            return
        optimiser.step(energy)
        misfit = float(goal.misfit(x.detach())[0])
        if not math.isfinite(misfit):
            raise NotMeasurable(_("sample {i}, step {step}: its moments are not finite.", i=i, step=step))
        best, since = (misfit, 0) if misfit < best * (1 - PROGRESS) else (best, since + 1)
        done = misfit <= goal.stop or since == PATIENCE or step >= most
        yield Step(i, step, x.detach().clone(), misfit, done)


def synthesise(
    goal: Target,
    n: int,
    *,
    seed: int = 0,
    most: int = STEPS,
    report: Callable[[Step], object] = lambda step: None,
) -> Synthesis:
    """n new samples with these moments. Raises: SettingError: n or most is below 1."""
    first: dict[int, Step] = {}
    last: dict[int, Step] = {}
    for step in descend(goal, n, seed=seed, most=most):
        first.setdefault(step.i, step)
        last[step.i] = step
        report(step)
    return Synthesis(
        torch.cat([last[i].x for i in range(n)]),
        tuple(last[i].misfit for i in range(n)),
        tuple(first[i].misfit for i in range(n)),
        tuple(last[i].step for i in range(n)),
        tuple(last[i].misfit <= goal.stop for i in range(n)),
    )


def same_spectrum(x: Float[Tensor, "1 1 ..."], n: int, *, seed: int = 0) -> Float[Tensor, "n 1 ..."]:
    """n Gaussian samples with the power spectrum of one: its Fourier amplitudes with the phases of noise. Theiler et
    al., 1992, Testing for nonlinearity in time series: the method of surrogate data."""
    x = x.double()
    axes = tuple(range(2, x.ndim))
    generator = torch.Generator().manual_seed(seed)
    noise = torch.fft.fftn(
        torch.randn(n, *x.shape[1:], generator=generator, dtype=torch.float64).to(x.device), dim=axes
    )
    phases = noise / noise.abs().clamp(min=1e-300)
    amplitudes = torch.fft.fftn(x - x.mean(), dim=axes).abs()
    return torch.fft.ifftn(amplitudes * phases, dim=axes).real + x.mean()
