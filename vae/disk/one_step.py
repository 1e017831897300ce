"""A file that appears in one step: readers find the old one or the new one, and a full disk costs neither."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A hidden path beside `path`, with its suffix, to write to: on leaving, that file takes the place of `path`. When
    the block fails it is removed, and `path` is as it was. Raises: OSError."""
    partial = path.with_name(f".{os.getpid()}-{threading.get_ident()}.partial.{path.name}")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
