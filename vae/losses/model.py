"""The type of a model in the rooms below and around `vae.models`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

if TYPE_CHECKING:
    Model = Any  # to a type checker every attribute of an nn.Module is a Tensor or a Module, even a method
else:
    Model = nn.Module  # that follows vae.models.model.LatentModel
