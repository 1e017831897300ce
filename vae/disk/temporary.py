"""A folder for the time being, and what is said where there is no room for one."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .saving import saving

VARIABLE = "TMPDIR"


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder, deleted on leaving. Raises: SaveError: it cannot be made."""
    with saving(Path(os.environ.get(VARIABLE, "/tmp")) / "zscope", variable=VARIABLE):
        made = tempfile.TemporaryDirectory(prefix="zscope-")
    with made as folder:
        yield Path(folder)
