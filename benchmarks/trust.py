"""Does the trust of the shipped maps come true, before and after: python -m benchmarks.trust [--quick] [NAME ...].

Fresh positions of two kinds, with a seed of their own: near data (2 % of the map's width from a reference point, where
the app is used) and uniform over the box. Each is decoded, encoded and placed; it came back if it kept the bounds that
are stored with the map. Before: the trust of the same map in git at BEFORE; as the positions and the bounds are the
same, both columns are about the same facts. What one would have used instead is the coverage of the map: c / (1 + c).
"""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vae.engine.engine import Engine
from vae.latent.calibration import calibration_error, calibration_noise
from vae.latent.projector import Projector
from vae.latent.trust import auroc_of, round_trip
from vae.latent.trust_model import TrustModel, from_coverage
from vae.saved import checkpoint

ROOT = Path(__file__).resolve().parents[1]
BEFORE = "8a7abd7"
SEED, NEAR, UNIFORM = 2_002, 12_000, 4_000
GOAL = 0.015


class Judged(NamedTuple):
    """Calibration error near data and uniform, and AUROC uniform (both criteria, map, latent) and near data."""

    near: float
    uniform: float
    auroc: tuple[float, float, float, float]


def positions(projector: Projector, n_near: int, n_uniform: int) -> tuple[np.ndarray, np.ndarray]:
    random, (x0, y0, x1, y1) = np.random.default_rng(SEED), projector.box
    uniform = np.array([x0, y0]) + random.random((n_uniform, 2)) * [x1 - x0, y1 - y0]
    near = projector.xy[random.integers(0, len(projector.xy), n_near)]
    near = np.clip(near + random.normal(scale=0.02 * projector.width, size=near.shape), [x0, y0], [x1, y1])
    return near.astype(np.float32), uniform.astype(np.float32)


def judged(near: np.ndarray, uniform: np.ndarray, back: np.ndarray, stays: np.ndarray, same: np.ndarray) -> Judged:
    """back: of the positions near data; stays, same: of the uniform ones, by either criterion."""
    aurocs = (auroc_of(uniform, stays & same), auroc_of(uniform, stays), auroc_of(uniform, same), auroc_of(near, back))
    return Judged(calibration_error(near, back), calibration_error(uniform, stays & same), aurocs)


def before(name: str, projector: Projector) -> Projector | None:
    """The same map with the trust that it had; None where git does not have it."""
    found = subprocess.run(
        ["git", "show", f"{BEFORE}:checkpoints/{name}/atlas.npz"], cwd=ROOT, capture_output=True, check=False
    )
    if found.returncode:
        return None
    arrays = np.load(io.BytesIO(found.stdout), allow_pickle=False)
    assert np.array_equal(arrays["xy"], projector.xy), f"{name}: the map itself has changed"
    trust = TrustModel.from_state({k.removeprefix("projector."): arrays[k] for k in arrays.files})
    return None if trust is None else projector.with_trust(trust)


def measure(name: str, quick: bool) -> tuple[Judged | None, Judged, Judged, float]:
    """Before, after, by coverage alone, and what chance leaves of the error near data."""
    engine = Engine(checkpoint.read(ROOT / "checkpoints" / name), "cpu")
    atlas, projector = engine.atlas, engine.atlas.projector
    given = atlas.conditions if engine.conditioned else atlas.labels if engine.conditional else None

    def decode(z: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        told = None if given is None else given[atlas.search.query(projector.seen(z), 1)[1][:, 0]]
        return engine.decode(z, **{engine.condition_name: told}), told

    def encode(pair: tuple[np.ndarray, np.ndarray | None]) -> np.ndarray:
        return engine.encode(pair[0], **{engine.condition_name: pair[1]})[0]

    near, uniform = positions(projector, *((1_000, 500) if quick else (NEAR, UNIFORM)))
    bounds = projector.trust_report["tau_map_widths"] * projector.width, projector.trust_report["tau_latent"]
    moved, changed = round_trip(projector, decode, encode, near)
    back = (moved <= bounds[0]) & (changed <= bounds[1])
    moved, changed = round_trip(projector, decode, encode, uniform)
    facts = back, moved <= bounds[0], changed <= bounds[1]
    old = before(name, projector)
    return (
        None if old is None else judged(old.trust(near), old.trust(uniform), *facts),
        judged(projector.trust(near), projector.trust(uniform), *facts),
        judged(*(from_coverage(projector.coverage(p)) for p in (near, uniform)), *facts),
        calibration_noise(projector.trust(near)),
    )


def main(argv: list[str]) -> int:
    quick, names = "--quick" in argv, [a for a in argv if not a.startswith("-")]
    names = names or sorted(p.parent.name for p in (ROOT / "checkpoints").glob("*/config.json"))
    names = names[:3] if quick else names
    print("| map | near data: before | after | chance | coverage | uniform: before | after ", end="")
    print("| AUROC both, map, latent, near: before | after |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |")
    found = []
    for name in names:
        old, new, coverage, chance = measure(name, quick)
        found.append((old or new, new, coverage, chance))
        written = ["" if one is None else " ".join(f"{a:.4f}" for a in one.auroc) for one in (old, new)]
        errors = ["" if one is None else f"{one.near:.4f}" for one in (old, new)]
        errors += [f"{chance:.4f}", f"{coverage.near:.4f}"]
        errors += ["" if one is None else f"{one.uniform:.4f}" for one in (old, new)]
        print(f"| {name} | {' | '.join(errors)} | {' | '.join(written)} |", flush=True)
    worst = max(new.near for _old, new, _coverage, _chance in found)
    means = [np.mean([each[k].near for each in found]) for k in range(3)]
    lost = np.nanmin([np.subtract(new.auroc, old.auroc) for old, new, _coverage, _chance in found], axis=0)
    print(f"mean error near data: {means[0]:.4f} before, {means[1]:.4f} after, {means[2]:.4f} by coverage; ", end="")
    print(f"largest after: {worst:.4f} (goal {GOAL}); largest loss of AUROC: {' '.join(f'{v:+.5f}' for v in lost)}")
    return int(not quick and worst > GOAL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
