"""What tells a sample that is none? python -m benchmarks.oddness [NAME ...] [--quick].

Kinds of nonsense against samples of the training split, by each score of vae.studies.oddness. Reference and normal
samples are two draws of the training split, so that no choice is made on the test split, which the app
then weighs against. Table: the AUROC of telling them from normal samples, and the share that is odder than 95 % of the
reference.
"""

from __future__ import annotations

import argparse

import numpy as np
from PIL import Image

import vae
from benchmarks.machine import machine, write
from vae.data.published.store import here
from vae.latent.auroc import auroc
from vae.studies.oddness import Reference, scores

NAMES = ("fashion-vae", "fashion-ae", "fashion-vq-vae", "fashion-cvae", "mnist-vae", "digits-vae", "ecg-sequence-vae")
REFERENCE, N = 500, 150


def nonsense(x: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Kinds of what is no sample, as many and of the same shape as samples x."""
    if x.ndim != 4:
        noise = rng.normal(0, x.std(), x.shape).astype(np.float32)
        return {"noise": noise, "flat": np.zeros_like(x), "reversed": x[..., ::-1].copy(), "upside down": -x}
    mixed = x.copy()
    mixed[..., : x.shape[2] // 2, :] = np.roll(x, 1, 0)[..., : x.shape[2] // 2, :]
    return {
        "noise": rng.integers(0, 256, x.shape, dtype=np.uint8),
        "noise of 56 px, made small": _made_small(x.shape, 56, rng),
        "noise of 256 px, made small": _made_small(x.shape, 256, rng),
        "one grey": np.broadcast_to(np.linspace(30, 255, len(x))[:, None, None, None], x.shape).astype(np.uint8),
        "pixels shuffled": rng.permuted(x.reshape(len(x), -1), axis=1).reshape(x.shape),
        "inverted": 255 - x,
        "upside down": x[..., ::-1, :].copy(),
        "halves of two": mixed,
    }


def _made_small(shape: tuple[int, ...], side: int, rng: np.random.Generator) -> np.ndarray:
    n, c, h, w = shape
    noise = rng.integers(0, 256, (n * c, side, side), dtype=np.uint8)
    small = [np.asarray(Image.fromarray(one).resize((w, h), Image.Resampling.BOX)) for one in noise]
    return np.stack(small).reshape(shape)


def judged(name: str, n: int) -> list[dict]:
    """A row for each kind of nonsense: AUROC and share beyond 95 %, by the error alone and by oddness."""
    engine, rng = vae.load(name), np.random.default_rng(0)
    s = vae.list_datasets()[engine.card["dataset"]].load()
    rows = np.random.default_rng(1).permutation(len(s.x_train))[: REFERENCE + n]
    x, y = s.x_train[rows], None if s.y_train is None else s.y_train[rows]
    own = (None, None) if y is None else (y[:REFERENCE], y[REFERENCE:])
    known = Reference(engine.submit(scores, engine, x[:REFERENCE], own[0]).result(), "the training split")
    normal = engine.submit(scores, engine, x[REFERENCE:], own[1]).result()
    error = np.sort(known.scores["reconstruction_error"])
    found = []
    for kind, odd in {"normal": x[REFERENCE:], **nonsense(x[REFERENCE:], rng)}.items():
        given = engine.submit(scores, engine, odd, own[1]).result()
        row = {"model": name, "kind": kind}
        for by, value in (
            ("error", lambda of: np.searchsorted(error, of["reconstruction_error"]) / len(error)),
            ("oddness", lambda of: known.oddness(of)[0]),
        ):
            row[f"{by}_auroc"] = round(auroc(value(normal), value(given))[0], 3)
            row[f"{by}_beyond_95"] = round(float((value(given) >= 0.95).mean()), 3)
        found.append(row)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    found = []
    for name in args.names:
        if not here(vae.load(name).card):
            print(f"{name}: its data set is not on this machine")
            continue
        for row in judged(name, 40 if args.quick else N):
            found.append(row)
            print("  ".join(f"{value:<12}" if isinstance(value, str) else f"{value:.3f}" for value in row.values()))
    write("oddness", {"machine": machine(), "rows": found})


if __name__ == "__main__":
    main()
