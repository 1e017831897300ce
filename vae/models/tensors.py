"""Samples as tensors: on the device, as floats, in batches; and random numbers that leave no trace."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ..data.rows_on_disk import Rows

BATCH = 500  # samples per batch of an evaluation


def to_float(x: Tensor) -> Tensor:
    """uint8 0-255 to float32 0-1; floats pass through."""
    return x.float().div_(255.0) if x.dtype == torch.uint8 else x


@contextlib.contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Within, torch's random numbers on the CPU and on this device are those of the seed; afterwards they go on as if
    none had been drawn."""
    before = torch.mps.get_rng_state() if device.type == "mps" else None  # which fork_rng does not know
    try:
        with torch.random.fork_rng([device.index or 0] if device.type == "cuda" else []):
            torch.manual_seed(seed)
            yield
    finally:
        if before is not None:
            torch.mps.set_rng_state(before)


def resident(a: np.ndarray | Rows, device: torch.device) -> Tensor:
    """The whole array, or the rows of one on disk, as a tensor on the device; a memory map is copied."""
    return torch.from_numpy(np.array(a) if isinstance(a, np.memmap) else np.ascontiguousarray(a)).to(device)
