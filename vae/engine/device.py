"""The device that a model lives on."""

from __future__ import annotations

import os

import torch

from ..errors import DeviceError


def choose_device(requested: str | None = None) -> torch.device:
    """requested, else ZSCOPE_DEVICE, else CUDA, then MPS, then CPU. Raises: DeviceError: naming what exists."""
    exists = ["cuda"] * torch.cuda.is_available() + ["mps"] * torch.backends.mps.is_available() + ["cpu"]
    name = requested or os.environ.get("ZSCOPE_DEVICE") or exists[0]
    try:
        device = torch.device(name)
    except RuntimeError:
        raise DeviceError(f"unknown device {name!r}; here exist: {', '.join(exists)}.") from None
    if device.type not in exists or (device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count()):
        raise DeviceError(f"there is no device {name!r} here; there is: {', '.join(exists)}.")
    return device
