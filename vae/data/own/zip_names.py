"""Names of files in a ZIP that does not say how it stores letters: without the UTF-8 flag they are bytes of the system
that packed it. Bytes that are UTF-8 are UTF-8; else the encoding is guessed whose letters are most plausible."""

from __future__ import annotations

import contextlib
import unicodedata
import zipfile
from collections.abc import Sequence

from ...settings import QUESTIONS

UTF8_FLAG = 0x800
FREQUENT = {  # letters that names in these encodings consist of; others are signs that it is another one
    "latin": "äöüßéèêëàâáãåæçñïîíìóòôõøœúùûýÿ",
    "cyrillic": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъёіїєґ",
}
LEADS = {  # of common characters: the first of their two bytes
    "cp932": (0x88, 0x97), "gbk": (0xB0, 0xD7), "big5": (0xA4, 0xC6), "cp949": (0xB0, 0xC8),
}  # fmt: skip
DOUBTFUL = 0.9  # of a wide encoding: its common characters are also pairs of letters of others


def raw(entry: zipfile.ZipInfo) -> bytes | None:
    """The bytes of a name that are not declared as UTF-8; None of a name in ASCII, or one that is."""
    if entry.flag_bits & UTF8_FLAG or entry.orig_filename.isascii():
        return None
    with contextlib.suppress(UnicodeEncodeError):  # of a name that zipfile took from a field of its own
        return entry.orig_filename.encode("cp437")
    return None


def guessed(names: Sequence[bytes]) -> str:
    """The likely encoding of these names together."""
    scores = {codec: sum(_plausible(name, codec) for name in names) for codec in possible(names)}
    return max(scores, key=lambda codec: scores[codec])


def possible(names: Sequence[bytes]) -> list[str]:
    """The encodings in which all these bytes are text; cp437 is always one."""
    out = []
    for codec in QUESTIONS["zip_names"].words:
        with contextlib.suppress(UnicodeDecodeError):
            for name in names:
                name.decode(codec)
            out.append(codec)
    return out


def plain(name: str) -> str:
    """With / between folders, and composed accents, so that names that look alike are alike."""
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


# ---------------------------------------------------------------- how plausible


def _plausible(name: bytes, codec: str) -> float:
    """The mean over the bytes of a name that are not ASCII: 1 for a frequent letter, less for a rare one, below 0 for
    what no name contains."""
    text = name.decode(codec)
    weights = [(_weight(text, i, codec), len(c.encode(codec))) for i, c in enumerate(text) if not c.isascii()]
    total = sum(n for _w, n in weights)
    return sum(w * n for w, n in weights) / total if total else 0.0


def _weight(text: str, i: int, codec: str) -> float:
    c = text[i]
    if codec == "utf-8":
        return 2.0  # bytes of another encoding are hardly ever valid
    if codec in LEADS:
        beside = text[max(0, i - 1) : i] + text[i + 1 : i + 2]
        return _weight_wide(c, codec) - 0.5 * any(t.isascii() and t.isalpha() for t in beside)
    if not c.isalpha():
        return -1.0
    script = "cyrillic" if "CYRILLIC" in unicodedata.name(c, "") else "latin"
    around = [t for t in text[max(0, i - 1) : i] + text[i + 1 : i + 2] if t.isalpha()]
    if script == "cyrillic" and any(t.isascii() for t in around):
        return -1.0  # scripts do not mix within a word
    if script == "latin" and around and not any(t.isascii() for t in around):
        return 0.1  # several accented letters in a row
    if c in FREQUENT[script]:
        return 1.0
    if c.lower() not in FREQUENT[script] or text[max(0, i - 1)].islower():
        return -0.5  # a capital within a word
    return 0.95 if any(t.islower() for t in around) else 0.6


def _weight_wide(c: str, codec: str) -> float:
    data = c.encode(codec)
    if len(data) == 1:
        return -0.5  # katakana of half width: what the bytes of other encodings look like in cp932
    kind = unicodedata.name(c, "")
    if codec == "cp932" and kind.startswith(("HIRAGANA", "KATAKANA")):
        return 1.5
    low, high = LEADS[codec]
    return DOUBTFUL if low <= data[0] <= high and (codec == "cp932" or data[1] >= 0xA1 or codec == "big5") else -0.3
