"""Reads two files of a WFDB record: signals in format 212, and beat annotations.

The format is PhysioNet's: <https://physionet.org/physiotools/wag/signal-5.htm> and .../annot-5.htm.
"""

from __future__ import annotations

import numpy as np

from ...errors import DataCorrupt
from ...text import ngettext

CODES = {1: "N", 2: "L", 3: "R", 4: "a", 5: "V", 6: "F", 7: "J", 8: "A", 9: "S", 10: "E", 11: "j", 12: "/", 13: "Q"}
SKIP, NUMBER, SUBTYPE, CHANNEL, TEXT = range(59, 64)  # codes of words that are not annotations


def read_212(data: bytes, channels: int) -> np.ndarray:
    """Samples (n, channels) int16 of a signal file: three bytes are two 12-bit numbers in two's complement.

    Raises: DataCorrupt: the length does not fit pairs of samples, or rows.
    """
    if not data or len(data) % 3 or len(data) // 3 * 2 % channels:
        raise DataCorrupt(
            ngettext(
                "not {channels} signals in format 212: {n} byte, expected a multiple of 3",
                "not {channels} signals in format 212: {n} bytes, expected a multiple of 3",
                len(data),
                channels=channels,
            )
        )
    low, shared, high = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.int16).T
    pairs = np.stack([low | (shared & 0x0F) << 8, high | (shared & 0xF0) << 4], 1)
    return np.where(pairs > 2047, pairs - 4096, pairs).astype(np.int16).reshape(-1, channels)


def read_beats(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Sample number (n,) int64 and symbol (n,) str of every beat in an annotation file; other annotations are left out.

    Raises: DataCorrupt: it has no end mark.
    """
    words = np.frombuffer(data[: len(data) // 2 * 2], "<u2").tolist()
    at, time = 0, 0
    places: list[int] = []
    symbols: list[str] = []
    while at < len(words):
        code, step = words[at] >> 10, words[at] & 0x3FF
        at += 1
        if code == step == 0:
            return np.array(places, np.int64), np.array(symbols, str)
        if code == SKIP:  # a step too long for ten bits: two words, the high one first
            if at + 1 < len(words):
                time += int(np.int32(np.uint32(words[at] << 16 | words[at + 1])))
            at += 2
        elif code == TEXT:
            at += (step + 1) // 2
        elif code not in (NUMBER, SUBTYPE, CHANNEL):
            time += step
            if code in CODES:
                places.append(time)
                symbols.append(CODES[code])
    raise DataCorrupt(
        ngettext(
            "annotation file of {n} byte without an end mark",
            "annotation file of {n} bytes without an end mark",
            len(data),
        )
    )
