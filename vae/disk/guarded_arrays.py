"""Reads NPY, NPZ and IDX files within limits: headers first, straight into the arrays, and nothing is ever unpickled.

What is unpacked is never more than what the header of the array, the directory of the ZIP and the limits all allow. At
the peak, memory holds the arrays, one CHUNK, and the file itself if it was given as bytes.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import math
from collections.abc import Callable, Container, Iterator, Mapping
from io import BufferedIOBase
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from ..text import _, number
from .guarded import LIMITS, Limits, Refused, fill, member, open_zip, refusing

HEADER_BYTES_MAX = 2**16  # of an NPY file; NumPy reads a declared length of up to 4 GiB before it looks at it
BYTES_MAX = 2**63  # of an array that NumPy can describe
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
GZIP = b"\x1f\x8b"


class Pickled(Refused):
    """An array of objects, which is never loaded."""


class Declared(NamedTuple):
    """What the header of an array says."""

    shape: tuple[int, ...]
    dtype: np.dtype
    order: str = "C"

    @property
    def n_bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


Check = Callable[[Mapping[str, Declared]], None]


def npy(stream: BufferedIOBase, n_bytes: int, limits: Limits = LIMITS, *, packed: int | None = None) -> np.ndarray:
    """The array of an NPY file of so many bytes, compressed with gzip or not. packed: bytes that the file takes itself,
    if it is in an archive.

    Raises: Refused: not one, of objects, of another length than it declares, or compressed and over a limit.
    """
    with _gunzipped(stream) as (unpacked, gzipped):
        with refusing(_("not an NPY file, or a damaged one")):
            declared, start = _header(unpacked)
        if gzipped:
            limits.check(n_bytes if packed is None else min(n_bytes, packed), declared.n_bytes)
        else:
            _check_length(declared, n_bytes - start)
        return _filled(declared, unpacked)


def npz(
    source: Path | BufferedIOBase,
    limits: Limits = LIMITS,
    *,
    packed: int | None = None,
    only: Container[str] | None = None,
    check: Check = lambda declared: None,
    pickled: list[str] | None = None,
) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file by name, in the order of the file. packed: bytes that it takes itself, if it is in an
    archive. only: names, the others are not unpacked. check(declared): called with the headers of all arrays before any
    is unpacked; may raise a ValueError. pickled: takes the names of arrays of objects, which are then left out and not
    refused.

    Raises: Refused: not an NPZ file, damaged, arrays of objects or other lengths than declared, over a limit.
    """
    arrays = {}
    with open_zip(source, limits, packed=packed) as archive:
        entries = {e.filename.removesuffix(".npy"): e for e in archive.infolist() if e.filename.endswith(".npy")}
        declared = {}
        for name, entry in entries.items():
            with _named(entry.filename), member(archive, entry) as stream:
                try:
                    with refusing(_("not an NPY file, or a damaged one")):
                        declared[name], start = _header(stream)
                except Pickled:
                    if pickled is None:
                        raise
                    pickled.append(name)
                    continue
                _check_length(declared[name], entry.file_size - start)
        check(declared)
        for name, entry in entries.items():
            if name in declared and (only is None or name in only):
                with _named(entry.filename), member(archive, entry) as stream:
                    arrays[name] = npy(stream, entry.file_size)
    return arrays


def names(source: Path | BufferedIOBase, limits: Limits = LIMITS) -> tuple[str, ...]:
    """The names of the arrays of an NPZ file. Raises: Refused."""
    found: list[str] = []
    npz(source, limits, only=(), check=found.extend)
    return tuple(found)


def idx(stream: BufferedIOBase, n_bytes: int, limits: Limits = LIMITS, *, packed: int | None = None) -> np.ndarray:
    """The array of an IDX file of so many bytes, compressed with gzip or not, in the machine's byte order. packed:
    bytes that the file takes itself, if it is in an archive.

    Raises: Refused: not an IDX file, of another length than it declares, damaged, or over a limit.
    """
    with _gunzipped(stream) as (unpacked, gzipped):
        with refusing(_("the gzip data is damaged")):
            head = unpacked.read(4)
            sizes = unpacked.read(4 * head[3]) if is_idx(head) else b""
        if not is_idx(head) or len(sizes) < 4 * head[3]:
            raise Refused(_("not an IDX file: the first bytes are {bytes}.", bytes=head.hex(" ")))
        shape = tuple(int(length) for length in np.frombuffer(sizes, ">u4"))
        declared = Declared(shape, np.dtype(IDX_TYPES[head[2]]))
        limits.check(n_bytes if packed is None else min(n_bytes, packed), declared.n_bytes)
        if not gzipped:
            _check_length(declared, n_bytes - 4 - len(sizes))
        a = _filled(declared, unpacked)
    return a if a.dtype.isnative else a.byteswap(inplace=True).view(a.dtype.newbyteorder("="))


def is_idx(head: bytes) -> bool:
    """Whether a file with these first four bytes is in the IDX format."""
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in IDX_TYPES and 1 <= head[3] <= 6


# ---------------------------------------------------------------- parts


@contextlib.contextmanager
def _gunzipped(stream: BufferedIOBase) -> Iterator[tuple[BufferedIOBase, bool]]:
    """The stream as it is unpacked, and whether it was packed with gzip."""
    gzipped = stream.read(2) == GZIP
    stream.seek(0)
    with gzip.GzipFile(fileobj=stream) if gzipped else contextlib.nullcontext(stream) as unpacked:
        yield cast(BufferedIOBase, unpacked), gzipped


def _header(stream: BufferedIOBase) -> tuple[Declared, int]:
    """What the header of an NPY file declares, and its own length in bytes."""
    start = stream.read(8)
    readers = {
        b"\x93NUMPY\x01\x00": (2, np.lib.format.read_array_header_1_0),
        b"\x93NUMPY\x02\x00": (4, np.lib.format.read_array_header_2_0),
    }
    if start not in readers:
        raise ValueError(start.hex(" "))
    width, parse = readers[start]
    length = stream.read(width)
    n = int.from_bytes(length, "little")
    if n > HEADER_BYTES_MAX:
        raise ValueError(f"{n} > {HEADER_BYTES_MAX}")
    try:
        shape, fortran, dtype = parse(io.BytesIO(length + stream.read(n)))
    except Exception as e:  # NumPy evaluates the text of the header: a forged one raises anything
        raise ValueError(str(e).partition("\n")[0]) from None
    if dtype.hasobject:
        raise Pickled(_("contains pickled Python objects, which are never loaded. Save it as an array of numbers."))
    declared = Declared(shape, dtype, "F" if fortran else "C")
    if min(shape, default=0) < 0 or declared.n_bytes >= BYTES_MAX or (not dtype.itemsize and math.prod(shape) > 1):
        raise ValueError(f"{dtype.name} {shape}"[:80])
    return declared, len(start) + width + n


def _check_length(declared: Declared, given: int) -> None:
    if declared.n_bytes != given:
        array = f"{declared.dtype.name} {declared.shape}"
        raise Refused(
            _(
                "truncated or damaged: an array {array} takes {expected} bytes, the file has {given}.",
                array=array,
                expected=number(declared.n_bytes),
                given=number(given),
            )
        )


def _filled(declared: Declared, stream: BufferedIOBase) -> np.ndarray:
    raw = np.empty(declared.n_bytes, np.uint8)
    fill(stream, raw.data)
    with refusing(_("not an array that NumPy can hold")):
        return np.ndarray(declared.shape, declared.dtype, raw.data, order="F" if declared.order == "F" else "C")


@contextlib.contextmanager
def _named(name: str):
    try:
        yield
    except Refused as e:
        raise Refused(f"{name}: {e}") from None
