"""python -m benchmarks.own_pictures SET [--zip FILE] [--sheet PNG]: the quick preset on pictures, beside PCA with as
many dimensions and beside the preset as it was before it looked at the data, at equal CPU time; on held-out pictures.

SET: tiles-400, tiles-3900 (a ZIP of the 32x32 tiles of Dungeon Crawl Stone Soup, crawl/tiles at a6ea165), clothing (a
ZIP of the small clothing data set at 64x64, with its own split), digits, fashion_mnist. One run, one seed.
"""

from __future__ import annotations

import argparse
import io
import multiprocessing
import os
import time
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.kinds_models import codec_of
from benchmarks.machine import machine, write
from vae.data.principal import components, findings, floats
from vae.modalities.image import tile
from vae.registry import DATASETS
from vae.training.experiment import prepare
from vae.training.job import Job
from vae.training.plan import Plan
from vae.training.presets import TRAINER, Preset, preset
from vae.training.trainer import fit
from vae.types import Samples

SETS = ("tiles-400", "tiles-3900", "clothing", "digits", "fashion_mnist")
BEFORE = {"d": 8, "width": 16, **TRAINER}  # the quick preset of pictures until it looked at them
TEST, VALIDATION, FEW = 590, 390, 320  # tiles held out, of no use here, and for training of a ZIP of 400
COLUMNS = 16  # of the sheet


def pictures(name: str, path: str) -> tuple[np.ndarray, np.ndarray]:
    """Training and held-out pictures, (n, c, h, w) uint8."""
    if name.startswith("tiles"):
        x = _tiles(path)[np.random.default_rng(0).permutation(3931)]
        train = x[TEST + VALIDATION :]
        return (train[:FEW] if name == "tiles-400" else train), x[:TEST]
    if name == "clothing":
        return _folder(path, "train"), _folder(path, "test")
    samples = DATASETS.get(name).load()
    return np.asarray(samples.x_train), np.asarray(samples.x_test)[:2_000]


def _tiles(path: str) -> np.ndarray:
    """The distinct 32x32 tiles of the release of November 2015, in the order of their names, on black."""
    found: dict[bytes, np.ndarray] = {}
    with zipfile.ZipFile(path) as z:
        for name in sorted(z.namelist()):
            if not name.endswith(".png") or "Nov-2015" not in name or "UNUSED" in name:
                continue
            image = Image.open(io.BytesIO(z.read(name))).convert("RGBA")
            if image.size == (32, 32) and image.tobytes() not in found:
                black = Image.new("RGBA", image.size, (0, 0, 0, 255))
                black.alpha_composite(image)
                found[image.tobytes()] = np.asarray(black.convert("RGB")).transpose(2, 0, 1)
    return np.stack([*found.values()])


def _folder(path: str, part: str) -> np.ndarray:
    with zipfile.ZipFile(path) as z:
        names = [n for n in sorted(z.namelist()) if part in PurePosixPath(n).parts and n.lower().endswith("jpg")]
        read = [Image.open(io.BytesIO(z.read(name))).convert("RGB") for name in names]
    return np.stack([np.asarray(image).transpose(2, 0, 1) for image in read])


def lab(x: np.ndarray) -> np.ndarray:
    """sRGB in 0-1 (n, 3, h, w) -> CIE Lab under D65. IEC 61966-2-1; CIE 15:2004."""
    linear = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    xyz = np.einsum("ij,njhw->nihw", np.array(to_xyz) / np.array([[0.95047], [1.0], [1.08883]]), linear)
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


def measured(again: np.ndarray, x: np.ndarray) -> dict[str, float]:
    """mse, pixels in 0-1; of colour pictures ab_rms, the root mean squared error of a and b over all pixels."""
    again, x = again.clip(0, 1), floats(x)
    out = {"mse": float(np.square(again - x).mean())}
    if x.shape[1] == 3:
        out["ab_rms"] = float(np.sqrt(np.square(lab(again)[:, 1:] - lab(x)[:, 1:]).mean()))
    return out


def fitted(settings: dict[str, Any], x: np.ndarray, epochs: int, threads: int) -> tuple[Any, float]:
    """(a VAE, CPU seconds that its training took)."""
    torch.set_num_threads(threads)
    began = time.process_time()
    job = Job.of(Plan("vae", "digits", settings | {"validation": 0.0}, epochs, 0, "benchmark", "cpu"))
    trainer, _spec = prepare(job, Samples(x, None, x[:2], None))
    for _event in fit(trainer, torch.from_numpy(x), None, None, epochs):
        pass
    return trainer.model, time.process_time() - began


def both(
    new: Preset, x: np.ndarray, threads: int, before: int = 0
) -> tuple[tuple[Any, int, float], tuple[Any, int, float]]:
    """(model, epochs, CPU seconds) of the preset and of the one before, which is given `before` epochs, or if that is 0
    as many as take as long, judged by a few of each. Both train at the same time: what else the machine does disturbs
    them alike."""
    if not before:
        few = max(2, min(new.epochs, round(60 * TRAINER["batch_size"] / len(x))))
        each = [max(1e-3, fitted(s, x, few, threads)[1] - fitted(s, x, 1, threads)[1]) for s in (new.settings, BEFORE)]
        before = max(1, round(new.epochs * each[0] / each[1]))
    epochs = (new.epochs, before)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        begun = [pool.submit(fitted, s, x, n, threads) for s, n in zip((new.settings, BEFORE), epochs, strict=True)]
        (model, cpu_s), (old, old_s) = (job.result() for job in begun)
    return (model, epochs[0], cpu_s), (old, epochs[1], old_s)


def compared(name: str, path: str, threads: int, before: int = 0) -> tuple[dict[str, Any], np.ndarray]:
    """The figures of one set, and a sheet of held-out pictures above their reconstructions: the new preset, PCA and the
    preset before."""
    x, held_out = pictures(name, path)
    found = findings(x)
    new = preset("quick", "vae", DATASETS.get("digits"), len(x), found)
    print(f"{name}: {len(x)} pictures, {found}, {new.settings}, {new.epochs} epochs", flush=True)
    (model, epochs, cpu_s), (old, old_epochs, old_s) = both(new, x, threads, before)
    pca = components(x, found.d, rows_max=len(x))
    flat = floats(held_out).reshape(len(held_out), -1) - pca.mean
    linear = (flat @ pca.directions.T @ pca.directions + pca.mean).reshape(held_out.shape)
    seen = floats(held_out)
    of = {"new": _again(model, seen), "pca": linear, "before": _again(old, seen)}
    unclipped = float(np.square(linear - seen).mean())  # what the eigenvalues say, if less well than pixels in 0-1
    result: dict[str, Any] = {"set": name, "n_train": len(x), "n_test": len(held_out), "found": str(found)}
    result |= {"epochs": epochs, "cpu_s": cpu_s, "epochs_before": old_epochs, "cpu_s_before": old_s}
    result |= {f"{key}_{which}": v for which, again in of.items() for key, v in measured(again, held_out).items()}
    result |= {"mse_pca_unclipped": unclipped, "mse_to_pca_unclipped": result["mse_new"] / unclipped}
    result |= {f"mse_to_{other}": result["mse_new"] / result[f"mse_{other}"] for other in ("pca", "before")}
    if "ab_rms_new" in result:
        result["ab_to_before"] = result["ab_rms_new"] / result["ab_rms_before"]
    some = np.linspace(0, len(seen) - 1, COLUMNS).astype(int)
    return result, tile(np.concatenate([again[some] for again in (seen, *of.values())]), COLUMNS)


def _again(model: Any, x: np.ndarray) -> np.ndarray:
    codec = codec_of(model)
    return codec.decode(codec.encode(x))


def main() -> None:
    p = argparse.ArgumentParser(prog="python -m benchmarks.own_pictures")
    p.add_argument("set", choices=SETS, nargs="?", default="digits")
    p.add_argument("--zip", default="", help="the ZIP of the tiles or the clothing")
    p.add_argument("--sheet", default="", help="write a PNG: held-out pictures, then new preset, PCA, preset before")
    p.add_argument("--quick", action="store_true", help="of no effect: one run as it is")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--epochs-before", type=int, default=0, help="of the preset before; 0: as many as take as long")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    result, sheet = compared(args.set, args.zip, args.threads, args.epochs_before)
    print(machine(), f"load {os.getloadavg()[0]:.1f}, {args.threads} threads, seed 0")
    for key, value in result.items():
        print(f"  {key}: {value:.4g}" if isinstance(value, float) else f"  {key}: {value}")
    write(f"own_pictures-{args.set}", result)
    if args.sheet:
        Image.fromarray(sheet).save(args.sheet, optimize=True)


if __name__ == "__main__":
    main()
