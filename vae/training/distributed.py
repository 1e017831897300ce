"""Data-parallel training under torchrun, by PyTorch's own DistributedDataParallel: who takes which samples, who speaks.

Every process holds the data set and walks through it in the one order that all share, so that the union of their shares
is the batch that one process would take; what a loss needs of all of it is gathered (vae/losses/batch_shares.py).
Outside torchrun there is one process, the first, and nothing is changed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ..errors import DeviceError, SettingError
from ..text import _
from ..types import Loss

STRIDE = 2654435761  # between the seeds of two processes: far from that of an epoch, which is 1


def launched() -> bool:
    """Whether torchrun started this process."""
    return dist.is_available() and dist.is_torchelastic_launched()


def speaks() -> bool:
    """Whether this process prints, measures and saves: the first of all, or the only one."""
    return not launched() or os.environ["RANK"] == "0"


def launcher() -> str:
    """The start of a shell command that repeats this run."""
    return f"torchrun --nproc-per-node {os.environ['LOCAL_WORLD_SIZE']}" if launched() else "python"


def own(device: torch.device) -> torch.device:
    """The device of this process: a CUDA device of its own, or the CPU, which all share. Raises: DeviceError."""
    if not launched() or device.type == "cpu":
        return device
    local, there = int(os.environ["LOCAL_RANK"]), torch.cuda.device_count()
    if device.type != "cuda" or local >= there:
        raise DeviceError(
            _(
                "{type}: this is process {local} of this machine, and CUDA devices here: {there}. Expected one device "
                "for each process, or --device cpu.",
                type=device.type,
                local=local + 1,
                there=there,
            )
        )
    torch.cuda.set_device(local)
    return torch.device("cuda", local)


@contextlib.contextmanager
def group(device: torch.device) -> Iterator[None]:
    """Within, the processes that torchrun started train together: through NCCL on CUDA, else through gloo."""
    if launched():
        cuda = device.type == "cuda"
        dist.init_process_group("nccl" if cuda else "gloo", device_id=device if cuda else None)
    try:
        yield
    finally:
        if launched():
            dist.destroy_process_group()


def place() -> tuple[int, int]:
    """(the number of this process, how many there are); (0, 1) outside a group."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_available() and dist.is_initialized() else (0, 1)


def in_turn(load: Callable[[], Any]) -> Any:
    """load() of the first process, then of the others: what must be downloaded is, once."""
    rank, world = place()
    for turn in (0, 1):
        if turn == min(rank, 1):
            loaded = load()
        if world > 1:
            dist.barrier()
    return loaded


def agreed(value: int, device: torch.device) -> int:
    """What the first process says; all must call it."""
    if place()[1] == 1:
        return value
    said = torch.tensor(value, device=device)
    dist.broadcast(said, 0)
    return int(said)


class Replica(nn.Module):
    """What PyTorch wraps. It sees forward alone, and objectives ask more of a model; an adversary stays out of it, as
    its gradients are taken apart from the model's."""

    def __init__(self, model: nn.Module, objective: nn.Module):
        super().__init__()
        self.model, self.held = model, (objective,)

    def forward(self, x: Tensor, step: int, c: Tensor | None) -> Loss:
        return self.held[0](self.model, x, step, c)


def replica(model: nn.Module, objective: nn.Module, batch_size: int) -> nn.Module | None:
    """(x, step, c) -> the loss of this process's share; `backward` averages the model's gradients over all processes.
    None for a single one. Raises: SettingError: fewer samples a batch than processes."""
    world = place()[1]
    if batch_size < world:
        raise SettingError(
            _(
                "batch_size={batch_size}: expected at least {world}, one sample for each process.",
                batch_size=batch_size,
                world=world,
            )
        )
    return DistributedDataParallel(Replica(model, objective)) if world > 1 else None


def begin_epoch(seed: int, epoch: int) -> None:
    """Noise of its own for every process: the first goes on with its generator, which a checkpoint keeps; the others
    begin anew, so that they need no state to resume."""
    if rank := place()[0]:
        torch.manual_seed((seed + rank * STRIDE + epoch) % 2**32)


def average(parameters: list[nn.Parameter]) -> None:
    """Over processes, the gradients of parameters that the replica does not hold."""
    world = place()[1]
    for p in parameters if world > 1 else ():
        if p.grad is not None:
            dist.all_reduce(p.grad)
            p.grad /= world


def mean(means: dict[str, float], rows: int, device: torch.device) -> dict[str, float]:
    """Means over the rows of this process -> over those of all."""
    if place()[1] == 1:
        return means
    sums = torch.tensor([rows, *(value * rows for value in means.values())], dtype=torch.float64, device=device)
    dist.all_reduce(sums)
    return dict(zip(means, (sums[1:] / sums[0]).tolist(), strict=True))
