"""Training sets that do not fit: every sample once an epoch, mixed, the same for a seed, in bounded memory."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.test_train import numbers, run, trainer_of
from vae.errors import SettingError
from vae.registry import DATASETS, Dataset
from vae.saved import checkpoint
from vae.saved.checkpoint import MODEL, RESUME
from vae.training import experiment, stream
from vae.training.plan import Plan
from vae.training.stream import DEFAULT_MB, MEGABYTE, SHARE, Stream
from vae.training.trainer import fit
from vae.types import Samples

CPU = torch.device("cpu")
SHAPE = (1, 4, 4)


def mapped(folder, n: int, shape=SHAPE) -> np.memmap:
    """Row i holds i in its first three bytes; on disk, opened as a user would."""
    x = np.random.default_rng(0).integers(0, 256, (n, *shape), dtype=np.uint8)
    flat = x.reshape(n, -1)
    for k in range(3):
        flat[:, k] = np.arange(n) >> 8 * k & 255
    np.save(folder / "x.npy", x)
    return np.load(folder / "x.npy", mmap_mode="r")


def ids(x: torch.Tensor) -> torch.Tensor:
    flat = x.flatten(1)[:, :3].long()
    return flat[:, 0] + 256 * flat[:, 1] + 65536 * flat[:, 2]


def small(monkeypatch, x, y=None, rows: int = 40, block: int = 8) -> Stream:
    """A stream with chunks of some `rows` rows and blocks of `block`."""
    found = Stream(x, y, CPU, 1)
    found.bytes = rows * x[:1].nbytes
    monkeypatch.setattr(stream, "BLOCK_BYTES", block * x[:1].nbytes)
    return found


def batches(data: Stream, seed: int = 0, batch: int = 8) -> list[torch.Tensor]:
    order = torch.Generator().manual_seed(seed)
    return [ids(x.index_select(0, rows)) for x, _, rows in data.epoch(order, batch)]


# ---------------------------------------------------------------- order


@pytest.mark.parametrize("n", [1, 7, 40, 41, 333, 1000])
@pytest.mark.parametrize(("batch", "block"), [(8, 8), (8, 3), (6, 50), (20, 4)])
def test_an_epoch_has_every_row_once_in_full_batches_but_for_the_last(tmp_path, monkeypatch, n, batch, block):
    data = small(monkeypatch, mapped(tmp_path, n), block=block)
    batch = min(batch, n)
    for seed in range(3):
        found = batches(data, seed, batch)
        assert sorted(torch.cat(found).tolist()) == list(range(n))
        assert [len(b) for b in found] == [batch] * (n // batch) + [n % batch] * (n % batch > 0)


def test_block_and_batch_divide_a_chunk_that_keeps_the_bound():
    for row, batch, megabytes in ((784, 128, 512), (784, 100, 1), (3 * 256 * 256, 128, 512), (3 * 256 * 256, 96, 64)):
        data = Stream(np.zeros((10, row), np.uint8), None, CPU, megabytes)
        block, chunk = data.sizes(batch)
        assert block % batch == 0 or batch % block == 0
        assert chunk % block == chunk % batch == 0
        assert block * row <= stream.BLOCK_BYTES
        assert 2 * chunk * row <= megabytes * MEGABYTE or chunk == max(batch, block)
    assert Stream(np.zeros((10, 8 * MEGABYTE), np.uint8), None, CPU, 1).sizes(4) == (1, 4)  # at least a batch


def test_a_set_sorted_by_class_is_mixed(tmp_path, monkeypatch):
    """Four classes one after the other: rows of a batch come from all, and no batch is far from a fair share."""
    data = small(monkeypatch, mapped(tmp_path, 4000), rows=800, block=8)
    shares = torch.stack([torch.bincount(b // 1000, minlength=4) for b in batches(data, batch=80)]) / 80
    assert float(shares.min()) > 0
    assert float((shares - 0.25).abs().mean()) < 0.08  # of 80 fair draws .039; blocks of 8 add their own


def test_the_seed_gives_the_order_and_every_epoch_has_its_own(tmp_path, monkeypatch):
    data = small(monkeypatch, mapped(tmp_path, 333))
    one, again, other = (torch.cat(batches(data, seed)) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    order = torch.Generator().manual_seed(1)
    epochs = [torch.cat([ids(x[rows]) for x, _, rows in data.epoch(order, 8)]) for _ in range(2)]
    assert torch.equal(epochs[0], one)
    assert not torch.equal(epochs[1], one)


def test_labels_stay_with_their_rows(tmp_path, monkeypatch):
    y = torch.randperm(333, generator=torch.Generator().manual_seed(0))
    data = small(monkeypatch, mapped(tmp_path, 333), y)
    for x, labels, rows in data.epoch(torch.Generator().manual_seed(0), 8):
        assert torch.equal(labels[rows], y[ids(x[rows])])


def test_the_next_chunk_loads_while_this_one_trains(tmp_path, monkeypatch):
    """Nothing more is asked for, and yet it is read; what trains meanwhile stays what it was."""
    data = small(monkeypatch, mapped(tmp_path, 400))
    began, load = [], data._load

    def watched(number, spans):
        began.append(number)
        return load(number, spans)

    monkeypatch.setattr(data, "_load", watched)
    epoch = data.epoch(torch.Generator().manual_seed(0), 8)
    x, _, rows = next(epoch)
    before = x.clone()
    until = time.monotonic() + 30
    while len(began) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert began == [0, 1]
    rest = sum(len(rows) for _, _, rows in epoch) + len(rows)
    assert rest == 400
    assert began[:3] == [0, 1, 0]
    assert len(set(ids(before).tolist())) == len(before)


# ---------------------------------------------------------------- memory


MEASURE = """
import os, sys
import numpy as np, torch
from vae.training.stream import Stream
x = np.lib.format.open_memmap(sys.argv[1], mode="r")
order = torch.Generator().manual_seed(0)
def held(): return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 2**20
small = Stream(x[:1000], None, torch.device("cpu"), 1)
for a, _, rows in small.epoch(order, 128): a.index_select(0, rows).float()
before, most = held(), 0
for a, _, rows in Stream(x, None, torch.device("cpu"), 32).epoch(order, 128):
    a.index_select(0, rows).float()
    most = max(most, held())
print(most - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts memory as Linux does")
def test_memory_stays_within_the_bound_whatever_the_set_weighs(tmp_path):
    """400 MB streamed through 32: the process grows by little more, pages of the map included."""
    shape = (400 * MEGABYTE // 784, 1, 28, 28)
    np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.uint8, shape).flush()
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "x.npy")]
    grown = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert 20 < grown < 64


def test_a_private_copys_changes_survive_the_stream(tmp_path, monkeypatch):
    mapped(tmp_path, 100)
    x = np.load(tmp_path / "x.npy", mmap_mode="c")
    x[5] = 77
    batches(small(monkeypatch, x))
    assert (x[5] == 77).all()


# ---------------------------------------------------------------- which one is taken


def test_what_does_not_fit_half_of_the_free_memory_is_streamed(monkeypatch):
    x = np.broadcast_to(np.uint8(0), (1000, 1000))
    for free, found in ((1e6 / SHARE - 1, DEFAULT_MB), (1e6 / SHARE, 0), (None, 0)):
        monkeypatch.setattr(stream, "free_bytes", lambda device, free=free: free)
        assert stream.megabytes(None, x, CPU) == found
        assert stream.megabytes(0, x, CPU) == 0
        assert stream.megabytes(7, x, CPU) == 7


def test_the_free_memory_of_this_machine_is_told():
    free = stream.free_bytes(CPU)
    assert free is None or 10 * MEGABYTE < free < 2**50


# ---------------------------------------------------------------- training


def test_fit_trains_on_a_stream_and_its_labels(tmp_path, monkeypatch):
    trainer, seen = trainer_of("ae", train={"batch_size": 32}), []
    trainer.model.condition = (300,)  # as if it were told labels
    inner = trainer.objective.forward
    trainer.objective.forward = lambda m, x, step, c=None: (
        seen.append((x.clone(), c.argmax(1))),
        inner(m, x, step, c),
    )[1]
    data = small(monkeypatch, mapped(tmp_path, 300), torch.arange(300), rows=96)
    epoch = next(e for e in fit(trainer, data, None, None, 1) if e.kind == "epoch")
    assert epoch.step == len(seen) == 10
    assert torch.cat([y for _, y in seen]).sort().values.tolist() == list(range(300))
    assert all(torch.equal(ids((255 * x).round()), y) for x, y in seen)


@pytest.fixture
def large(tmp_path, monkeypatch) -> Plan:
    """A plan for a data set on disk whose training samples come as a memory map, 2 MB of it through 1 MB."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    x, y = mapped(tmp_path, 30_000, (1, 8, 8)), np.arange(30_000) % 3
    load = lambda: Samples(x, y, x[:200], y[:200])  # noqa: E731
    entry = Dataset("large", "Large", "image", (1, 8, 8), ("a", "b", "c"), "CC0 1.0", "made up", "nobody", load)
    monkeypatch.setitem(DATASETS.all(), "large", entry)
    settings = {"net": "mlp", "width": "8", "d": "2", "batch_size": "500"}
    return Plan("vae", "large", settings, epochs=2, name="a", points=100, stream_mb=1)


def test_a_memory_map_trains_like_any_data_set_and_resumes_bit_for_bit(large):
    straight = run(large)
    broken = replace(large, name="b")
    run(broken, 1)
    again = run(replace(broken, stream_mb=None), 2, resume=True)  # a stream is taken up with its own size
    assert again.files[MODEL] == straight.files[MODEL]
    assert again.files[RESUME] == straight.files[RESUME]
    assert numbers(again) == numbers(straight)
    assert again.config["stream_mb"] == 1
    assert "--stream 1" in again.config["command"]
    assert run(replace(large, name="c", stream_mb=0)).files[MODEL] != straight.files[MODEL]
    with pytest.raises(SettingError, match="it streams 1 MB at a time, not 0"):
        run(replace(broken, stream_mb=0), 2, resume=True)


def test_a_memory_map_is_streamed_by_itself_where_memory_is_short_and_goes_all_the_way(large, monkeypatch):
    """To the map of the finished model; said, and kept in the command that repeats it."""
    monkeypatch.setattr(stream, "free_bytes", lambda device: 3 * MEGABYTE)
    said: list[str] = []
    events = list(experiment.train(replace(large, stream_mb=None, epochs=1), report=said.append))
    assert events[-1].kind == "done"
    saved = checkpoint.read(checkpoint.root() / "a")
    assert saved.config["stream_mb"] == DEFAULT_MB
    assert f"--stream {DEFAULT_MB}" in saved.config["command"]
    assert f"streaming the training set, {DEFAULT_MB} MB at a time" in said
    assert saved.config["atlas"]["n"] == 100


def test_a_stream_has_a_size():
    with pytest.raises(SettingError, match="stream=-1: expected 0 to"):
        Plan("vae", "digits", {}, stream_mb=-1).check()
