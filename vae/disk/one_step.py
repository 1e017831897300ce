"""Writes a file in one step: readers see the old or the new one, and a full disk destroys neither."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A hidden path beside `path`, with its suffix, to write to: on leaving, that file replaces `path`. If the block
    fails, it is deleted and `path` is unchanged. Raises: OSError."""
    partial = path.with_name(f".{os.getpid()}-{threading.get_ident()}.partial.{path.name}")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
