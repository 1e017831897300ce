"""A folder that stands in place of another in one step: written aside, renamed under a lock, put back after a kill."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock


def write(path: Path, data: bytes) -> None:
    """A file that outlives a failure of the machine's power."""
    with open(path, "wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())


def lock(folder: Path) -> FileLock:
    """Held while folders are renamed; one for each thread, which may take it again while it holds it."""
    return FileLock(folder / ".lock", is_singleton=True, thread_local=True, poll_interval=0.01)


@contextlib.contextmanager
def settled(folder: Path) -> Iterator[None]:
    """Nobody renames in `folder` meanwhile. Where we may not write, nobody of ours does."""
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        yield
        return
    with lock(folder):
        yield


def swap(new: Path, target: Path) -> None:
    """Put one folder in place of what stands there, only with the lock."""
    old = target.with_name(f".{target.name}.old")
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        os.rename(target, old)
    os.rename(new, target)
    flush_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def flush_folder(path: Path) -> None:
    """Put renames on the disk before what they replaced is deleted; Windows flushes them by itself."""
    if os.name == "posix":
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(target: Path) -> None:
    """Remove what processes that no longer live had begun to write for `target`."""
    for partial in target.parent.glob(f".{glob.escape(target.name)}.*.partial"):
        writer = partial.name.removeprefix(f".{target.name}.").split("-")[0]
        if writer.isdigit() and not _alive(int(writer)):
            shutil.rmtree(partial, ignore_errors=True)


def _alive(pid: int) -> bool:
    if os.name == "nt":
        return True  # there, signal 0 is Ctrl-C
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def recover(target: Path) -> None:
    """Put back the folder that a process killed between the two renames of `swap` had moved aside."""
    old = target.with_name(f".{target.name}.old")
    if target.exists() or not old.exists():
        return
    with settled(target.parent):
        if not target.exists() and old.exists():
            os.rename(old, target)
