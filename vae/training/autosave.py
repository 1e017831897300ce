"""Saving a training while it goes on: often enough that a killed process loses seconds, and seldom enough that saving
takes a small share of the time."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ..saved import checkpoint

SPACING, LONGEST_S = 10.0, 30.0  # the time between two saves: so many times what the last one took, but no longer


class Autosave:
    """Writes epochs to a checkpoint folder. The first one is written at once, a later one if it is time. Until then
    the newest epoch is kept in memory, where `flush` finds it: only a process that is killed loses it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._waiting: tuple[dict[str, Any], dict[str, bytes], bool] | None = None
        self._next_s = 0.0

    def take(self, config: dict[str, Any], files: dict[str, bytes], *, keep_note: bool) -> None:
        """An epoch, as checkpoint.save takes it. Raises: SaveError: the one written last is untouched."""
        self._waiting = config, files, keep_note
        if time.monotonic() >= self._next_s:
            self.flush()

    def flush(self) -> None:
        """Write the newest epoch, unless it was written already. Raises: SaveError: as `take`."""
        if self._waiting is None:
            return
        config, files, keep_note = self._waiting
        began = time.monotonic()
        checkpoint.save(self.folder, config, files, keep_note=keep_note)
        self._waiting = None
        ended = time.monotonic()
        self._next_s = ended + min(SPACING * (ended - began), LONGEST_S)
