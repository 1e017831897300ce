"""The model of a checkpoint, rebuilt from its settings and its parameters."""

from __future__ import annotations

from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from ..errors import CheckpointError, ZscopeError
from ..losses.model import Model
from ..registry import FAMILIES, IMPORTED, MODALITIES, Family
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
        tensors = load_tensors(saved.files[MODEL])
        _check_shapes(family, spec, hparams, tensors)
        model, objective = family.build(spec, hparams)
        model.load_state_dict(tensors)
    except (ZscopeError, SafetensorError, KeyError, RuntimeError, ValueError, TypeError) as e:
        raise CheckpointError(_("{name}: the model cannot be rebuilt: {error}", name=saved.path.name, error=e)) from e
    return model.to(device), objective.to(device)


def _check_shapes(family: Family, spec: Spec, hparams: Any, tensors: dict[str, torch.Tensor]) -> None:
    """Before memory is taken for a model: whether its parameters have the shapes of those that were saved. A family of
    the user's own that cannot be built without values is not checked. Raises: ValueError."""
    try:
        with torch.device("meta"):
            model, _objective = family.build(spec, hparams)
    except NotImplementedError:
        return
    built = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    given = {name: tuple(value.shape) for name, value in tensors.items()}
    if wrong := sorted(name for name in built.keys() | given.keys() if built.get(name) != given.get(name)):
        raise ValueError(
            _(
                "{name} has the shape {given} in {file}, and the settings give {built}.",
                name=wrong[0],
                given=given.get(wrong[0]),
                file=MODEL,
                built=built.get(wrong[0]),
            )
        )
