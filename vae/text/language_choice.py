"""Which language messages, numbers and dates are in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

LOCALES = Path(__file__).parent / "locales"
SOURCE = "en"  # the language that messages are written in
_chosen: ContextVar[str | None] = ContextVar("language", default=None)


def languages() -> tuple[str, ...]:
    """The languages with a catalogue, English first."""
    return _languages(LOCALES)


@cache  # every message asks, in any language but English
def _languages(folder: Path) -> tuple[str, ...]:
    return tuple(sorted((path.stem for path in folder.glob("*.po")), key=lambda name: (name != SOURCE, name)))


def language() -> str:
    """The language in use: as `using` says, else ZSCOPE_LANGUAGE where there is a catalogue of it, else English."""
    asked = _chosen.get() or os.environ.get("ZSCOPE_LANGUAGE", SOURCE)
    return asked if asked == SOURCE or asked in languages() else SOURCE


@contextmanager
def using(name: str) -> Iterator[None]:
    """Messages inside are in that language. Raises: LookupError: there is no catalogue of it."""
    if name not in languages():
        raise LookupError(f"no catalogue for the language {name!r}; there are {', '.join(languages())}")
    token = _chosen.set(name)
    try:
        yield
    finally:
        _chosen.reset(token)
