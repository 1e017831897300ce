"""Samples as tensors: on the device, as floats, in batches."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..data.validation import Rows

BATCH = 500  # samples per batch of an evaluation


def to_float(x: Tensor) -> Tensor:
    """uint8 0-255 to float32 0-1; floats pass through."""
    return x.float().div_(255.0) if x.dtype == torch.uint8 else x


def resident(a: np.ndarray | Rows, device: torch.device) -> Tensor:
    """The whole array, or the rows of one on disk, as a tensor on the device; a memory map is copied."""
    return torch.from_numpy(np.array(a) if isinstance(a, np.memmap) else np.ascontiguousarray(a)).to(device)
