"""A batch of which several processes each take a share, and what its loss needs of all of it.

Process r of N takes the rows r, r + N, r + 2N, ..., n_r of n. Its loss L_r counts with the weight w_r = N n_r / n, and
DistributedDataParallel averages over processes, so that the gradient is that of sum_r w_r L_r / N. For a mean over rows
that is the mean over the batch. As the weights add up to N, a term that every process computes of `gathered` rows
counts once; and as the backward pass of `gathered` adds up what all processes ask of a row, its gradient is that of a
single process, however unequal the shares are.

Within `taking`, the functions below communicate, and all processes must call them in the same order. Outside, and in a
single process, each returns what it is given.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.distributed as dist
from jaxtyping import Float, Shaped
from torch import Tensor


@dataclass(frozen=True)
class Share:
    """What process `rank` of `world` takes of a batch of `rows` rows."""

    rank: int = 0
    world: int = 1
    rows: int = 0

    @property
    def own(self) -> int:
        """How many rows it takes: with fewer rows than processes, some take none."""
        return len(range(self.rank, self.rows, self.world))

    @property
    def weight(self) -> float:
        """Of the mean over its own rows, so that the mean over processes is that over the batch."""
        return self.own * self.world / self.rows if self.world > 1 else 1.0

    def of(self, batch: Shaped[Tensor, "n ..."]) -> Shaped[Tensor, "m ..."]:
        """Its rows of the whole batch; where it takes none the first, of weight 0, as all processes must take part."""
        return batch[self.rank :: self.world] if self.own or self.world == 1 else batch[:1]


ALONE = Share()
_TAKEN: ContextVar[Share] = ContextVar("share", default=ALONE)


@contextlib.contextmanager
def taking(share: Share) -> Iterator[None]:
    """Within, the rows that a loss is computed of are this share of a batch."""
    token = _TAKEN.set(share)
    try:
        yield
    finally:
        _TAKEN.reset(token)


def gathered(rows: Shaped[Tensor, "m ..."]) -> Shaped[Tensor, "n ..."]:
    """The rows of all processes, in the order of the batch; differentiable."""
    share = _TAKEN.get()
    return rows if share.world == 1 else _Gather.apply(rows, share)


def mine(batch: Shaped[Tensor, "n ..."]) -> Shaped[Tensor, "m ..."]:
    """The rows of this process, of a tensor with a row for each of the batch, or for each of a part of it."""
    return replace(_TAKEN.get(), rows=len(batch)).of(batch)


def mean_of_mine(values: Float[Tensor, " m"], rows: int) -> Float[Tensor, ""]:
    """The mean over `rows` rows, a part of the batch, as a term of this process's loss. values: those of `mine`."""
    share = _TAKEN.get()
    if share.world == 1 or not share.own:
        return values.mean()
    return replace(share, rows=rows).weight / share.weight * values.mean()


def shared(drawn: Tensor) -> Tensor:
    """The random numbers that the first process has drawn, in all of them."""
    if _TAKEN.get().world > 1:
        dist.broadcast(drawn, 0)
    return drawn


def added(values: Tensor) -> Tensor:
    """Sums over the rows of this process -> sums over the batch; not differentiable."""
    share = _TAKEN.get()
    if share.world == 1:
        return values
    total = values.detach().clone() if share.own else torch.zeros_like(values)
    dist.all_reduce(total)
    return total


class _Gather(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, rows: Tensor, share: Share) -> Tensor:
        ctx.share, ctx.shape = share, rows.shape
        batch = rows.new_zeros(share.rows, *rows.shape[1:])
        batch[share.rank :: share.world] = rows[: share.own]
        dist.all_reduce(batch)
        return batch

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        total, share = gradient.clone(memory_format=torch.contiguous_format), ctx.share
        dist.all_reduce(total)
        own = total.new_zeros(ctx.shape)
        own[: share.own] = total[share.rank :: share.world]
        return own, None
