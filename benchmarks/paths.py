"""Ways between held-out samples: do they keep to the data? python -m benchmarks.paths [--json] [--quick].

Ends are posterior means of test samples of two classes, drawn with a seed. Every way has 64 places. Judges that no way
was made by: the off-data score against other training samples than those of the atlas, trust (does a place come back
when its picture is encoded again) and the distance of each picture to the nearest of those other training samples.
"""

from __future__ import annotations

import argparse
import functools
import json
import time

import numpy as np
import torch
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

import vae
from benchmarks.machine import machine, write
from vae.latent.geodesic import Geodesics
from vae.latent.neighbours import Index
from vae.latent.paths import METHODS, along

PLACES, PAIRS, OTHERS, WANTED = 64, 200, 10_000, 0.80
T = np.linspace(0.0, 1.0, PLACES)
JUDGES = ("off_data", "off_data_others", "trust", "to_nearest_picture", "picture_length", "ms")


class Judges:
    """What each judge says of a way (n, d)."""

    def __init__(self, engine, x_train: np.ndarray, seed: int):
        self.engine, self.projector = engine, engine.atlas.projector
        free = np.setdiff1d(np.arange(len(x_train)), engine.atlas.index)
        rows = np.random.default_rng(seed).permutation(free)[:OTHERS]
        self.place = lambda z: self.projector.seen(np.asarray(z, np.float32)) * self.projector.scale
        self.others = Geodesics(engine.encode(x_train[rows])[0], self.place)
        real = x_train[rows].reshape(len(rows), -1).astype(np.float32)
        self.pictures = Index(real / 255 if x_train.dtype == np.uint8 else real, np.ones(real.shape[1], np.float32))

    def of(self, way: np.ndarray) -> dict[str, float]:
        engine, y = self.engine, self.engine.labels_at(way)
        x = engine.decode(way, y)
        flat = x.reshape(len(x), -1)
        distance = self.others._index.query(self.place(way), 15)[0][:, -1]
        return {
            "off_data": float(self.projector.surroundings(way).off_data.mean()),
            "off_data_others": float(np.maximum(0, 1 - self.others.reach / distance).mean()),
            "trust": float(self.projector.returned(way, engine.encode(x, y)[0]).mean()),
            "to_nearest_picture": float(self.pictures.query(flat, 1)[0].mean()),
            "picture_length": float(np.linalg.norm(np.diff(flat, axis=0), axis=1).sum()),
        }


def pairs(z: np.ndarray, labels: np.ndarray, n: int, seed: int) -> list[np.ndarray]:
    """n pairs of rows of z, of two classes."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < n:
        a, b = rng.integers(0, len(z), 2)
        if labels[a] != labels[b]:
            found.append(z[[a, b]])
    return found


# ---------------------------------------------------------------- what is not shipped, to compare with


def by_decoder(engine, weigh) -> tuple:
    """Ways on the same graph, a step from row to row costing weigh(decoder's change, mean radius / reach)."""
    geodesics, atlas = engine.atlas.geodesics, engine.atlas
    start = time.perf_counter()
    x = engine.decode(atlas.z, engine.labels_at(atlas.z)).reshape(atlas.n, -1)
    row = geodesics._index.query_points(16)[1]
    a, b = np.repeat(np.arange(atlas.n), 15), row[:, 1:].ravel()
    change = np.linalg.norm(x[a] - x[b], axis=1)
    cost = np.maximum(weigh(change, (geodesics._radius[a] + geodesics._radius[b]) / 2 / geodesics.reach), 1e-9)
    one_way = csr_matrix((cost, (a, b)), shape=(atlas.n, atlas.n))
    graph, built = one_way.maximum(one_way.T), time.perf_counter() - start

    def way(ends: np.ndarray) -> np.ndarray:
        first, last = geodesics._index.query(geodesics._coordinates(ends), 1)[1][:, 0]
        before = dijkstra(graph, indices=first, return_predecessors=True)[1]
        passed = [last]
        while passed[-1] != first:
            passed.append(before[passed[-1]])
        corners = np.concatenate([ends[:1], atlas.z[passed[::-1]], ends[1:]]).astype(np.float64)
        return geodesics._even(corners, PLACES - 1).astype(np.float32)

    return way, built


def by_energy(engine, ends: np.ndarray, penalty: float, steps: int = 60) -> np.ndarray:
    """A curve of 17 places that Adam moves to least sum |x_i+1 - x_i|^2 + penalty * sum log r^2, from the line."""
    index, d = engine.atlas.geodesics._index, ends.shape[1]
    points = torch.from_numpy(index.points + index._centre)
    line = torch.from_numpy(along(ends, np.linspace(0, 1, 17)))
    inner = line[1:-1].clone().requires_grad_()
    adam = torch.optim.Adam([inner], lr=0.05)
    scale = torch.from_numpy(np.broadcast_to(engine.atlas.projector.scale, (d,)).copy())
    with torch.enable_grad():
        for _ in range(steps):
            curve = torch.cat([line[:1], inner, line[-1:]])
            x = engine.model.decode(curve).flatten(1)
            near = torch.cdist(inner * scale, points).topk(15, largest=False).values
            energy = (x[1:] - x[:-1]).square().sum() + penalty * near.mean(1).square().log().sum()
            adam.zero_grad()
            (inner.grad,) = torch.autograd.grad(energy, [inner])
            adam.step()
    return along(curve.detach().numpy(), T)


# ---------------------------------------------------------------- the run


def measured(judges: Judges, ends: list[np.ndarray], walk) -> dict[str, np.ndarray]:
    """Every judge's verdict on the way of every pair, and its time."""
    rows = []
    for pair in ends:
        start = time.perf_counter()
        way = walk(pair)
        spent = 1e3 * (time.perf_counter() - start)
        rows.append(judges.of(way) | {"ms": spent})
    return {name: np.array([row[name] for row in rows]) for name in JUDGES}


def better(found: dict[str, np.ndarray], linear: dict[str, np.ndarray]) -> float:
    """The share of pairs for which a way is less off the data than the line; of the first pairs, if it has fewer."""
    return float(np.mean(found["off_data"] < linear["off_data"][: len(found["off_data"])]))


def line_of(name: str, found: dict[str, np.ndarray], linear: dict[str, np.ndarray]) -> str:
    cells = [f"{better(found, linear):.2f}"]
    for judge in JUDGES:
        v = found[judge]
        times = f"{np.median(v):.1f} ({v.min():.1f}-{v.max():.1f})"
        cells.append(times if judge == "ms" else f"{v.mean():.3f} ± {v.std():.3f}")
    return f"| {name} | {len(found['ms'])} | " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="fashion-vae")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="20 pairs, no comparison with what is not shipped")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON and nothing else")
    args = parser.parse_args()
    n = 20 if args.quick else args.pairs
    engine = vae.load(args.model, device="cpu")
    torch.set_num_threads(1)
    samples = vae.list_datasets()[engine.card["dataset"]].load()
    judges = Judges(engine, samples.x_train, args.seed)
    drawn = np.random.default_rng(args.seed).permutation(len(samples.x_test))[:2000]
    ends = pairs(engine.encode(samples.x_test[drawn])[0], samples.y_test[drawn], n, args.seed)
    start = time.perf_counter()
    geodesics = engine.atlas.geodesics
    built_s = time.perf_counter() - start

    found = {
        method: measured(judges, ends, functools.partial(along, t=T, method=method, geodesics=geodesics))
        for method in METHODS
    }
    linear, geodesic = found["linear"], found["geodesic"]
    notes = []
    if not args.quick and not args.json and not engine.conditional:
        for name, weigh in (
            ("graph by decoder", lambda change, radius: change),
            ("graph by decoder, density", lambda change, radius: change * (radius**2 + 0.25) ** 2),
        ):
            way, seconds = by_decoder(engine, weigh)
            found[name] = measured(judges, ends[:60], way)
            notes.append(f"{name}: its graph took {seconds:.1f} s")
        for name, penalty in (("energy by decoder", 0.0), ("energy by decoder, density", 4.0)):
            found[name] = measured(judges, ends[:30], lambda pair, penalty=penalty: by_energy(engine, pair, penalty))
    untouched = linear["off_data"] == 0
    result = {
        "model": args.model,
        "pairs": n,
        "seed": args.seed,
        "geodesic_better_share": better(geodesic, linear),
        "geodesic_better_share_where_the_line_leaves": float(
            np.mean(geodesic["off_data"][~untouched] < linear["off_data"][~untouched])
        ),
        "line_never_leaves_share": float(untouched.mean()),
        "graph_s": built_s,
        "mean": {m: {j: float(v.mean()) for j, v in f.items()} for m, f in found.items()},
        "std": {m: {j: float(v.std()) for j, v in f.items()} for m, f in found.items()},
        "better_than_line": {m: better(f, linear) for m, f in found.items()},
        "median_ms": {m: float(np.median(f["ms"])) for m, f in found.items()},
    }
    write("paths", result)
    if args.json:
        print(json.dumps(result))
        return
    print(machine())
    print("| way | n | better than the line | " + " | ".join(JUDGES) + " |")
    print("| --- " * (len(JUDGES) + 3) + "|")
    for name, of in found.items():
        print(line_of(name, of, linear))
    print(f"graph of the geodesic {built_s:.2f} s; " + "; ".join(notes))
    print({k: v for k, v in result.items() if isinstance(v, float)})
    print(f"wanted: geodesic_better_share >= {WANTED}: {'yes' if result['geodesic_better_share'] >= WANTED else 'NO'}")


if __name__ == "__main__":
    main()
