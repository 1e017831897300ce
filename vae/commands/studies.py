"""python -m vae study ...: what the app's tools ask of a model, in text or JSON."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

import numpy as np

from ..engine.engine import Engine, load
from ..errors import SettingError
from ..latent.paths import METHODS
from ..saved import directions
from ..studies import attribute as attributes
from ..studies import copies, groups, oddness, path, posterior, sliders
from .files import read_samples


def show_path(args: Namespace) -> None:
    """The path through samples, with the evidence for each frame."""
    m = load(args.checkpoint)
    if len(args.samples) < 2:
        raise SettingError(f"{len(args.samples)} sample: expected at least 2, the ends of a path.")
    if args.method not in METHODS:
        raise SettingError(f"method {args.method!r}: expected one of {', '.join(METHODS)}.")
    rows = [m.atlas.row_of(number) for number in args.samples]
    found = path.walk(m, m.atlas.z[rows], args.method)
    frames = [
        {"t": float(t), "nearest_sample": int(m.atlas.index[row]), "density": float(density)}
        for t, row, density in zip(found.frame_t, found.rows, found.frame_density, strict=True)
    ]
    record = {"method": args.method, "length": found.length, "off_data": found.off_data, "frames": frames}
    lines = [f"{args.method}: length {found.length:.3f}, off-data score {found.off_data:.3f} (0: as near as data)"]
    lines += [f"t {f['t']:6.3f}  nearest #{f['nearest_sample']}  density {f['density']:.0%}" for f in frames]
    _say(args, record, lines)


def show_attribute(args: Namespace) -> None:
    """The direction from one class to another, judged on held-out samples."""
    m = load(args.checkpoint)
    a, b = (_rows_of_class(m, name) for name in (args.a, args.b))
    if args.method not in attributes.attributes.METHODS:
        raise SettingError(f"method {args.method!r}: expected one of {', '.join(attributes.attributes.METHODS)}.")
    found = attributes.attribute(m, a, b, args.method, directions.load(m.card))
    e = found.evidence
    record = {
        "a": args.a,
        "b": args.b,
        "cohens_d": e.d,
        "cohens_d_interval": [e.low, e.high],
        "chance_d": e.chance,
        "p": e.p,
        "weak": e.weak,
        "pixels_changed": found.change.pixels,
        "off_data": found.change.off_data,
        "trust": found.change.trust,
    }
    verdict = "weak" if e.weak else "clear"
    lines = [
        f"{args.b} -> {args.a}: Cohen's d {e.d:.2f} ({e.low:.2f} to {e.high:.2f}) on held-out samples, {verdict}; "
        f"chance gives {e.chance:.2f}, p {e.p:.3f}",
        f"added once: {found.change.pixels:.1%} of the range of a value changes on average; off-data score "
        f"{found.change.off_data[0]:.2f} -> {found.change.off_data[1]:.2f}, trust "
        f"{found.change.trust[0]:.2f} -> {found.change.trust[1]:.2f}",
    ]
    _say(args, record, lines)


def show_group(args: Namespace) -> None:
    """What the samples of a class have in common in latent space, against all others."""
    m = load(args.checkpoint)
    rows = _rows_of_class(m, args.label)
    if args.csv:
        print(groups.table(m, rows), end="")
        return
    found = groups.describe(m, rows)
    numbers = {name: [int(m.atlas.index[row]) for row in getattr(found, name)] for name in ("typical", "extreme")}
    record: dict[str, Any] = {
        "n": len(rows),
        "of": found.n,
        "spread": found.spread,
        "trust": found.trust,
        "error": found.error,
    }
    lines = [f"{len(rows)} of {found.n} samples; each figure beside that of all samples"]
    for name in ("spread", "trust", "error"):
        if (pair := record[name]) is not None:
            lines.append(f"{name}: {pair[0]:.4g}, all {pair[1]:.4g}")
    lines += [f"{name}: {', '.join(f'#{number}' for number in some)}" for name, some in numbers.items()]
    _say(args, record | numbers, lines)


def show_oddness(args: Namespace) -> None:
    """How odd samples are to a model, against samples of its own kind."""
    m = load(args.checkpoint)
    x = read_samples(args.inputs, m)

    def weigh() -> tuple[np.ndarray, tuple[str, ...], oddness.Reference]:
        known = oddness.reference(m)
        y = [oddness.likeliest(m, one[None]) for one in x]
        labels = None if None in y else np.array(y)
        return *known.oddness(oddness.scores(m, x, labels)), known

    share, by, known = m.submit(weigh).result()
    record = {
        "reference": known.said,
        "samples": [{"odder_than": float(s), "by": why} for s, why in zip(share, by, strict=True)],
    }
    lines = [f"sample {i}: odder than {s:.0%} of {known.said}, by its {why}" for i, (s, why) in enumerate(
        zip(share, by, strict=True))]  # fmt: skip
    _say(args, record, lines)


def show_copies(args: Namespace) -> None:
    """New samples beside the training samples that they are nearest to."""
    m = load(args.checkpoint)
    known = copies.training(m)
    if known is None:
        raise SettingError(f"{m.name}: its data set is not on this machine, so there is nothing to compare with.")
    z = m.sample(args.n, args.seed)
    found = copies.nearest(m, known, m.decode(z, c=m.condition_at(z)))
    rows = zip(found.names, found.words, found.suspect, strict=True)
    record = [{"nearest": name, "verdict": words, "suspect": suspect} for name, words, suspect in rows]
    _say(args, record, [f"sample {i}: {r['nearest']}. {r['verdict']}" for i, r in enumerate(record)])


def show_posterior(args: Namespace) -> None:
    """The width of the posterior of a sample, in latent space and on the map."""
    m = load(args.checkpoint)
    point = path.row_point(m.atlas, m.atlas.row_of(args.sample))
    y = None if m.atlas.labels is None or not m.conditional else int(m.atlas.labels[point.row])
    found = posterior.posterior(m, point, path.describe(m.atlas, point), y, args.seed)
    record = {"said": found.said, "width": found.width, "extent": found.extent}
    _say(args, record, [found.said, f"width {found.width:.1%} of that of all codes, {found.extent:.1%} of the map"])


def show_sliders(args: Namespace) -> None:
    """The directions that change the picture most at a sample."""
    m = load(args.checkpoint)
    row = m.atlas.row_of(args.sample)
    y = None if m.atlas.labels is None or not m.conditional else int(m.atlas.labels[row])
    tabs = sliders.tabs(m, sliders.slope_at(m, m.atlas.z[row], y), directions.load(m.card))
    lines = [f"{tab}: " + ", ".join(f"{name} {says}" for name, says in zip(found["names"], found["says"], strict=True))
             for tab, found in tabs.items() if found["names"]]  # fmt: skip
    _say(args, tabs, lines)


# ---------------------------------------------------------------- parts


def _rows_of_class(m: Engine, name: str) -> np.ndarray:
    """Rows of the map with that class. Raises: SettingError: the model's map knows no such class."""
    atlas = m.atlas
    if atlas.labels is None or not atlas.classes:
        raise SettingError(f"{m.name}: its data set has no labels, so there are no groups to name.")
    if name not in atlas.classes:
        raise SettingError(f"class {name!r}: expected one of {', '.join(map(repr, atlas.classes))}.")
    return np.flatnonzero(atlas.labels == atlas.classes.index(name))


def _say(args: Namespace, record: Any, lines: list[str]) -> None:
    print(json.dumps(record, indent=1) if args.json else "\n".join(lines))
