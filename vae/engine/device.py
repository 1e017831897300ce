"""The device that a model is on."""

from __future__ import annotations

import os

import torch

from ..errors import DeviceError
from ..text import _


def choose_device(requested: str | None = None) -> torch.device:
    """requested, else ZSCOPE_DEVICE, else CUDA, then MPS, then CPU. Raises: DeviceError: not available."""
    available = ["cuda"] * torch.cuda.is_available() + ["mps"] * torch.backends.mps.is_available() + ["cpu"]
    name = requested or os.environ.get("ZSCOPE_DEVICE") or available[0]
    try:
        device = torch.device(name)
    except RuntimeError:
        raise DeviceError(
            _("unknown device {name!r}; available: {devices}.", name=name, devices=", ".join(available))
        ) from None
    if device.type not in available or (device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()):
        raise DeviceError(
            _("device {name!r} is not available; available: {devices}.", name=name, devices=", ".join(available))
        )
    return device
