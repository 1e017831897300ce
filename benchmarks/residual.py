"""Does a place of the map with the residual of a held sample lie at that place, and does the residual stay?

python -m benchmarks.residual [NAME ...] [--quick]

Pairs of held samples and places, each place that of another sample of the map. `residual s` is inverse(xy) + s (held -
inverse(held_xy)); beside it, what one would otherwise take: `interpolation s`, the straight line from the latent of the
place to the held sample, and `sample there`, the sample at the place itself. All are measured twice, on the latent and
on the latent of its decoded picture, encoded again:

  position   median distance of the latent's own place from the one asked for, % of the map's width
  at place   share of latents no farther than 95 % of real samples are from theirs after a round trip
  kept       median share of the held residual in the residual of the latent: its projection, 0 for an unrelated one

and `trust`, the mean over all. Seed 0; the metric is that of the map.
"""

from __future__ import annotations

import argparse

import numpy as np

import vae
from benchmarks.machine import machine, write
from vae.engine.engine import Engine

NAMES = ("fashion-vae", "digits-vae", "mnist-vae", "fashion-ae", "ecg-sequence-vae")
PAIRS, QUICK = 500, 60
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


def latents(engine: Engine, held: np.ndarray, there: np.ndarray) -> dict[str, np.ndarray]:
    """Method -> latents (n, d); held, there: rows of the map."""
    atlas, pairs = engine.atlas, list(zip(held, there, strict=True))
    own = engine.from_map(atlas.xy[there])[0]
    found = {"sample there": atlas.z[there]}
    for s in SHARES:
        found[f"residual {s:g}"] = np.concatenate(
            [engine.with_residual(atlas.xy[t : t + 1], atlas.z[h], s) for h, t in pairs]
        )
        found[f"interpolation {s:g}"] = own + np.float32(s) * (atlas.z[held] - own)
    return found


def measured(engine: Engine, z: np.ndarray, held: np.ndarray, there: np.ndarray) -> dict[str, float]:
    """The columns of the table for latents z (n, d) of one method."""
    atlas, projector = engine.atlas, engine.atlas.projector

    def seen(v: np.ndarray) -> np.ndarray:
        return projector.seen(v) * projector.scale

    bound = projector.trust_report["tau_map_widths"]
    own = seen(atlas.z[held] - engine.from_map(atlas.xy[held])[0])
    c = engine.condition_at(z)
    again = engine.encode(engine.decode(z, c=c), c=c)[0]
    found: dict[str, float] = {}
    for what, of in (("latent", z), ("picture", again)):
        placed = engine.to_map(of)
        off = np.linalg.norm(placed - atlas.xy[there], axis=1) / projector.width
        left = seen(of - engine.from_map(placed)[0])
        kept = (left * own).sum(1) / np.square(own).sum(1)
        found |= {
            f"{what}_position_%": round(float(100 * np.median(off)), 2),
            f"{what}_at_place_%": round(float(100 * (off <= bound).mean()), 1),
            f"{what}_kept": round(float(np.median(kept)), 3),
        }
    return found | {"trust": round(float(projector.returned(z, again).mean()), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    rows = []
    for name in args.names:
        engine, rng = vae.load(name), np.random.default_rng(0)
        held, there = rng.integers(engine.atlas.n, size=(2, QUICK if args.quick else PAIRS))
        for method, z in latents(engine, held, there).items():
            rows.append({"model": name, "method": method, **measured(engine, z, held, there)})
            print("  ".join(f"{v:<18}" if isinstance(v, str) else f"{v:8.3f}" for v in rows[-1].values()), flush=True)
    write("residual", {"machine": machine(), "rows": rows})


if __name__ == "__main__":
    main()
