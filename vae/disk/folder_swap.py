"""Replaces a folder in one step: writes a new one aside, renames it under a lock, recovers after a kill."""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock


def write(path: Path, data: bytes) -> None:
    """Write a file and flush it, so that it survives a power failure."""
    with open(path, "wb") as f:
        f.write(data)
        f.flush()
        os.fsync(f.fileno())


def lock(folder: Path) -> FileLock:
    """The lock for renaming folders; one per thread, reentrant."""
    return FileLock(folder / ".lock", is_singleton=True, thread_local=True, poll_interval=0.01)


@contextlib.contextmanager
def settled(folder: Path) -> Iterator[None]:
    """Holds the lock of `folder`, so that nothing in it is renamed meanwhile; without write access there is no lock."""
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        yield
        return
    held = lock(folder)
    try:
        held.acquire()
    except OSError:  # a full disk has no room for the file of the lock: reading goes on without it
        yield
        return
    try:
        yield
    finally:
        held.release()


def swap(new: Path, target: Path) -> None:
    """Replace the folder `target` by `new`. Call with the lock. Raises: OSError: `target` is what it was."""
    old = target.with_name(f".{target.name}.old")
    if target.exists():
        shutil.rmtree(old, ignore_errors=True)
        os.rename(target, old)
    try:
        os.rename(new, target)
    except OSError:
        if old.exists():
            os.rename(old, target)
        raise
    flush_folder(target.parent)
    shutil.rmtree(old, ignore_errors=True)


def flush_folder(path: Path) -> None:
    """Flush renames to disk before the replaced files are deleted; Windows does so by itself."""
    if os.name == "posix":
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def sweep(target: Path) -> None:
    """Delete partial folders of `target` whose processes have died."""
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
    """Restore the folder that a process moved aside if it was killed between the two renames of `swap`."""
    old = target.with_name(f".{target.name}.old")
    if target.exists() or not old.exists():
        return
    with settled(target.parent):
        if not target.exists() and old.exists():
            os.rename(old, target)
