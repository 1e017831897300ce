"""A disk that can be filled: a file system of its own in memory, or, where none can be mounted, `open` that says so.

Tests that take the fixture `disk` run twice: on a mounted tmpfs, skipped where mounting is not allowed, and with a shim
around `open` that raises OSError as soon as the files of the folder would exceed its capacity, everywhere.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SIZE = 4 * 2**20
LOCKS = (".lock", ".work.lock", ".trainer.lock", ".looking.lock", ".laying.lock")


class Disk:
    """A tmpfs of 4 MB at `folder`."""

    def __init__(self, folder: Path):
        self.folder, self.filler = folder, folder / "filler"

    def fill(self, leave: int = 0) -> None:
        """Leave that many bytes free, in whole pages."""
        with open(self.filler, "ab", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        os.truncate(self.filler, max(0, self.filler.stat().st_size - leave))

    def empty(self) -> None:
        self.filler.unlink()

    def read_only(self) -> None:
        """From now on."""
        subprocess.run(["mount", "-o", "remount,ro", str(self.folder)], check=True)

    def files(self) -> dict[str, bytes]:
        """All that is on it, but for locks, the filler and folders that are empty."""
        return {
            str(p.relative_to(self.folder)): p.read_bytes()
            for p in sorted(self.folder.rglob("*"))
            if p.is_file() and p != self.filler and p.name not in LOCKS and p.suffix != ".lock"
        }


class Shim(Disk):
    """A folder as a disk: opening a file for writing there gives one that fails once all is full."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch):
        super().__init__(folder)
        self.capacity, self.patch = SIZE, monkeypatch
        self.open = io.open
        for module in (io, builtins):
            monkeypatch.setattr(module, "open", self._open)
        monkeypatch.setattr(shutil, "disk_usage", self._usage(shutil.disk_usage))

    def used(self) -> int:
        return sum(p.stat().st_size for p in self.folder.rglob("*") if p.is_file())

    def fill(self, leave: int = 0) -> None:
        self.capacity = self.used() + leave

    def empty(self) -> None:
        self.capacity = SIZE

    def read_only(self) -> None:
        for name in ("mkdir", "rename", "replace", "unlink", "rmdir"):
            self.patch.setattr(os, name, self._refusing(getattr(os, name), lambda *a: True))
        writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT
        self.patch.setattr(os, "open", self._refusing(os.open, lambda path, flags, *a: flags & writes))
        may = os.access
        self.patch.setattr(
            os, "access", lambda p, mode, **k: not (mode & os.W_OK and self._ours(p)) and may(p, mode, **k)
        )
        self._open = self._refusing(self._open, lambda file, mode="r", *a: set(mode) & set("wax+"))
        for module in (io, builtins):
            self.patch.setattr(module, "open", self._open)

    def _refusing(self, call, writes):
        def refused(path, *args, **options):
            if self._ours(path) and writes(path, *args):
                raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
            return call(path, *args, **options)

        return refused

    def _usage(self, usage):
        def here(path):
            found = usage(path)
            if not self._ours(path):
                return found
            used = self.used()
            return type(found)(self.capacity, used, self.capacity - used)

        return here

    def _ours(self, path) -> bool:
        return not isinstance(path, int) and Path(os.fsdecode(path)).is_relative_to(self.folder)

    def _open(self, file, mode="r", buffering=-1, encoding=None, errors=None, newline=None, closefd=True, opener=None):
        if not set(mode) & set("wax+") or not self._ours(file):
            return self.open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        raw = _Full(file, mode.replace("b", "").replace("t", ""))
        raw.disk = self
        return io.BufferedWriter(raw) if "b" in mode else io.TextIOWrapper(io.BufferedWriter(raw), encoding or "utf-8")


class _Full(io.FileIO):
    disk: Shim

    def write(self, data) -> int:
        data = memoryview(data).cast("B")
        free = max(0, self.disk.capacity - self.disk.used())
        if free == 0 and len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data[:free])


@pytest.fixture(params=["tmpfs", "shim"])
def disk(request, tmp_path, monkeypatch):
    """A Disk with the checkpoints, the user's data and the cache on it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    for variable, name in (("ZSCOPE_CHECKPOINTS", "checkpoints"), ("ZSCOPE_OWN", "own"), ("ZSCOPE_CACHE", "cache")):
        monkeypatch.setenv(variable, str(folder / name))
    if request.param == "shim":
        (folder / "checkpoints").mkdir()
        yield Shim(folder, monkeypatch)
        return
    try:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system can be mounted here; the same test runs with the shim")
    try:
        (folder / "checkpoints").mkdir()
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
