"""Lower precision where it is cheap: inside encoder and decoder, whose matrix products are most of a step."""

from __future__ import annotations

import torch
from torch import nn

PRECISIONS = ("float32", "bfloat16")


def mixed(model: nn.Module, precision: str) -> None:
    """In training, every `encoder` and `decoder` within the model computes in `precision`; what comes out is float32.

    Parameters, gradients, optimiser, likelihood, rate and every measurement stay float32: sums over pixels in
    bfloat16, of 8 bits, would be off by nats. Micikevicius et al., 2018, Mixed precision training; bfloat16 has the
    range of float32, so that no loss scaling is needed. Recurrent nets are left as they are.
    """
    if precision == "float32":
        return
    dtype = getattr(torch, precision)
    for name, net in model.named_modules():
        if name.split(".")[-1] in ("encoder", "decoder") and not isinstance(net, nn.RNNBase):
            net.forward = _within(net, net.forward, dtype)


def _within(net: nn.Module, forward, dtype: torch.dtype):
    def run(x: torch.Tensor) -> torch.Tensor:
        if not net.training:
            return forward(x)
        with torch.autocast(x.device.type, dtype):
            return forward(x).float()

    return run
