"""How many neighbours each way of storing latents keeps, and what it costs in the file of a map.

    python -m benchmarks.precision

Latents are drawn from N(offset, 1), from two clusters, with an outlier, and taken from shipped maps (whose rounding is
undone by uniform noise of one unit in the last place). Four ways in one run: float16, as maps were stored before;
float16 of the standardised values with an offset and a scale (float32) of each dimension; float32; and what
vae.latent.compact chooses. Kept: the share of the 15 nearest neighbours of 1 000 rows. kB: of that array, deflated.
"""

from __future__ import annotations

import io

import numpy as np

from benchmarks.machine import write
from vae.latent.compact import lossless, neighbours_kept, rounded_latents
from vae.saved import checkpoint

ROWS = 1_000
SHIPPED = ("digits-vae", "mnist-vae", "fashion-vae", "fashion-ae", "fashion-beta-10", "fashion-vq-vae", "ecg-vrnn")


def cases() -> dict[str, np.ndarray]:
    found = {}
    for n, d in ((300, 8), (10_000, 2), (10_000, 16)):
        for offset in (0, 10, 300, 1_000, 3_000, 10_000):
            z = np.random.default_rng(0).normal(size=(n, d)) + offset
            found[f"N({offset}, 1), {n} x {d}"] = z.astype(np.float32)
    z = np.random.default_rng(0).normal(size=(10_000, 8)).astype(np.float32)
    found["two clusters, 10 000 std apart"] = z + np.float32(1e4) * (np.arange(10_000) % 2)[:, None].astype(np.float32)
    found["one of 10 000 at 7e4"] = np.where(np.arange(10_000)[:, None] == 0, np.float32(7e4), z)
    found["one of 10 000 at 1e30"] = np.where(np.arange(10_000)[:, None] == 0, np.float32(1e30), z)
    for name in SHIPPED:
        with np.load(checkpoint.find(name) / checkpoint.ATLAS) as arrays:
            half = arrays["z"].astype(np.float16)
        noise = np.random.default_rng(1).uniform(-0.5, 0.5, half.shape)
        discrete = len(np.unique(half)) < half.size / 10  # the codes of a codebook are as they are
        z = half.astype(np.float64) + (0 if discrete else noise * np.spacing(np.abs(half)))
        found[f"{name}, {len(z)} x {z.shape[1]}"] = z.astype(np.float32)
    return found


def ways(z: np.ndarray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """What is stored of z, and the latents that are read from it."""
    centre, scale = np.median(z, axis=0), z.std(axis=0, dtype=np.float64)
    with np.errstate(over="ignore"):
        half, standard = z.astype(np.float16), ((z - centre) / scale).astype(np.float16)
    chosen = lossless(rounded_latents(z))
    return {
        "float16": (half, half.astype(np.float32)),
        "standardised": (standard, (standard * scale + centre).astype(np.float32)),
        "float32": (z, z),
        "chosen": (chosen, chosen.astype(np.float32)),
    }


def deflated_kb(a: np.ndarray) -> float:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, z=a)
    return len(buffer.getvalue()) / 1e3


def measure(z: np.ndarray) -> dict[str, dict[str, float | str | None]]:
    found = {}
    for name, (stored, read) in ways(z).items():
        kept = neighbours_kept(z, read, ROWS) if np.isfinite(read).all() else None
        found[name] = {"kept": kept, "kb": deflated_kb(stored), "dtype": str(stored.dtype)}
    return found


def main() -> None:
    found = {name: measure(z) for name, z in cases().items()}
    print("| latents | float16 (before) | standardised | float32 | chosen |\n| --- | --- | --- | --- | --- |")
    for name, each in found.items():
        cells = [
            f"{'does not open' if f['kept'] is None else format(f['kept'], '.4f')}, {f['kb']:.0f} kB"
            + (f" ({f['dtype']})" if way == "chosen" else "")
            for way, f in each.items()
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")
    write("precision", found)


if __name__ == "__main__":
    main()
