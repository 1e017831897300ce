"""Corruption of samples, which denoising models learn to undo."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..settings import knob

KINDS = ("masking", "gaussian", "salt_and_pepper")


@dataclass(frozen=True)
class Corruption:
    """x (b, *shape) in 0-1 -> a corrupted copy, with torch's global generator; at level 0 x itself.

    masking: a share `level` of the elements of each sample, always equally many, becomes 0. Vincent et al., 2008.
    salt_and_pepper: such elements become 0 or 1 with equal probability; gaussian: noise with standard deviation `level`
    is added, without clipping. Vincent et al., 2010.
    """

    kind: str
    level: float

    def __call__(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b ..."]:
        if not self.level:
            return x
        if self.kind == "gaussian":
            return x + self.level * torch.randn_like(x)
        replaced = 0.0 if self.kind == "masking" else torch.randint_like(x, 2)
        return torch.where(self._places(x), replaced, x)

    def _places(self, x: Tensor) -> Tensor:
        n = x[0].numel()
        first = torch.rand(len(x), n, device=x.device).argsort(1)[:, : round(self.level * n)]
        return torch.zeros(len(x), n, dtype=torch.bool, device=x.device).scatter_(1, first, True).view_as(x)


@dataclass(frozen=True)
class CorruptionHparams:
    """Settings of families that learn from corrupted samples."""

    corruption: str = knob("masking", "corruption of the encoder's input during training", choices=KINDS)
    corruption_level: float = knob(
        0.25,
        "share of the elements corrupted, or standard deviation of the gaussian noise; 0: no corruption",
        low=0.0,
        high=1.0,
    )

    def corrupt(self) -> Corruption:
        return Corruption(self.corruption, self.corruption_level)
