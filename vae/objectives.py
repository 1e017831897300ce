"""What training minimises. An objective is called (model, x, step, y) and returns a Loss."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

from . import terms
from .schedules import Schedule, constant
from .types import Loss

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
