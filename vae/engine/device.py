"""The device that a model is on."""

from __future__ import annotations

import os

import torch

from ..errors import DeviceError
from ..text import _


def repeatable(device: torch.device) -> None:
    """From now on this process takes, on CUDA, kernels that give the same bits every time, where there is a choice, so
    that a resumed training repeats; a warning names an operation that has none. Other devices are left as they are."""
    if device.type == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read with the first product
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]


def leave_one_core(device: torch.device) -> None:
    """From now on this process uses all cores but one for a model on a CPU, unless OMP_NUM_THREADS says how many.

    A step of training has about 100 parallel operations, each of which waits for its slowest thread. Where another
    process keeps a core busy, as a browser does that shows the app, they take many times as long as without that core
    (`benchmarks/training_threads.py`). The number stays the same while a model trains, and when it is resumed: sums
    depend on it in their last bits."""
    if device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        torch.set_num_threads(max(1, min(torch.get_num_threads(), cores - 1)))


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
