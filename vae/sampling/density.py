"""A log density at a batch of latents, with its gradient: what every kernel moves under."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import SettingError, ShapeError
from ..text import _

LogDensity = Callable[[Tensor], Tensor]  # (n, d) -> (n,), nats, up to a constant


@dataclass(frozen=True)
class State:
    """Where n chains are. z (n, d); values (k, n) and gradients (k, n, d): of each of the k terms of the density."""

    z: Tensor
    values: Tensor
    gradients: Tensor | None = None

    def moved(self, other: State, accepted: Tensor) -> State:
        """The other state in the rows (n,) that accepted it."""
        row = accepted[:, None]
        z = torch.where(row, other.z, self.z)
        values = torch.where(accepted, other.values, self.values)
        if self.gradients is None or other.gradients is None:
            return State(z, values)
        return State(z, values, torch.where(row, other.gradients, self.gradients))


@dataclass(frozen=True)
class Density:
    """exp(sum_i weights_i term_i(z)), not normalised. With two terms and the weights 1 - beta and beta it is the
    geometric path between them; a State serves for every beta, as it keeps the terms apart.

    A term is told n latents, or k times n, all n of the first draw first: a density that differs from row to row (the
    posterior of each of n samples) repeats its rows as often.
    """

    terms: tuple[LogDensity, ...]
    weights: tuple[float, ...] = (1.0,)

    @classmethod
    def of(cls, log_density: LogDensity) -> Density:
        return cls((log_density,))

    def at(self, z: Float[Tensor, "n d"], *, gradient: bool = True) -> State:
        """Every term at z. Raises: ShapeError: a term returns other than (n,); SettingError: it has no gradient."""
        if not gradient:
            with torch.no_grad():
                return State(z, torch.stack([_checked(term(z), z) for term in self.terms]))
        values, gradients = [], []
        with torch.inference_mode(False), torch.enable_grad():
            leaf = z.detach().clone().requires_grad_()
            for term in self.terms:
                value = _checked(term(leaf), z)
                if not value.requires_grad:
                    raise SettingError(
                        _("this log density has no gradient in z: use a kernel without gradients, pcn or i-sir.")
                    )
                gradients.append(torch.autograd.grad(value.sum(), leaf)[0])
                values.append(value.detach())
        return State(z, torch.stack(values), torch.stack(gradients))

    def differentiable_at(self, z: Float[Tensor, "n d"]) -> State:
        """Every term at z with its gradient, all of them differentiable, in z if it is, and in what the terms depend
        on. It takes the second derivatives of the terms to train through them. Raises: as `at`."""
        with torch.enable_grad():
            z = z if z.requires_grad else z.detach().requires_grad_()
            values = [_checked(term(z), z) for term in self.terms]
            gradients = [torch.autograd.grad(value.sum(), z, create_graph=True)[0] for value in values]
        return State(z, torch.stack(values), torch.stack(gradients))

    def log_p(self, state: State) -> Float[Tensor, " n"]:
        """The log density, nats, up to a constant."""
        return torch.stack([w * v for w, v in zip(self.weights, state.values, strict=True)]).sum(0)

    def gradient(self, state: State) -> Float[Tensor, "n d"]:
        """Of the log density in z."""
        assert state.gradients is not None
        return torch.stack([w * g for w, g in zip(self.weights, state.gradients, strict=True)]).sum(0)


def _checked(value: Tensor, z: Tensor) -> Tensor:
    if value.shape != z.shape[:1]:
        raise ShapeError(
            _("the log density returned {given}: expected ({n},).", given=tuple(value.shape), n=len(z)),
        )
    return value


def noise(like: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal numbers of this shape, the same on every device."""
    return torch.randn(like.shape, generator=generator, device=generator.device).to(like)


def uniform(n: int, like: Tensor, generator: torch.Generator) -> Tensor:
    """n numbers from 0 to 1, the same on every device."""
    return torch.rand(n, generator=generator, device=generator.device).to(like)
