"""Lower precision inside encoder and decoder, whose matrix products take most of a step."""

from __future__ import annotations

import copy

import torch
from torch import nn

from ...losses.model import Model

PRECISIONS = ("float32", "bfloat16")


def mixed(model: nn.Module, precision: str) -> None:
    """In training, every `encoder` and `decoder` of the model computes in `precision`; their outputs are float32.

    Parameters, gradients, optimiser, likelihood, rate and every measurement stay float32: sums over pixels in
    bfloat16, of 8 bits, would be off by nats. Micikevicius et al., 2018, Mixed precision training; bfloat16 has the
    range of float32, so that no loss scaling is needed. Recurrent nets are unchanged.
    """
    if precision != "float32":
        for net in _nets(model, ("encoder", "decoder")):
            net.forward = _within(net, net.forward, getattr(torch, precision), always=False)


def decoding_in(model: Model, precision: str) -> Model:
    """The model, or, for a precision other than float32, a copy for evaluation whose decoders compute in it. Encoders,
    densities and sums stay float32. Recurrent nets are unchanged."""
    if precision == "float32":
        return model
    with torch.inference_mode(False):  # a copy made within would hold tensors that count no versions
        model = copy.deepcopy(model)
    for net in _nets(model, ("decoder",)):
        net.forward = _within(net, net.forward, getattr(torch, precision), always=True)
    return model


def _nets(model: nn.Module, names: tuple[str, ...]) -> list[nn.Module]:
    found = [net for name, net in model.named_modules() if name.split(".")[-1] in names]
    return [net for net in found if not isinstance(net, nn.RNNBase)]


def _within(net: nn.Module, forward, dtype: torch.dtype, always: bool):
    def run(x: torch.Tensor) -> torch.Tensor:
        if not (net.training or always):
            return forward(x)
        with torch.autocast(x.device.type, dtype):
            return forward(x).float()

    return run
