"""Where the batches of an epoch come from: the training set on the device, or chunks of one that does not fit.

Order of a stream: the rows, rotated by a random number, are cut into blocks of consecutive ones; the blocks are
shuffled; a chunk is the next blocks of that order, and its rows are shuffled. A block is small (a megabyte, or a batch)
and a chunk holds many, from all over the set, so that a set sorted by class is mixed nearly as by one shuffle of all.
An epoch is determined by the seed, the size of a batch and that of a chunk, never by how fast or how free a machine is.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data.rows_on_disk import Rows

MEGABYTE = 2**20
DEFAULT_MB = 512  # of a stream, where none is asked for: the same everywhere, as the order depends on it
BLOCK_BYTES = MEGABYTE  # read at a stretch: large for a disk, small beside a chunk
SHARE = 0.5  # of the free memory that a resident training set may take; the rest is for all else
Batch = tuple[
    Tensor, Tensor | None, Tensor
]  # samples (c, *shape) and their labels or conditions (c, ...) on the device, and which rows of them


class Resident:
    """A training set on the device: any batch is one gather."""

    def __init__(self, x: Tensor, y: Tensor | None):
        self.x, self.y, self.device = x, y, x.device

    def __len__(self) -> int:
        return len(self.x)

    def epoch(self, order: torch.Generator, batch: int) -> Iterator[Batch]:
        """Every row once, in batches of `batch` rows and a last one of what is left."""
        for rows in torch.randperm(len(self), generator=order).to(self.device).split(batch):
            yield self.x, self.y, rows


class Stream:
    """A training set in chunks, the next one loading in a thread while this one trains.

    Two chunks are in memory at a time, on CUDA pinned, with two copies on the device: together `megabytes` here, and as
    much there, but each at least a batch. Pages of a memory map are given back once they are copied.

    Args: x: (n, *shape), a memory map, some of its rows or any array; y: (n,) labels or (n, *condition), all on the
    device.
    """

    def __init__(self, x: np.ndarray | Rows, y: Tensor | None, device: torch.device, megabytes: int):
        self.x, self.y, self.device, self.bytes = x, y, device, megabytes * MEGABYTE // 2
        self.buffers: list[Tensor] = []
        self.copied: list[torch.cuda.Event | None] = [None, None]

    def __len__(self) -> int:
        return len(self.x)

    def sizes(self, batch: int) -> tuple[int, int]:
        """(rows of a block, rows of a chunk); one of block and batch divides the other, and both divide a chunk, so
        that only the last batch of an epoch is short."""
        row = max(1, self.x[:1].nbytes)
        target = max(1, min(BLOCK_BYTES, self.bytes) // row)
        divisors = (rows for rows in range(min(batch, target), 0, -1) if batch % rows == 0)
        block = target // batch * batch or next(divisors)
        step = max(block, batch)
        return block, max(step, self.bytes // row // step * step)

    def epoch(self, order: torch.Generator, batch: int) -> Iterator[Batch]:
        """Every row once, in batches of `batch` rows and a last one of what is left. Takes one number of `order`."""
        own = torch.Generator().manual_seed(int(torch.randint(2**63 - 1, (), generator=order)))
        block, chunk = self.sizes(batch)
        first, whole = int(torch.randint(len(self), (), generator=own)), len(self) // block
        blocks = [*torch.randperm(whole, generator=own).tolist(), *([whole] if len(self) % block else [])]
        starts = [first + i * block for i in blocks]
        stops = [first + min((i + 1) * block, len(self)) for i in blocks]
        spans = list(zip(starts, stops, strict=True))
        several = chunk // block
        chunks = [spans[i : i + several] for i in range(0, len(spans), several)]
        self._reserve(min(chunk, len(self)))
        with ThreadPoolExecutor(1, "zscope-stream") as loader:
            coming = loader.submit(self._load, 0, chunks[0])
            for i in range(len(chunks)):
                rows = coming.result()
                x = self._on_device(i % 2, len(rows))
                if i + 1 < len(chunks):
                    coming = loader.submit(self._load, (i + 1) % 2, chunks[i + 1])
                y = None if self.y is None else self.y[rows.to(self.device)]
                for picked in torch.randperm(len(rows), generator=own).to(self.device).split(batch):
                    yield x, y, picked

    def _reserve(self, rows: int) -> None:
        if not self.buffers or len(self.buffers[0]) < rows:
            like = torch.from_numpy(np.empty((0,), self.x.dtype))
            shape, pinned = (rows, *self.x.shape[1:]), self.device.type == "cuda"
            self.buffers = [torch.empty(shape, dtype=like.dtype, pin_memory=pinned) for _ in range(2)]

    def _load(self, number: int, spans: list[tuple[int, int]]) -> Tensor:
        """Copies spans of rows, counted on past the end of the set, into a buffer; the numbers of those rows."""
        if (copied := self.copied[number]) is not None:
            copied.synchronize()  # the device may still be reading what lies there
        target, n, at = self.buffers[number].numpy(), len(self), 0
        for start, stop in spans:
            for a, b in ((start, min(stop, n)), (max(start, n) - n, stop - n)):
                if a < b:
                    target[at : at + b - a] = self.x[a:b]
                    at += b - a
        _give_back(self.x.source if isinstance(self.x, Rows) else self.x)
        return torch.cat([torch.arange(start, stop) for start, stop in spans]) % n

    def _on_device(self, number: int, rows: int) -> Tensor:
        chunk = self.buffers[number][:rows]
        if self.device.type != "cuda":
            return chunk.to(self.device)
        chunk = chunk.to(self.device, non_blocking=True)
        self.copied[number] = copied = torch.cuda.Event()
        copied.record()
        return chunk


def megabytes(asked: int | None, x: np.ndarray | Rows, device: torch.device) -> int:
    """0: x is to live on the device; else the megabytes of a stream. asked: None lets the free memory decide."""
    if asked is not None:
        return asked
    free = free_bytes(device)
    return DEFAULT_MB if free is not None and x.nbytes > SHARE * free else 0


def free_bytes(device: torch.device) -> int | None:
    """What a device has left, of main memory with what the system would give up for it; None where nobody says."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    told = Path("/proc/meminfo")
    if told.exists():
        lines = dict(line.split(":") for line in told.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    names = getattr(os, "sysconf_names", {})
    if "SC_PHYS_PAGES" in names:  # without a figure of what is free: half of what there is
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return None


def _give_back(x: np.ndarray) -> None:
    """Pages of a map that were read count as this process's memory until they are given back. Not of a private copy,
    whose changes would be lost."""
    if isinstance(x, np.memmap) and x.mode in ("r", "r+") and hasattr(mmap, "MADV_DONTNEED"):
        mapped: Any = x  # numpy does not declare what its map is
        mapped._mmap.madvise(mmap.MADV_DONTNEED)
