"""One exception tree. Every message names what was given, what was expected and what exists."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST, FEW = 60, 3  # names that a message lists


class ZscopeError(Exception):
    """Root of every error zscope raises on purpose; its message can be shown to a user as it is."""


class ShapeError(ZscopeError):
    """An array has the wrong shape, type or range."""


class SettingError(ZscopeError):
    """A setting is unknown, has the wrong type or lies outside its range."""


class DataNotFound(ZscopeError):
    """A data set is neither on this machine nor downloadable from here."""


class DataCorrupt(ZscopeError):
    """A data file exists but its bytes are not the published ones."""


class CheckpointError(ZscopeError):
    """A checkpoint folder is missing, incomplete, edited, foreign or too new."""


class SaveError(ZscopeError):
    """A file could not be written; what was there before is untouched."""


class DeviceError(ZscopeError):
    """The requested device does not exist here."""


class NotMeasurable(ZscopeError):
    """A metric that the model or its data cannot have."""


class UnknownName(ZscopeError):
    """A name that no registry or folder holds. most: of more than that the closest FEW are listed."""

    def __init__(self, what: str, given: object, known: Iterable[object], most: int = MOST):
        known = sorted(map(str, known))
        close = difflib.get_close_matches(str(given), known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        listed = known if len(known) <= most else difflib.get_close_matches(str(given), known, n=FEW, cutoff=0.0)
        more = f" and {len(known) - len(listed)} others" * (len(known) > len(listed))
        have = ", ".join(listed) + more if known else "none"
        super().__init__(f"unknown {what} {given!r}.{hint} Known: {have}.")
        self.given, self.known = given, known
