"""Reads compressed files within limits: what a file declares is checked before any of it is unpacked, and reading stops
when more bytes come than were declared.

A ZIP of some kilobytes may unpack to gigabytes, and its directory may lie. So the directory is bounded before it is
read, then the sum of all sizes, their ratio to the packed sizes, and the method of each member; members are unpacked in
parts of CHUNK bytes. `guarded_arrays` and `guarded_pictures` read arrays and pictures in the same way.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path
from typing import cast

from ..text import _, number, size

CHUNK = 2**18  # bytes that are unpacked at a time
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # zipfile cannot bound what it unpacks by another method
OTHER_METHODS = {zipfile.ZIP_BZIP2: "bzip2", zipfile.ZIP_LZMA: "LZMA", 9: "deflate64", 93: "Zstandard"}
MEMBER_BYTES = 160  # of the directory, for each member: 46 and its name
LOCAL_BYTES = 30  # of a member's own header, at least
TAIL = 22 + 2**16 + 76  # bytes at the end of a ZIP that may hold its end record, with a comment and ZIP64's records
DAMAGE = (  # what zipfile, gzip and zlib raise for damaged files
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError, ValueError, OverflowError,
)  # fmt: skip


class Refused(ValueError):
    """A file is damaged, is not what it declares, or exceeds a limit; the message can be shown after its name."""


@dataclass(frozen=True)
class Limits:
    """What one file may unpack to. unpacked: bytes in all; ratio: of unpacked to packed bytes, for a file that unpacks
    to more than `free` bytes (deflate reaches 1032 on zeros, pictures and arrays rarely 100); members: of a ZIP."""

    unpacked: int = 4 * 2**30
    ratio: int = 200
    free: int = 64 * 2**20
    members: int = 1000

    def is_bomb(self, packed: int, unpacked: int) -> bool:
        """Whether so many bytes must not be unpacked to so many."""
        return unpacked > self.free and unpacked > self.ratio * packed

    def check(self, packed: int, unpacked: int) -> None:
        """Raises: Refused: so many bytes may not be unpacked to so many."""
        if self.is_bomb(packed, unpacked):
            raise Refused(
                _(
                    "{packed} would unpack to {unpacked}, more than {ratio} times as much: rejected as a decompression "
                    "bomb. What is stored uncompressed has no such limit.",
                    packed=size(packed),
                    unpacked=size(unpacked),
                    ratio=number(self.ratio),
                )
            )
        if unpacked > self.unpacked:
            raise Refused(
                _(
                    "{packed} would unpack to {unpacked}; the limit is {limit}.",
                    packed=size(packed),
                    unpacked=size(unpacked),
                    limit=size(self.unpacked),
                )
            )


LIMITS = Limits()


@contextlib.contextmanager
def refusing(problem: str) -> Iterator[None]:
    """Raises: Refused: the problem with the reason in brackets, for an error of the libraries that unpack."""
    try:
        yield
    except Refused:
        raise
    except DAMAGE as e:
        raise Refused(f"{problem} ({getattr(e, 'strerror', None) or e}).") from None


# ---------------------------------------------------------------- ZIP


def open_zip(source: Path | BufferedIOBase, limits: Limits = LIMITS, *, packed: int | None = None) -> zipfile.ZipFile:
    """A ZIP whose directory is within the limits. packed: bytes that it takes itself, if it is in another archive.

    Raises: Refused: not a ZIP, damaged, too many members, overlapping ones, or too much to unpack.
        OSError: there is no such file, or it may not be read.
    """
    with source.open("rb") if isinstance(source, Path) else contextlib.nullcontext(source) as stream:
        with refusing(_("not a ZIP file, or a damaged one")):
            declared, most = _directory_bytes(stream), limits.members * MEMBER_BYTES
        if declared > most:
            raise Refused(
                _(
                    "its directory takes {size}; the limit is {limit}, for {n} files.",
                    size=size(declared),
                    limit=size(most),
                    n=number(limits.members),
                )
            )
    with refusing(_("not a ZIP file, or a damaged one")):
        archive = zipfile.ZipFile(source)
    try:
        _check_members(archive.infolist(), limits, packed)
    except Refused:
        archive.close()
        raise
    return archive


def member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> BufferedIOBase:
    """A stream of one member; to be read by `chunks`, `read` or `fill`. Raises: Refused."""
    if reason := unreadable(entry):
        raise Refused(reason)
    with refusing(_("the ZIP is damaged")):
        return cast(BufferedIOBase, archive.open(entry))


def unreadable(entry: zipfile.ZipInfo) -> str:
    """Why a member is not opened; "" if it is."""
    if entry.flag_bits & 1:
        return _("encrypted")
    if entry.compress_type not in METHODS:
        return _(
            "compressed with {method}; expected deflate, or no compression",
            method=OTHER_METHODS.get(entry.compress_type, entry.compress_type),
        )
    return ""


def _directory_bytes(stream: BufferedIOBase) -> int:
    """The size of a ZIP's directory by the end records in its last bytes; the largest one, 0 if there is none."""
    stream.seek(max(0, stream.seek(0, os.SEEK_END) - TAIL))
    tail, found, at = stream.read(TAIL), 0, -1
    while (at := tail.find(b"PK\x05\x06", at + 1)) >= 0:
        found = max(found, int.from_bytes(tail[at + 12 : at + 16], "little"))
        if at >= 76 and tail[at - 20 : at - 16] == b"PK\x06\x07":  # ZIP64: its record is used in place of this one
            found = max(found, int.from_bytes(tail[at - 36 : at - 28], "little"))
    stream.seek(0)
    return found


def _check_members(entries: list[zipfile.ZipInfo], limits: Limits, packed: int | None) -> None:
    if len(entries) > limits.members:
        raise Refused(
            _("contains {n} files; the limit is {limit}.", n=number(len(entries)), limit=number(limits.members))
        )
    end = 0
    for entry in sorted(entries, key=lambda e: e.header_offset):
        if entry.header_offset < end:
            raise Refused(_("its files overlap: rejected as a decompression bomb."))
        end = entry.header_offset + LOCAL_BYTES + entry.compress_size
    own = sum(e.compress_size for e in entries)
    limits.check(own if packed is None else min(own, packed), sum(e.file_size for e in entries))


# ---------------------------------------------------------------- streams


def chunks(stream: BufferedIOBase, n_bytes: int) -> Iterator[bytes]:
    """The bytes of a stream that declares so many, at most CHUNK at a time. Raises: Refused: it has fewer, or more."""
    left = n_bytes
    while True:
        with refusing(_("cannot be read, or is damaged")):
            part = stream.read(min(left, CHUNK) or 1)
        if bool(part) != bool(left):
            given = number(n_bytes - left) if left else _("more")
            raise Refused(
                _("truncated or damaged: it declares {n} bytes and has {given}.", n=number(n_bytes), given=given)
            )
        if not part:
            return
        left -= len(part)
        yield part


def read(stream: BufferedIOBase, n_bytes: int) -> bytes:
    """All the bytes of a stream that declares so many. Raises: Refused: it has fewer, or more."""
    buffer = io.BytesIO()
    buffer.writelines(chunks(stream, n_bytes))
    return buffer.getvalue()


def gunzipped(data: bytes, limits: Limits = LIMITS, *, packed: int | None = None) -> bytes:
    """What gzip has packed. packed: bytes that the data take themselves, if they are in an archive.

    Raises: Refused: damaged, or it unpacks to more than the limits allow.
    """
    buffer, own = io.BytesIO(), len(data) if packed is None else min(len(data), packed)
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream, refusing(_("the gzip data is damaged")):
        while part := stream.read(CHUNK):
            buffer.write(part)
            limits.check(own, buffer.tell())
    return buffer.getvalue()


def fill(stream: BufferedIOBase, into: memoryview) -> None:
    """Fills an array of bytes from a stream. Raises: Refused: the stream has fewer, or more."""
    at = 0
    for part in chunks(stream, len(into)):
        into[at : at + len(part)] = part
        at += len(part)
