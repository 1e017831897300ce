"""A stand-in for an accelerator where there is none: what would fail there for want of a `device=`, or of float64.

Tensors on the meta device have shapes and no values. Moved there, a model and its samples go through every kernel by
its shapes alone; `OneDevice` watches for tensors that were left behind. Not seen: numbers, speed, missing kernels.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

DEVICE = torch.device("meta")
MOVES = {torch.ops.aten._to_copy.default, torch.ops.aten.copy_.default}


class OneDevice(TorchDispatchMode):
    """Within, an operation that mixes the stand-in with the CPU raises, as one that makes float64 there does: MPS has
    none. A CPU scalar may meet tensors of a device, and a tensor may be copied from one to the other."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = function(*args, **(kwargs or {}))
        if function not in MOVES:
            devices = {t.device.type for t in tensors((args, kwargs or {}, out)) if t.ndim or t.device == DEVICE}
            if len(devices) > 1:
                raise AssertionError(f"{function}: tensors on {' and '.join(sorted(devices))}")
        if any(t.dtype == torch.float64 and t.device == DEVICE for t in tensors(out)):
            raise AssertionError(f"{function}: float64, which MPS does not have")
        return out


def tensors(of: Any) -> Iterator[Tensor]:
    return (leaf for leaf in tree_leaves(of) if isinstance(leaf, Tensor))
