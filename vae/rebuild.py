"""The model of a checkpoint, rebuilt from its settings and its parameters."""

from __future__ import annotations

import torch

from .checkpoint import MODEL, Checkpoint
from .errors import CheckpointError, ZscopeError
from .registry import FAMILIES, IMPORTED, MODALITIES, configure
from .types import Spec


def restore(saved: Checkpoint, device: torch.device) -> tuple[torch.nn.Module, torch.nn.Module]:
    """The model and objective of a checkpoint, with its parameters. Raises: CheckpointError."""
    from safetensors import SafetensorError
    from safetensors.torch import load as load_tensors

    c = saved.config
    if c["family"] == IMPORTED:
        from .imported import restore as restore_decoder  # here: it makes checkpoints with maps

        return restore_decoder(saved, device), torch.nn.Module()
    try:
        family = FAMILIES.get(c["family"])
        spec = Spec(tuple(c["spec"]["shape"]), c["spec"]["n_data"], c["spec"]["n_classes"], c["spec"]["modality"])
        MODALITIES.get(spec.modality)
        model, objective = family.build(spec, configure(family.Hparams, c["hparams"]))
        model.load_state_dict(load_tensors(saved.files[MODEL]))
    except (ZscopeError, SafetensorError, KeyError, RuntimeError, ValueError, TypeError) as e:
        raise CheckpointError(f"{saved.path.name}: its model cannot be rebuilt: {e}") from e
    return model.to(device), objective.to(device)
