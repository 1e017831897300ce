"""Training objectives: each is called as (model, x, step, c) and returns a Loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from operator import add

import torch
from torch import Tensor, nn

from ..types import Latent, Loss, Output
from . import terms
from .model import Model
from .schedules import Schedule, constant

ONE = constant(1.0)
Term = Callable[[Model, Output, Tensor], Tensor]


class Sum(nn.Module):
    """The batch mean of distortion + beta(step) * rate + sum of weight(step) * term.

    Args: corrupt: applied to the model's input during training; every term is computed with the clean x.
    """

    def __init__(
        self,
        beta: Schedule = ONE,
        corrupt: Callable[[Tensor], Tensor] | None = None,
        **extra: tuple[Term, Schedule],
    ):
        super().__init__()
        self.corrupt = corrupt
        self.weighted = {"distortion": (terms.distortion, ONE), "rate": (terms.rate, beta), **extra}

    def forward(self, model: Model, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        seen = self.corrupt(x) if self.corrupt and self.training else x
        output = model(seen, c)
        return weigh(output, {k: (term(model, output, x), weight(step)) for k, (term, weight) in self.weighted.items()})


def weigh(output: Output, values: dict[str, tuple[Tensor, float]]) -> Loss:
    """The sum of weight * mean over the batch, from name -> (value, weight); distortion and rate are among the names.

    A value (b,) is in nats and goes to the parts; a scalar is a penalty on the batch in a unit of its own, which only
    its weight turns into nats, and goes to the figures. Both are reported unweighted, with ELBO = -(distortion + rate),
    so that models trained with different weights can be compared: a weighted loss is never reported as a bound. With
    several levels, the rate of each from the top is reported as rate_1, rate_2, ...
    """
    total = reduce(add, (value if weight == 1 else weight * value for value, weight in values.values())).mean()
    parts = {name: value.detach() for name, (value, _weight) in values.items() if value.ndim}
    figures = {name: value.detach() for name, (value, _weight) in values.items() if not value.ndim}
    if output.latent.kl:  # without a rate there is no bound
        parts["elbo"] = -(parts["distortion"] + parts["rate"])
    if len(output.latent.kl) > 1:
        parts |= {f"rate_{i}": level.detach() for i, level in enumerate(output.latent.kl, 1)}
    return Loss(total, parts, figures=figures)


class ImportanceWeighted(nn.Module):
    """The batch mean of -log 1/k sum_i p(x, z_i) / q(z_i|x), z_i ~ q(z|x), nats. Burda et al., 2016, equation 8.

    Its gradient weights each log weight by the share of its own weight in the sum (equation 14). With the doubly
    reparameterised estimator, the encoder's gradient flows through the samples z_i alone, weighted by the squares of
    those shares, and not through their density; the decoder's gradient is the same. Tucker et al., 2019, equation 8:
    equal in expectation, with a signal-to-noise ratio for the encoder that does not vanish as k grows.

    parts: iwae_bound with this k; distortion, rate and ELBO with one sample, as for all other models.
    """

    def __init__(self, k: int, doubly_reparameterised: bool = False):
        super().__init__()
        self.k, self.doubly_reparameterised = k, doubly_reparameterised

    def forward(self, model: Model, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        output = model(x, c)
        draws = model.resample(output.latent, self.k)
        density = _detached(draws) if self.doubly_reparameterised else draws
        log_w = terms.log_weights_at(model, x, draws.z, density, c)
        if self.doubly_reparameterised and draws.z.requires_grad:
            shares = log_w.detach().softmax(0).view(-1, 1)
            draws.z.register_hook(lambda gradient: gradient * shares)  # which has one factor of shares already
        bound = torch.logsumexp(log_w, 0) - math.log(self.k)
        distortion, rate = (term(model, output, x).detach() for term in (terms.distortion, terms.rate))
        parts = {"distortion": distortion, "rate": rate, "elbo": -(distortion + rate), "iwae_bound": bound.detach()}
        return Loss(-bound.mean(), parts)


def _detached(q: Latent) -> Latent:
    return replace(q, mu=q.mu.detach(), std=q.std.detach(), context=tuple(c.detach() for c in q.context))
