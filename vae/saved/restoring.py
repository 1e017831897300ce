"""The model of a checkpoint, rebuilt from its settings and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from ..errors import CheckpointError, SettingError, ZscopeError
from ..losses.model import Model
from ..registry import ATTACHED, FAMILIES, IMPORTED, MODALITIES
from ..settings import configure
from ..text import _
from ..types import Spec
from . import attached_model, decoders
from .checkpoint import MODEL, Checkpoint


def restore(saved: Checkpoint, device: torch.device) -> tuple[Model, torch.nn.Module]:
    """The model and objective of a checkpoint, with its parameters. Raises: CheckpointError."""
    c = saved.config
    if c["family"] == IMPORTED:
        return decoders.restore(saved, device), torch.nn.Module()
    if c["family"] == ATTACHED:
        return attached_model.restore(saved, device), torch.nn.Module()
    try:
        family = FAMILIES.get(c["family"])
        s = c["spec"]
        condition = tuple(s["condition"]) if "condition" in s else ()  # older configs have none
        spec = Spec(tuple(s["shape"]), s["n_data"], s["n_classes"], s["modality"], condition)
        MODALITIES.get(spec.modality)
        hparams, tensors = configure(family.Hparams, c["hparams"]), load_tensors(saved.files[MODEL])
        if read := [k for k, v in c["hparams"].items() if getattr(hparams, k) != v]:
            raise ValueError(_("hparams.{name} is {value!r}", name=read[0], value=c["hparams"][read[0]]))
        _check_shapes(lambda: family.build(spec, hparams)[0], tensors)
        model, objective = family.build(spec, hparams)
        model.load_state_dict(tensors)
    except (ZscopeError, SafetensorError, KeyError, RuntimeError, ValueError, TypeError) as e:
        raise CheckpointError(_("{name}: the model cannot be rebuilt: {error}", name=saved.path.name, error=e)) from e
    return model.to(device), objective.to(device)


def _check_shapes(build: Callable[[], Model], tensors: Mapping[str, torch.Tensor]) -> None:
    """Compares the parameters that the settings of a model call for with those of its file, before memory is taken for
    them: a forged card may call for any number. Raises: SettingError."""
    try:
        with torch.device("meta"):
            expected = {name: tuple(p.shape) for name, p in build().state_dict().items()}
    except NotImplementedError:  # a family that computes with values while it builds cannot be built without memory
        return
    for name, shape in expected.items():
        given = tuple(tensors[name].shape) if name in tensors else None
        if given != shape:
            raise SettingError(
                _(
                    "its settings call for {name} of shape {expected}, its file has {given}.",
                    name=name,
                    expected=shape,
                    given=given or _("none"),
                )
            )
