"""Durations and sizes, as people say them."""

from __future__ import annotations

import math
from typing import SupportsFloat

from .catalogue import _, ngettext
from .formats import number

UNITS = ("kB", "MB", "GB", "TB")


def duration(seconds: SupportsFloat) -> str:
    """ "1 second", "40 seconds", "3 minutes", "1.5 hours"."""
    seconds = float(seconds)
    if seconds < 90:
        return ngettext("{n} second", "{n} seconds", max(1, round(seconds)))
    if seconds < 5400:
        return ngettext("{n} minute", "{n} minutes", round(seconds / 60))
    return _("{hours} hours", hours=number(seconds / 3600, 1))


def size(n_bytes: SupportsFloat) -> str:
    """Of a file or an array: "640 bytes", "3.2 MB"; a kB is 1000 bytes."""
    n_bytes = float(n_bytes)
    if n_bytes < 1000:
        return ngettext("{n} byte", "{n} bytes", int(n_bytes))
    power = min(len(UNITS), int(math.log(n_bytes, 1000)))
    scaled = n_bytes / 1000**power
    return f"{number(scaled, 1 if scaled < 100 else 0)} {UNITS[power - 1]}"
