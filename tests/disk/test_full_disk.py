"""A full disk: every writer says what it could not write and why, and leaves all files as they were."""

from __future__ import annotations

import io
import re
import tempfile

import numpy as np
import pytest

from tests.data.test_own_pictures import read
from tests.saved.conftest import CONFIG
from tests.small_disk import disk  # noqa: F401  a fixture
from vae.commands.files import _save_npz
from vae.data.own import shelf
from vae.disk.one_step import replacing, save_array
from vae.errors import SaveError
from vae.forming import snapshots
from vae.library import manage, packing, user_data
from vae.metrics import features
from vae.runs import control, folder, starting
from vae.saved import checkpoint, directions
from vae.saved.directions import Named
from vae.sweeps import sweeps
from vae.training.plan import Plan

NET = features.Net((1, 8, 8), 10, 8)
TEXT = "x" * 9_000  # more than what is left, which is less than a page
PLAN = Plan("vae", "digits", {"net": "mlp", "width": "8", "d": "2"}, 3, name="b")


def saved() -> None:
    checkpoint.save(checkpoint.root() / "a", CONFIG, {checkpoint.MODEL: b"weights"})


def queued() -> folder.Run:
    return starting.start(PLAN, work=False)


FULL = r"cannot write .*: the disk is full \(.* free in .*\)\. .*Free some space"
WRITERS = {
    "a checkpoint": (saved, lambda: checkpoint.save(checkpoint.root() / "a", CONFIG, {checkpoint.MODEL: b"x" * 9_000})),
    "a note": (saved, lambda: manage.annotate("a", TEXT[:4000])),
    "a rename": (saved, lambda: manage.rename("a", "other")),
    "a direction": (saved, lambda: directions.save(checkpoint.card("a"), Named("up", (0.1,) * 1000))),
    "a run": (saved, queued),
    "a sweep": (saved, lambda: sweeps.start(PLAN, "d", (2.0, 3.0), work=False)),
    "a request": (queued, lambda: control.pause("b")),
    "a snapshot": (queued, lambda: snapshots.write(folder.find("b").folder / "s" / "1.npz", {"a": np.ones(5000)})),
    "features": (saved, lambda: features._write(features.cache("digits") / "c", NET, {})),
    "decoded samples": (saved, lambda: _save_npz(checkpoint.root().parent / "out.npz", x=np.random.rand(5000))),
}  # fmt: skip


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_says_so_and_leaves_all_as_it_was(disk, writer):  # noqa: F811
    before, write = WRITERS[writer]
    before()
    found = disk.files()
    disk.fill()
    with pytest.raises(SaveError, match=FULL) as e:
        write()
    assert str(disk.folder) in str(e.value)
    assert disk.files() == found
    disk.empty()
    write()
    assert disk.files() != found


def test_a_data_set_that_does_not_fit_leaves_the_old_one(disk, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr(shelf, "DISK_RESERVE", -(2**40))
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).normal(size=(3000, 8)))
    one = read(tmp_path / "x.npz")
    user_data.add("mine", one)
    found = disk.files()
    disk.fill(8192)
    with pytest.raises(SaveError, match=r"cannot write .*mine: the disk is full .* Nothing was changed"):
        user_data.add("mine", one, replace=True)
    assert disk.files() == found
    shelf.verify("mine")


def test_a_zip_that_does_not_fit_is_not_unpacked(disk, tiny_root, monkeypatch):  # noqa: F811
    with monkeypatch.context() as patch:
        patch.setenv("ZSCOPE_CHECKPOINTS", str(tiny_root))
        data = packing.pack("tiny-vae")
    disk.fill(20_000)
    with pytest.raises(SaveError, match="the disk is full"):
        packing.unpack(io.BytesIO(data), "again")
    assert not re.findall("again|partial", " ".join(disk.files()))
    disk.empty()
    packing.unpack(io.BytesIO(data), "again")


def test_a_folder_for_the_time_being_that_cannot_be_made_is_told(disk, tiny_checkpoint, monkeypatch):  # noqa: F811
    monkeypatch.setenv("TMPDIR", str(disk.folder / "missing"))
    monkeypatch.setattr(tempfile, "tempdir", str(disk.folder / "missing"))
    with pytest.raises(SaveError, match=r"cannot write .*TMPDIR|cannot write .*zscope: No such file"):
        packing.unpack(io.BytesIO(packing.pack("tiny-vae")), "again")


def test_an_array_for_another_process_that_does_not_fit_is_told(disk):  # noqa: F811
    disk.fill(4096)
    with pytest.raises(SaveError, match=FULL):
        save_array(disk.folder / "z.npy", np.ones(9_000))
    assert disk.files() == {}


def test_a_file_in_one_step_leaves_no_half(disk):  # noqa: F811
    target = disk.folder / "file"
    target.write_bytes(b"old")
    disk.fill()
    with pytest.raises(SaveError), replacing(target) as partial:
        partial.write_bytes(bytes(100_000))
    assert disk.files() == {"file": b"old"}
