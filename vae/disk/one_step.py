"""Writes a file in one step: readers see the old or the new one, and a full disk destroys neither."""

from __future__ import annotations

import contextlib
import io
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .saving import saving


@contextlib.contextmanager
def replacing(path: Path, partial: Path | None = None, *, variable: str = "") -> Iterator[Path]:
    """A hidden path beside `path`, with its suffix, to write to: on leaving, that file replaces `path`. If the block
    fails, it is deleted and `path` is unchanged.

    Args: partial: the hidden path, where only one at a time writes. variable: as in `saving`.
    Raises: SaveError.
    """
    partial = partial or path.with_name(f".{os.getpid()}-{threading.get_ident()}.partial.{path.name}")
    with saving(path, variable=variable):
        try:
            yield partial
            os.replace(partial, path)
        finally:
            with contextlib.suppress(OSError):
                partial.unlink()


def save_array(path: Path, array: np.ndarray) -> None:
    """Write an NPY file in one step. Raises: SaveError."""
    buffer = io.BytesIO()  # np.save writes to a file by itself, and hides why it fails
    np.save(buffer, array)
    write(path, buffer.getbuffer())


def write(path: Path, data: bytes | memoryview, *, flush: bool = False) -> None:
    """Write a file in one step; one at a time may do so. flush: it shall also outlive a power failure.
    Raises: SaveError."""
    with replacing(path, path.with_name(f".{path.name}.partial")) as partial, open(partial, "wb") as file:
        file.write(data)
        if flush:
            file.flush()
            os.fsync(file.fileno())
