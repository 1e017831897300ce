"""python -m benchmarks.own_data [--n N]: from a ZIP of 2 000 pictures of 32x32 to a map, by the command line alone."""

from __future__ import annotations

import argparse
import io
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.machine import machine

N, SIDE = 2_000, 32


def write(path: Path) -> None:
    """Squares, discs and diamonds of any colour, a folder each."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE]
    with zipfile.ZipFile(path, "w") as z:
        for i in range(N):
            (cx, cy), r = rng.integers(8, 24, 2), rng.integers(4, 8)
            dx, dy = abs(x - cx), abs(y - cy)
            inside = ((dx < r) & (dy < r), dx**2 + dy**2 < r * r, dx + dy < r)[i % 3]
            picture = np.full((SIDE, SIDE, 3), 20, np.uint8)
            picture[inside] = rng.integers(80, 255, 3)
            out = io.BytesIO()
            Image.fromarray(picture).save(out, "PNG")
            z.writestr(f"{('square', 'disc', 'diamond')[i % 3]}/{i:04}.png", out.getvalue())


def timed(*words: str) -> tuple[float, float]:
    """Wall and CPU seconds of a command."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run([sys.executable, "-m", "vae", *words], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - start, spent


def main() -> None:
    p = argparse.ArgumentParser(prog="python -m benchmarks.own_data")
    p.add_argument("--n", type=int, default=3, help="runs")
    args = p.parse_args()
    print(machine())
    for _ in range(args.n):
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {"ZSCOPE_OWN": f"{folder}/own", "ZSCOPE_CHECKPOINTS": f"{folder}/checkpoints"}
            write(Path(folder) / "shapes.zip")
            wall, cpu = timed("data", "add", "shapes", f"{folder}/shapes.zip")
            print(f"data add: {wall:.1f} s, {cpu:.1f} CPU-s")
            wall, cpu = timed("train", "vae", "shapes", "--preset", "quick")
            print(f"train --preset quick, map and all: {wall:.1f} s, {cpu:.1f} CPU-s; load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
