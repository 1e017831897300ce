"""What training minimises. An objective is called (model, x, step, y) and returns a Loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn

from . import terms
from .schedules import Schedule, constant
from .types import Latent, Loss

ONE = constant(1.0)
Term = Callable[[nn.Module, object, Tensor], Tensor]


class Sum(nn.Module):
    """The batch mean of distortion + beta(step) * rate + sum of weight(step) * term.

    parts report every term unweighted, and elbo = -(distortion + rate), so that figures from different weights can
    be compared: a weighted loss is never reported as a bound.
    """

    def __init__(self, beta: Schedule = ONE, **extra: tuple[Term, Schedule]):
        super().__init__()
        self.weighted = {"distortion": (terms.distortion, ONE), "rate": (terms.rate, beta), **extra}

    def forward(self, model: nn.Module, x: Tensor, step: int, y: Tensor | None = None) -> Loss:
        output = model(x, y)
        values = {name: term(model, output, x) for name, (term, _) in self.weighted.items()}
        total = sum(weight(step) * values[name].mean() for name, (_, weight) in self.weighted.items())
        parts = {name: value.detach() for name, value in values.items()}
        if output.latent.kl:  # where nothing is paid for the code, there is no bound to report
            parts["elbo"] = -(parts["distortion"] + parts["rate"])
        return Loss(total, parts)


class ImportanceWeighted(nn.Module):
    """The batch mean of -log 1/k sum_i p(x, z_i) / q(z_i|x), z_i ~ q(z|x), nats. Burda et al., 2016, equation 8.

    Its gradient weighs each log weight by the share its own weight has in the sum (equation 14). Doubly
    reparameterised, the encoder is reached through the draws alone, by the squares of those shares, and not through
    the density that they are drawn from; the decoder's gradient is the same. Tucker et al., 2019, equation 8: equal in
    expectation, and the encoder's signal does not drown in noise as k grows.

    parts: iwae_bound of this k; distortion, rate and elbo are those of one draw, as any other model has them.
    """

    def __init__(self, k: int, doubly_reparameterised: bool = False):
        super().__init__()
        self.k, self.doubly_reparameterised = k, doubly_reparameterised

    def forward(self, model: nn.Module, x: Tensor, step: int, y: Tensor | None = None) -> Loss:
        output = model(x, y)
        draws = model.resample(output.latent, self.k)
        density = _detached(draws) if self.doubly_reparameterised else draws
        log_w = terms.log_weights_at(model, x, draws.z, density, y)
        if self.doubly_reparameterised and draws.z.requires_grad:
            shares = log_w.detach().softmax(0).view(-1, 1)
            draws.z.register_hook(lambda gradient: gradient * shares)  # what arrives is weighed by the shares once
        bound = torch.logsumexp(log_w, 0) - math.log(self.k)
        distortion, rate = (term(model, output, x).detach() for term in (terms.distortion, terms.rate))
        parts = {"distortion": distortion, "rate": rate, "elbo": -(distortion + rate), "iwae_bound": bound.detach()}
        return Loss(-bound.mean(), parts)


def _detached(q: Latent) -> Latent:
    return replace(q, mu=q.mu.detach(), std=q.std.detach(), context=tuple(c.detach() for c in q.context))
