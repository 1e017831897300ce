"""The type of a model in the rooms below and around `vae.models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    Model = Any  # to a type checker whatever is looked up on an nn.Module is a Tensor or a Module, also a method
else:
    Model = nn.Module  # one that keeps vae.models.model.LatentModel
