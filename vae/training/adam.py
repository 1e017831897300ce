"""A named group of parameters and the Adam that moves them: a model's own, or those of its adversary."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.adam import adam

from ..errors import ZscopeError
from ..text import _

EPS = 1e-8
MOMENTS = ("step", "exp_avg", "exp_avg_sq")


class Group:
    """Parameters that minimise one scalar and nothing else, by Adam (Kingma and Ba, 2015).

    The arithmetic is torch's fused kernel, called without torch.optim's bookkeeping, which takes as long as the
    kernel on small nets; the gradient is clipped in the same pass.

    Args: name: of its tensors in `state()`; betas: of Adam.
    """

    def __init__(self, name: str, parameters: list[nn.Parameter], lr: float, betas: tuple[float, float]):
        self.name, self.parameters, self.lr, self.betas = name, parameters, lr, betas
        device = parameters[0].device
        self.fused = device.type in ("cpu", "cuda")
        step = torch.zeros((), device=device if device.type == "cuda" else "cpu")
        self.moments = [(step.clone(), torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
        self._taken, self._clipped = 0, torch.zeros((), device=device)  # steps since `clipped_share` was asked for

    def take_gradients(self, loss: Tensor, *, keep_graph: bool = False, averaged: bool = False) -> None:
        """Those of `loss` for this group, which replace the last ones; no other tensor gets any. averaged: over all
        processes, which DistributedDataParallel does in `backward` alone."""
        for p in self.parameters:
            p.grad = None  # its memory is free before the next needs some: half the traffic past the cache
        if averaged:
            loss.backward(inputs=self.parameters, retain_graph=keep_graph)
            return
        gradients = torch.autograd.grad(loss, self.parameters, allow_unused=True, retain_graph=keep_graph)
        taken: set[int] = set()
        for p, g in zip(self.parameters, gradients, strict=True):
            p.grad = g if g is None else _own(g, p, taken)

    @torch.no_grad()
    def step(self, share: float, clip: float) -> None:
        """One step at `share` of the learning rate, the gradient scaled down to the norm `clip` if that is not 0."""
        moved = [(p, p.grad, *m) for p, m in zip(self.parameters, self.moments, strict=True) if p.grad is not None]
        if not moved:
            return
        parameters, gradients, steps, first, second = map(list, zip(*moved, strict=True))
        scale = _excess(gradients, clip) if clip else None
        self._taken += 1
        if scale is not None:
            self._clipped += scale > 1  # on the device: nothing waits for it
        if scale is not None and not self.fused:
            gradients, scale = [g / scale for g in gradients], None
        options: dict[str, Any] = {
            "lr": self.lr * share, "beta1": self.betas[0], "beta2": self.betas[1], "weight_decay": 0.0,
            "eps": EPS, "amsgrad": False, "maximize": False,
        }  # fmt: skip
        if self.fused:
            torch._foreach_add_(steps, 1)
            torch._fused_adam_(parameters, gradients, first, second, [], steps, grad_scale=scale, **options)
        else:
            adam(parameters, gradients, first, second, [], steps, **options)

    def clipped_share(self) -> float:
        """Share of the steps since the last call, or the first step, whose gradient was scaled down; 0 without any
        step. Waits for the device."""
        share = float(self._clipped) / max(1, self._taken)
        self._taken = 0
        self._clipped.zero_()
        return share

    def state(self) -> dict[str, Tensor]:
        """Adam's moments as `name.i.key`."""
        return {
            f"{self.name}.{i}.{key}": value
            for i, kept in enumerate(self.moments)
            for key, value in zip(MOMENTS, kept, strict=True)
        }

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continue where `state()` was taken. Raises: ZscopeError: if it is of another model."""
        for key, value in self.state().items():
            saved = state.get(key)
            if saved is None or saved.shape != value.shape:
                found = "nothing" if saved is None else tuple(saved.shape)
                raise ZscopeError(
                    _(
                        "this resume file belongs to another model: {key} has shape {found}, not {expected}.",
                        key=key,
                        found=found,
                        expected=tuple(value.shape),
                    )
                )
            value.copy_(saved)


def _own(g: Tensor, p: Tensor, taken: set[int]) -> Tensor:
    """g as a kernel that reads parameter and gradient side by side, and scales the latter in place, needs it: laid out
    like p and of memory that no other gradient has. Autograd promises neither: a + b gives both the same tensor."""
    memory = g.untyped_storage().data_ptr()
    if g.stride() == p.stride() and memory not in taken:
        taken.add(memory)
        return g
    return torch.empty_like(p).copy_(g)


def _excess(gradients: list[Tensor], clip: float) -> Tensor | None:
    """By what the gradient's norm exceeds `clip`, at least 1; None on a CPU, where a look is free, for exactly 1."""
    if gradients[0].device.type == "cpu":
        norm = math.sqrt(sum(float(torch.dot(g, g)) for g in (g.reshape(-1) for g in gradients)))
        return torch.tensor(norm / clip) if norm > clip else None
    return (nn.utils.get_total_norm(gradients) / clip).clamp(min=1.0)
