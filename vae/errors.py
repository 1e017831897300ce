"""The exceptions. Every message says what was given, what was expected and what exists."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from .text import _, ngettext

MOST, FEW = 60, 3  # names that a message lists: all up to MOST, else the FEW closest


class ZscopeError(Exception):
    """Base class of all errors that zscope raises on purpose; the message can be shown to users."""


class ShapeError(ZscopeError):
    """An array has the wrong shape, type or range."""


class SettingError(ZscopeError):
    """A setting is unknown, has the wrong type or is outside its range."""


class DataNotFound(ZscopeError):
    """A data set is not on this machine and cannot be downloaded."""


class DataCorrupt(ZscopeError):
    """A data file differs from the published one."""


class CheckpointError(ZscopeError):
    """A checkpoint folder is missing, incomplete, modified, not zscope's or of a newer version."""


class SaveError(ZscopeError):
    """A file could not be written; the previous version is unchanged. said: what and why; kept: what is still there;
    advice: how to go on. Each is a sentence or more, or empty."""

    def __init__(self, said: str, kept: str = "", advice: str = ""):
        super().__init__(" ".join(filter(None, (said, kept, advice))))
        self.said, self.kept, self.advice = said, kept, advice


class DecoderError(ZscopeError):
    """An imported decoder raised an error, needs too much memory or cannot be opened. said: its own words, where it
    raised one."""

    def __init__(self, message: str, said: str = ""):
        super().__init__(message)
        self.said = said


class DecoderStopped(DecoderError):
    """The process of an imported decoder took too long or ended; the next call starts it again."""


class DeviceError(ZscopeError):
    """The requested device is not available."""


class NotMeasurable(ZscopeError):
    """A metric that is not defined for the model or its data."""


class UnknownName(ZscopeError):
    """A name that is not in a registry or folder. most: if there are more names, only the FEW closest are listed."""

    def __init__(self, what: str, given: object, known: Iterable[object], most: int = MOST):
        known = sorted(map(str, known))
        close = difflib.get_close_matches(str(given), known, n=1)
        listed = known if len(known) <= most else difflib.get_close_matches(str(given), known, n=FEW, cutoff=0.0)
        names, others = ", ".join(listed), len(known) - len(listed)
        sentences = [_("unknown {what} {given!r}.", what=what, given=given)]
        if close:
            sentences.append(_("Did you mean {close!r}?", close=close[0]))
        if not known:
            sentences.append(_("Known: none."))
        elif others:
            sentences.append(
                ngettext("Known: {names} and {n} other.", "Known: {names} and {n} others.", others, names=names)
            )
        else:
            sentences.append(_("Known: {names}.", names=names))
        super().__init__(" ".join(sentences))
        self.given, self.known = given, known
