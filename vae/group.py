"""A named group of parameters and the Adam that moves them: a model's own, or those of its adversary."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .errors import ZscopeError


class Group:
    """Parameters that minimise one scalar and nothing else; Adam (Kingma and Ba, 2015).

    Args: name: of its tensors in `state()`; betas: of Adam.
    """

    def __init__(self, name: str, parameters: list[nn.Parameter], lr: float, betas: tuple[float, float]):
        self.name, self.parameters, self.lr = name, parameters, lr
        fused = parameters[0].device.type in ("cpu", "cuda")
        self.optimizer = torch.optim.Adam(parameters, lr=lr, betas=betas, fused=fused)

    def take_gradients(self, loss: Tensor, *, keep_graph: bool = False) -> None:
        """Those of `loss` for this group, which replace the last ones; no other tensor gets any."""
        gradients = torch.autograd.grad(loss, self.parameters, allow_unused=True, retain_graph=keep_graph)
        for p, g in zip(self.parameters, gradients, strict=True):
            p.grad = g

    def step(self, share: float, clip: float) -> None:
        """One step at `share` of the learning rate, the gradient scaled down to the norm `clip` if that is not 0."""
        if clip:
            self._clip(clip)
        self.optimizer.param_groups[0]["lr"] = self.lr * share
        self.optimizer.step()

    def _clip(self, clip: float) -> None:
        moved = [p for p in self.parameters if p.grad is not None]
        norm = nn.utils.get_total_norm([p.grad for p in moved])
        if norm.device.type != "cpu" or norm > clip:  # a look is free on a CPU, a pass is not
            scaled = torch._foreach_mul([p.grad for p in moved], (clip / (norm + 1e-6)).clamp(max=1.0))
            for p, g in zip(moved, scaled, strict=True):
                p.grad = g  # never in place: two parameters may have been given one and the same tensor

    def state(self) -> dict[str, Tensor]:
        """Adam's moments as `name.i.key`."""
        moments = {}
        for i, p in enumerate(self.parameters):
            for key, value in self.optimizer.state.get(p, {}).items():
                moments[f"{self.name}.{i}.{key}"] = value
        return moments

    def restore(self, state: dict[str, Tensor]) -> None:
        """Continue where `state()` was taken. Raises: ZscopeError: if it is of another model."""
        for i, p in enumerate(self.parameters):
            start = f"{self.name}.{i}."
            saved = {k.removeprefix(start): v for k, v in state.items() if k.startswith(start)}
            if saved and saved["exp_avg"].shape != p.shape:
                raise ZscopeError(
                    f"this resume file is of another model: {tuple(saved['exp_avg'].shape)} for {tuple(p.shape)}."
                )
            self.optimizer.state[p] = {
                k: v.clone().to(p.device if k != "step" or p.device.type == "cuda" else "cpu") for k, v in saved.items()
            }
