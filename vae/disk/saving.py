"""What is said when something cannot be written: what, why, how much room there is, what was kept, how to go on."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import Timeout

from ..errors import SaveError
from ..text import _, size

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)
LITTLE = 1_000_000  # bytes; with less left a disk is called full


@contextlib.contextmanager
def saving(path: Path, *, kept: str = "", variable: str = "") -> Iterator[None]:
    """Turns an OSError of the block, which writes `path`, into a sentence. The block deletes its own partial files.

    Args: kept: a sentence on what is still there (default: nothing was changed). variable: the environment variable
    that names another folder.
    Raises: SaveError.
    """
    try:
        yield
    except Timeout:  # another process holds the lock
        raise
    except OSError as e:
        raise SaveError(
            _("cannot write {path}: {reason}", path=path, reason=reason(e, path)),
            kept=kept or _("Nothing was changed."),
            advice=advice(e, variable),
        ) from e


def reason(error: OSError, path: Path) -> str:
    """Why `path` could not be written, as the end of a sentence."""
    folder = _existing(path)
    if error.errno == errno.ENOSPC:
        if _no_more_files(folder):
            return _("the disk has no room for another file (free inodes: 0 in {folder}).", folder=folder)
        return _("the disk is full ({free} free in {folder}).", free=size(free(path)), folder=folder)
    if error.errno == errno.EFBIG:
        return _("the file would be larger than this system allows.")
    if error.errno in FULL:
        return _("your disk quota is used up ({free} free on the disk).", free=size(free(path)))
    if error.errno == errno.EROFS:
        return _("the disk is read-only ({folder}).", folder=folder)
    if error.errno in FORBIDDEN:
        return _("no permission to write to {folder}.", folder=folder)
    return f"{error.strerror or error}."


def advice(error: OSError, variable: str = "") -> str:
    """What to do about it; "" where nothing is known. variable: names another folder."""
    if error.errno in FULL:
        if not variable:
            return _("Free some space, then try again.")
        return _("Free some space, or set {variable} to a folder on another disk, then try again.", variable=variable)
    if error.errno in FORBIDDEN:
        if not variable:
            return _("Make it writable, then try again.")
        return _("Make it writable, or set {variable} to another folder, then try again.", variable=variable)
    return _("Set {variable} to another folder, then try again.", variable=variable) if variable else ""


def free(path: Path) -> int:
    """Bytes that this user can still write beside `path`, which need not exist."""
    return shutil.disk_usage(_existing(path)).free


def full(path: Path) -> bool:
    """Whether hardly anything more can be written beside `path`."""
    with contextlib.suppress(OSError):
        return free(path) < LITTLE
    return False


def _existing(path: Path) -> Path:
    """The nearest folder that is there."""
    return next((p for p in Path(path).absolute().parents if p.is_dir()), Path(path).absolute())


def _no_more_files(folder: Path) -> bool:
    if not hasattr(os, "statvfs"):
        return False
    found = os.statvfs(folder)
    return found.f_files > 0 and found.f_favail == 0 and found.f_bavail > 0
