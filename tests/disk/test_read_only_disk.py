"""A disk that is read-only: what is there can be listed and read, and every writer says why it cannot write."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tests.disk.test_full_disk import WRITERS, queued, saved
from tests.small_disk import disk  # noqa: F401  a fixture
from vae.__main__ import main
from vae.disk import saving as told
from vae.disk.saving import saving
from vae.errors import SaveError
from vae.runs import control, folder
from vae.runs.folder import FAILED, RUNNING
from vae.saved import checkpoint


@pytest.mark.parametrize("writer", WRITERS)
def test_a_writer_says_that_the_disk_is_read_only(disk, writer):  # noqa: F811
    before, write = WRITERS[writer]
    before()
    found = disk.files()
    disk.read_only()
    with pytest.raises(SaveError, match=r"cannot write .*: the disk is read-only \(.*\)\. .*Make it writable"):
        write()
    assert disk.files() == found


def test_what_is_there_is_listed_and_read(disk, monkeypatch, capsys):  # noqa: F811
    saved()
    run, lost = queued(), None
    with folder.lock():
        lost = folder.change(run, RUNNING, pid=2**22 + 1, began="long ago")
    disk.read_only()
    monkeypatch.setattr(control, "working", lambda: pytest.fail("a worker could not write"))
    assert checkpoint.read(checkpoint.find("a")).files[checkpoint.MODEL] == b"weights"
    assert folder.find(lost.id).state.name == FAILED
    assert main(["runs", "list"]) == 0
    assert main(["list", "checkpoints"]) == 0


def test_what_waits_on_a_read_only_disk_is_told(disk, monkeypatch, capsys):  # noqa: F811
    queued()
    disk.read_only()
    monkeypatch.setattr(control, "working", lambda: pytest.fail("a worker could not write"))
    assert [run.name for run in control.tend()] == ["b"]
    assert main(["runs", "list"]) == 0
    assert "read-only: queued trainings wait" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("number", "said", "advice"),
    [
        (errno.ENOSPC, r"the disk is full \(.*B free in .*\)", "Free some space, then try again."),
        (errno.EDQUOT, "your disk quota is used up", "Free some space"),
        (errno.EFBIG, "larger than this system allows", "Free some space"),
        (errno.EROFS, "the disk is read-only", "Make it writable"),
        (errno.EACCES, "no permission to write to", "Make it writable"),
        (errno.EPERM, "no permission to write to", "Make it writable"),
        (errno.EIO, os.strerror(errno.EIO), ""),
    ],
)
def test_every_reason_has_its_sentence(tmp_path, number, said, advice):
    path = tmp_path / "missing" / "folder" / "file"
    with pytest.raises(SaveError, match=said) as caught, saving(path):
        raise OSError(number, os.strerror(number))
    error = caught.value
    assert error.said.startswith(f"cannot write {path}: ")
    assert error.kept == "Nothing was changed."
    assert advice in error.advice
    assert str(error) == " ".join(filter(None, (error.said, error.kept, error.advice)))
    with pytest.raises(SaveError) as caught, saving(path, kept="The old one is.", variable="ZSCOPE_OWN"):
        raise OSError(number, os.strerror(number))
    assert "The old one is." in str(caught.value)
    assert "ZSCOPE_OWN" in caught.value.advice


def test_a_disk_without_room_for_another_file_is_told_from_a_full_one(tmp_path, monkeypatch):
    monkeypatch.setattr(told, "_no_more_files", lambda folder: True)
    assert "no room for another file" in told.reason(OSError(errno.ENOSPC, ""), Path(tmp_path / "a"))
