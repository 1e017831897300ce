"""The model of a checkpoint, rebuilt from its settings and its parameters."""

from __future__ import annotations

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from ..errors import CheckpointError, ZscopeError
from ..losses.model import Model
from ..registry import FAMILIES, IMPORTED, MODALITIES
from ..settings import configure
from ..text import _
from ..types import Spec
from . import decoders
from .checkpoint import MODEL, Checkpoint


def restore(saved: Checkpoint, device: torch.device) -> tuple[Model, torch.nn.Module]:
    """The model and objective of a checkpoint, with its parameters. Raises: CheckpointError."""
    c = saved.config
    if c["family"] == IMPORTED:
        return decoders.restore(saved, device), torch.nn.Module()
    try:
        family = FAMILIES.get(c["family"])
        s = c["spec"]
        condition = tuple(s["condition"]) if "condition" in s else ()  # older configs have none
        spec = Spec(tuple(s["shape"]), s["n_data"], s["n_classes"], s["modality"], condition)
        MODALITIES.get(spec.modality)
        hparams = configure(family.Hparams, c["hparams"])
        if read := [k for k, v in c["hparams"].items() if getattr(hparams, k) != v]:
            raise ValueError(_("hparams.{name} is {value!r}", name=read[0], value=c["hparams"][read[0]]))
        model, objective = family.build(spec, hparams)
        model.load_state_dict(load_tensors(saved.files[MODEL]))
    except (ZscopeError, SafetensorError, KeyError, RuntimeError, ValueError, TypeError) as e:
        raise CheckpointError(_("{name}: the model cannot be rebuilt: {error}", name=saved.path.name, error=e)) from e
    return model.to(device), objective.to(device)
