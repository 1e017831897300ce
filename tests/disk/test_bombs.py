"""Files that unpack to far more than they should, at every door where they come in: refused in words, in little memory.

Each is of some kilobytes and unpacks to some 60 MB or more. Memory is what Python and NumPy allocate (tracemalloc).
"""

from __future__ import annotations

import functools
import gzip
import io
import json
import struct
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vae
from tests.app.live.test_live import client  # noqa: F401  a fixture
from tests.data.test_pictures import png
from vae.commands.files import _read_array
from vae.data.own.choices import Choices
from vae.data.own.series_files import read_series
from vae.data.own.sources import of_uploads
from vae.data.own.understand import understand
from vae.errors import CheckpointError, SettingError, ShapeError
from vae.library import packing
from vae.modalities import image
from vae.saved import checkpoint
from vae.saved.checkpoint import ATLAS, THUMBNAILS
from vae.text import size

MANY = 80 * 2**20  # bytes
LITTLE = 12 * 2**20  # bytes, of which the files themselves are a part


def peak(call, *args) -> tuple[int, str]:
    """Bytes allocated at the peak of a call that must raise an error of ours, and its text."""
    tracemalloc.start()
    try:
        with pytest.raises((SettingError, CheckpointError, ShapeError)) as raised:
            call(*args)
        return tracemalloc.get_traced_memory()[1], str(raised.value)
    finally:
        tracemalloc.stop()


def header(shape: tuple[int, ...], descr: str = "|u1") -> bytes:
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": descr, "fortran_order": False, "shape": shape})
    return out.getvalue()


def zipped(method: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as z:
        for name, data in members.items():
            z.writestr(name.replace("__", "."), data)
    return out.getvalue()


def lying(packed: bytes, claimed: bytes) -> bytes:
    """A ZIP of one member whose directory claims the size and the checksum of its first bytes, `claimed`."""
    data = bytearray(packed)
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, at + 16, zlib.crc32(claimed))
    struct.pack_into("<I", data, at + 24, len(claimed))
    return bytes(data)


def of_own(name: str, data: bytes):
    return understand(of_uploads([(name, len(data), io.BytesIO(data))]), Choices())


SMALL, LARGE = header((20, 9)), header((MANY // 9, 9))
ZEROS = bytes(MANY)
FEWER = ZEROS[: 60 * 2**20]  # whatever their ratio, so many bytes may be unpacked


@functools.cache
def small_header() -> bytes:
    return zipped(x__npy=SMALL + FEWER)


@functools.cache
def honest() -> bytes:
    return zipped(x__npy=header((MANY,)) + ZEROS)


@functools.cache
def many_members() -> bytes:
    return zipped(**{f"x{i}__npy": header((MANY // 4,)) + ZEROS[: MANY // 4] for i in range(4)})


@functools.cache
def lying_directory() -> bytes:
    return lying(zipped(x__npy=SMALL + ZEROS), SMALL + bytes(180))


@functools.cache
def other_method() -> bytes:
    return lying(zipped(zipfile.ZIP_BZIP2, x__npy=SMALL + ZEROS), SMALL + bytes(180))


@functools.cache
def long_header() -> bytes:
    return zipped(x__npy=b"\x93NUMPY\x02\x00" + struct.pack("<I", len(FEWER)) + FEWER)


def overlapping() -> bytes:
    """A thousand names for the same bytes."""
    inner = zipped(x__npy=header((9000, 9)) + bytes(81_000))
    at, end = inner.index(b"PK\x01\x02"), inner.index(b"PK\x05\x06")
    body, entry, last = inner[:at], inner[at:end], bytearray(inner[end:])
    struct.pack_into("<HHII", last, 8, 1000, 1000, 1000 * len(entry), at)
    return body + b"".join(entry[:46] + b"%05d" % i + entry[51:] for i in range(1000)) + last


@functools.cache
def wide_directory(n: int = 200_000) -> bytes:
    """Very many files of no bytes at all."""
    entry = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    return entry * n + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, n % 65536, n % 65536, n * len(entry), 0, 0)


ARRAYS = {
    small_header: r"takes 180 bytes, the file has 62",
    honest: r"more than 200 times",
    many_members: r"more than 200 times",
    lying_directory: r"",  # what is read is what the directory says, and no more
    other_method: r"bzip2",
    long_header: r"damaged",
    overlapping: r"overlap",
    wide_directory: r"directory",
}


@pytest.fixture(params=ARRAYS, ids=lambda make: make.__name__)
def bomb(request) -> tuple[bytes, str]:
    return request.param(), ARRAYS[request.param]


def refused(words: str, call, *args, little: int = LITTLE) -> None:
    most, said = peak(call, *args)
    assert words in said
    assert most < little


# ---------------------------------------------------------------- the user's data


def test_npz(bomb):
    data, words = bomb
    if not words:
        tracemalloc.start()
        assert of_own("a.npz", data).preview.shape == (9,)
        assert tracemalloc.get_traced_memory()[1] < LITTLE
        tracemalloc.stop()
        return
    refused(words, of_own, "a.npz", data)


def test_an_archive_in_an_archive_that_only_together_unpack_too_far():
    """Zeros pack to a thousandth, and that once more."""
    inner = gzip.compress(bytes([0, 0, 8, 1]) + struct.pack(">I", MANY) + ZEROS, 9)
    inner += bytes(MANY // 150 - len(inner))  # padded, as gzip allows: alone it unpacks to 150 times as much
    with pytest.raises(SettingError, match="expected numbers of shape"):
        of_own("images-idx3-ubyte.gz", inner)
    refused("more than 200 times", of_own, "a.zip", zipped(**{"images-idx3-ubyte__gz": inner}))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (bytes([0, 0, 8, 1]) + struct.pack(">I", 90) + ZEROS, "declares 90 bytes and has more"),
        (bytes([0, 0, 8, 1]) + struct.pack(">I", MANY) + ZEROS, "more than 200 times"),
        (bytes([0, 0, 14, 6]) + struct.pack(">I", 2**32 - 1) * 6, "more than 200 times"),
        (bytes([0, 0, 8, 1]) + struct.pack(">I", MANY // 10) + bytes(9), "declares"),
    ],
    ids=["longer", "zeros", "promises", "shorter"],
)
def test_idx_in_gzip(data, words):
    refused(words, of_own, "images-idx3-ubyte.gz", gzip.compress(data, 1))


def test_a_member_packed_by_another_method_is_skipped():
    table = b"a,b\n" + b"1,2\n" * 20
    data = lying(zipped(zipfile.ZIP_BZIP2, t__csv=table + ZEROS), table)
    refused("bzip2", of_own, "a.zip", data)


def test_a_zip_with_a_huge_directory():
    data = wide_directory(1_000_000)
    refused("its directory takes 47.0 MB; the limit is 32.0 MB", of_own, "a.zip", data, little=len(data) + LITTLE)


@pytest.mark.parametrize("shape", [(10**15, 1), (2**62, 2**62), (-1, -90), (20, 9)])
def test_a_series_file_whose_header_promises(shape):
    refused("damaged", read_series, header(shape, "<f8") + bytes(720), (1, 24))


# ---------------------------------------------------------------- pictures


def test_a_picture_of_another_size_than_the_models_is_not_decoded():
    """It claims a size and has no pixels to it."""
    with pytest.raises(ShapeError, match="9000x9000 px; the model takes 28x28"):
        image.from_bytes(png(9000, 9000), (1, 28, 28))
    with pytest.raises(SettingError, match="12000 px per side"):
        image.from_bytes(png(12_001, 10), None)
    with pytest.raises(SettingError, match="none of these formats"):
        image.from_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", None)


def test_sixteen_bits_take_little_more_than_the_picture():
    from vae.modalities.picture_files import read_picture

    out = io.BytesIO()
    Image.fromarray(np.full((3000, 3000), 257, np.uint16)).save(out, "PNG")
    tracemalloc.start()
    assert (read_picture(out.getvalue(), (1, 28, 28)) == 1).all()
    assert tracemalloc.get_traced_memory()[1] < 40e6  # 18 MB of values, 9 MB of grey
    tracemalloc.stop()


# ---------------------------------------------------------------- checkpoints


@pytest.fixture
def forged(tiny_checkpoint, tmp_path, monkeypatch):
    """A function that saves a copy of a checkpoint with other files, hashes and all."""
    saved = checkpoint.read(tiny_checkpoint)
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))

    def save(**files: bytes) -> str:
        names = {"atlas": ATLAS, "thumbnails": THUMBNAILS}
        changed = saved.files | {names[key]: data for key, data in files.items()}
        checkpoint.save(tmp_path / "forged", saved.config | {"name": "forged"}, changed)
        return "forged"

    return save


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    with np.load(path / ATLAS) as npz:
        return dict(npz)


def test_an_atlas(forged, bomb):
    data, _words = bomb
    engine = vae.load(forged(atlas=data), "cpu")
    refused("atlas.npz cannot be read", lambda: engine.atlas)


N = 100_000


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"z": np.zeros((N, 4), np.float16)}, "z is declared as float16 (100000, 4); expected at most 1293 rows"),
        ({"z": np.zeros((1293, 1000), np.float16)}, "expected at most 1293 rows of 4 values"),
        ({"std": np.zeros((N, 4), np.float16)}, "std is declared"),
        ({"xy": np.zeros((N, 2), np.float32)}, "xy is declared"),
        ({"labels": np.zeros(N, np.int32)}, "labels is declared"),
        ({"c": np.zeros((1293, 900), np.float16)}, "c is declared"),
        ({"measured.error": np.zeros((1293, 900), np.float16)}, "measured.error is declared"),
        ({"mixture.factors": np.zeros((N, 4, 4), np.float16)}, "mixture.factors is declared"),
        ({"projector.trust_code": np.zeros((2000, 2000), np.uint8)}, "projector.trust_code is declared"),
        ({"whatever": np.zeros(N * 20, np.uint8)}, "whatever is declared"),
        ({"index": np.full(1293, "x" * 999)}, "index is declared"),
        ({"thumbs": np.array([0, 8, 8])}, "thumbs: given"),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else "",
)
def test_an_atlas_that_is_not_of_its_model(forged, tiny_checkpoint, changed, words):
    """Of eight megabytes at most, so that no limit of its own refuses it."""
    engine = vae.load(forged(atlas=checkpoint.pack(arrays_of(tiny_checkpoint) | changed)), "cpu")
    refused(words, lambda: engine.atlas, little=2**20)


def test_the_map_that_anyone_may_fetch(forged, client):  # noqa: F811  the fixture
    name = forged(atlas=checkpoint.pack({"z": np.zeros((MANY // 8, 4), np.float16)}))
    size(1293)  # reads the locale, some MB
    tracemalloc.start()
    answer = client.get(f"/asset/{name}/map.bin")
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (answer.status_code, most < LITTLE) == (500, True)
    assert "decompression bomb" in answer.text


def test_a_sheet_of_another_size_than_its_thumbnails_take(forged):
    out = io.BytesIO()
    Image.new("L", (3000, 3000)).save(out, "WEBP", quality=1, method=0)
    engine = vae.load(forged(thumbnails=out.getvalue()), "cpu")
    refused("3000x3000 px; the limit is 288", lambda: engine.atlas.thumbnail(0))


def test_a_packed_checkpoint():
    config = json.dumps({"name": "a"}).encode()
    data = lying(zipped(zipfile.ZIP_BZIP2, config__json=config + ZEROS), config)
    refused("bzip2", packing.unpack, io.BytesIO(data), "a")
    refused("directory", packing.unpack, io.BytesIO(overlapping()), "a")


# ---------------------------------------------------------------- the command line


def test_an_npz_of_the_command_line(bomb, tmp_path):
    data, words = bomb
    (tmp_path / "a.npz").write_bytes(data)
    if not words:
        assert _read_array(str(tmp_path / "a.npz"), "x").shape == (20, 9)
        return
    refused(words, _read_array, str(tmp_path / "a.npz"), "x")
