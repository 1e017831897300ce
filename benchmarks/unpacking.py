"""python -m benchmarks.unpacking [--mb N] [--n N]: peak memory and time of reading compressed files, in units of what
they hold, by NumPy and the standard library alone and by the guarded readers; each in a process of its own. Linux."""

from __future__ import annotations

import argparse
import gzip
import io
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.machine import machine, summary
from vae.disk import guarded, guarded_arrays

SIDES = ("plain", "guarded")


def write(folder: Path, x: np.ndarray) -> None:
    """The same array of bytes in each format."""
    np.savez_compressed(folder / "npz", x=x)
    (folder / "npz.npz").rename(folder / "npz, deflated")
    np.savez(folder / "npz", x=x)
    (folder / "npz.npz").rename(folder / "npz, stored")
    head = bytes([0, 0, 8, x.ndim]) + b"".join(n.to_bytes(4, "big") for n in x.shape)
    (folder / "idx.gz").write_bytes(gzip.compress(head + x.tobytes(), 1))
    with zipfile.ZipFile(folder / "npy in a zip", "w", zipfile.ZIP_DEFLATED) as z:
        buffer = io.BytesIO()
        np.save(buffer, x)
        z.writestr("x.npy", buffer.getvalue(), compresslevel=1)


def plain_npz(path: Path) -> np.ndarray:
    with np.load(path, allow_pickle=False) as npz:
        return npz["x"]


def plain_idx(path: Path) -> np.ndarray:
    with gzip.open(path) as stream:
        data = stream.read()
    start = 4 + 4 * data[3]
    return np.frombuffer(data, np.uint8, offset=start).reshape(np.frombuffer(data[4:start], ">u4").astype(int)).copy()


def plain_zip(path: Path) -> np.ndarray:
    with zipfile.ZipFile(path) as z:
        return np.load(io.BytesIO(z.read("x.npy")), allow_pickle=False)


def guarded_idx(path: Path) -> np.ndarray:
    with path.open("rb") as stream:
        return guarded_arrays.idx(stream, path.stat().st_size)


def guarded_zip(path: Path) -> np.ndarray:
    with guarded.open_zip(path) as z, guarded.member(z, z.getinfo("x.npy")) as stream:
        return guarded_arrays.npy(stream, z.getinfo("x.npy").file_size)


def guarded_npz(path: Path) -> np.ndarray:
    return guarded_arrays.npz(path)["x"]


READERS: dict[str, tuple[Callable[[Path], np.ndarray], ...]] = {
    "npz, deflated": (plain_npz, guarded_npz),
    "npz, stored": (plain_npz, guarded_npz),
    "idx.gz": (plain_idx, guarded_idx),
    "npy in a zip": (plain_zip, guarded_zip),
}


def peak_bytes() -> int:
    """The most memory that this process has held (getrusage would count what its parent held before)."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def measure(path: Path, side: str) -> None:
    """Prints what one reading takes: peak of memory / size of the array, and seconds."""
    before, start = peak_bytes(), time.perf_counter()
    x = READERS[path.name][SIDES.index(side)](path)
    spent = time.perf_counter() - start
    print((peak_bytes() - before) / x.nbytes, spent)


def main() -> None:
    p = argparse.ArgumentParser(prog="python -m benchmarks.unpacking")
    p.add_argument("--mb", type=int, default=256, help="size of the array")
    p.add_argument("--n", type=int, default=3, help="runs of each")
    p.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    p.add_argument("--quick", action="store_true", help="a smaller array")
    args = p.parse_args()
    if args.one:
        measure(Path(args.one[0]), args.one[1])
        return
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        mb = 32 if args.quick else args.mb
        write(Path(folder), np.random.default_rng(0).integers(0, 16, (mb * 1000, 1000), dtype=np.uint8))
        print("| file | side | peak memory / data | s |\n| --- | --- | --- | --- |")
        for name in READERS:
            for side in SIDES:
                command = [sys.executable, "-m", "benchmarks.unpacking", "--one", str(Path(folder) / name), side]
                said = [
                    subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(args.n)
                ]
                peaks, seconds = zip(*(map(float, line.split()) for line in said), strict=True)
                print(f"| {name} | {side} | {summary(peaks)} | {summary(seconds)} |", flush=True)


if __name__ == "__main__":
    main()
