"""The guarded readers on good files: the same arrays as NumPy reads, in little more memory than they take."""

from __future__ import annotations

import gzip
import io
import re
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from vae.data.own.sources import given
from vae.disk import guarded, guarded_arrays
from vae.disk.guarded import Limits, Refused

ROOT = Path(guarded.__file__).parents[2]
RNG = np.random.default_rng(0)
KINDS = {
    "uint8": RNG.integers(0, 256, (30, 9, 9), dtype=np.uint8),
    "fortran": np.asfortranarray(RNG.normal(size=(7, 5, 3))),
    "big_endian": RNG.normal(size=(4, 3)).astype(">f4"),
    "half": RNG.normal(size=100).astype(np.float16),
    "bool": RNG.random((5, 5)) > 0.5,
    "words": np.array(["one", "three"]),
    "no_letters": np.array(""),
    "date": np.array(["2024-01-02"], "M8[D]"),
    "scalar": np.array(3.5),
    "empty": np.zeros((0, 7), np.float32),
    "complex": RNG.normal(size=3) + 1j,
}


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_are_those_that_numpy_reads(tmp_path, save):
    path = tmp_path / "a.npz"
    save(path, **KINDS)
    for source in (path, io.BytesIO(path.read_bytes())):
        read = guarded_arrays.npz(source)
        assert [*read] == [*KINDS] == [*guarded_arrays.names(source)]
        for name, expected in KINDS.items():
            np.testing.assert_array_equal(read[name], expected)
            assert (read[name].dtype, read[name].shape) == (expected.dtype, expected.shape)
            assert read[name].flags.writeable
    assert [*guarded_arrays.npz(path, only=("half",))] == ["half"]


@pytest.mark.parametrize("code", guarded_arrays.IDX_TYPES)
@pytest.mark.parametrize("packed", [False, True])
def test_every_type_of_idx(code, packed):
    values = RNG.integers(0, 100, (3, 4)).astype(guarded_arrays.IDX_TYPES[code])
    data = bytes([0, 0, code, 2, 0, 0, 0, 3, 0, 0, 0, 4]) + values.tobytes()
    data = gzip.compress(data[:9]) + gzip.compress(data[9:]) if packed else data  # gzip allows several parts
    read = guarded_arrays.idx(io.BytesIO(data), len(data))
    np.testing.assert_array_equal(read, values)
    assert read.dtype.isnative


def npz(path: Path, x: np.ndarray) -> None:
    np.savez_compressed(path, x=x)


def stored(path: Path, x: np.ndarray) -> None:
    np.savez(path, x=x)


def idx(path: Path, x: np.ndarray) -> None:
    head = bytes([0, 0, 8, 2]) + b"".join(n.to_bytes(4, "big") for n in x.shape)
    path.write_bytes(gzip.compress(head + x.tobytes(), 1))


def inside(path: Path, x: np.ndarray) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, x=x)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("a.npz", buffer.getvalue())


@pytest.mark.parametrize("write", [npz, stored, idx, inside])
def test_reading_takes_half_as_much_memory_again_at_most(tmp_path, write):
    x = RNG.integers(0, 16, (9_000, 1000), dtype=np.uint8)  # packs to half
    write(tmp_path / ("a.zip" if write is inside else "a"), x)
    (file,) = given(next(tmp_path.iterdir())).files
    tracemalloc.start()
    with file.open() as stream:
        if write is idx:
            read = guarded_arrays.idx(stream, file.size, packed=file.packed)
        else:
            read = guarded_arrays.npz(stream, packed=file.packed)["x"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    np.testing.assert_array_equal(read, x)
    assert (
        peak < 1.5 * x.nbytes + (write is inside) * 2 * zipfile.ZipExtFile.MAX_SEEK_READ
    )  # zipfile's own, of any file


def test_a_limit_says_what_was_given_and_what_is_allowed(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(50_000, np.uint8))
    with pytest.raises(Refused, match=r"would unpack to 50\.1 kB; the limit is 40\.0 kB"):
        guarded_arrays.npz(tmp_path / "a.npz", Limits(unpacked=40_000))
    with pytest.raises(
        Refused, match=r"\d+ bytes would unpack to 50\.1 kB, more than 100 times .* stored uncompressed"
    ):
        guarded_arrays.npz(tmp_path / "a.npz", Limits(ratio=100, free=10_000))
    np.savez(tmp_path / "a.npz", x=np.zeros(50_000, np.uint8))
    assert guarded_arrays.npz(tmp_path / "a.npz", Limits(ratio=100, free=10_000))["x"].shape == (50_000,)
    np.savez(tmp_path / "a.npz", *np.zeros((5, 3)))
    with pytest.raises(Refused, match="contains 5 files; the limit is 4"):
        guarded_arrays.npz(tmp_path / "a.npz", Limits(members=4))
    with pytest.raises(FileNotFoundError):
        guarded_arrays.npz(tmp_path / "b.npz")


# ---------------------------------------------------------------- nothing else unpacks

UNPACKS = re.compile(
    r"np\.load\(|np\.fromfile\(|torch\.load\(|Image\.open\(|gzip\.(?:open|GzipFile|decompress)\(|zipfile\.ZipFile\((?!.*\"w\")|"
    r"zlib\.decompress|import (?:tarfile|lzma|bz2)"
)
ELSEWHERE = {
    "vae/data/own/shelf.py": "memory-mapped, so nothing is read; its shape is compared with the stored description",
    "vae/data/published/store.py": "reads as many bytes as the published file has, whose SHA-256 must match",
    "vae/latent/fit_process.py": "an uncompressed NPY that zscope wrote a moment before, in a folder of its own",
    "vae/attached/adapters/weight_files.py": "tensors of torch.save, after guarded.open_zip found them uncompressed",
    "app/state/links.py": "bounded where it is called: 4 bytes for each of ROWS_MAX rows",
}


def test_whatever_is_unpacked_is_unpacked_by_a_guarded_reader():
    found = {
        path.relative_to(ROOT).as_posix()
        for part in ("vae", "app")
        for path in sorted((ROOT / part).rglob("*.py"))
        if UNPACKS.search(path.read_text("utf-8")) and not path.name.startswith("guarded")
    }
    assert found == set(ELSEWHERE)
