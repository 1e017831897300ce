"""python -m vae study ...: the analyses of the app, as text or JSON."""

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
from ..text import _, ngettext, number, percent, significant
from .files import read_samples


def show_path(args: Namespace) -> None:
    """The path through samples, with the evidence for each frame."""
    m = load(args.checkpoint)
    if len(args.samples) < 2:
        raise SettingError(
            ngettext("{n} sample: a path needs at least 2.", "{n} samples: a path needs at least 2.", len(args.samples))
        )
    if args.method not in METHODS:
        raise SettingError(
            _("method {method!r}: expected one of {methods}.", method=args.method, methods=", ".join(METHODS))
        )
    rows = [m.atlas.row_of(sample) for sample in args.samples]
    found = path.measured_path(m, m.atlas.z[rows], args.method)
    frames = [
        {"t": float(t), "nearest_sample": int(m.atlas.index[row]), "density": float(density)}
        for t, row, density in zip(found.frame_t, found.rows, found.frame_density, strict=True)
    ]
    record = {"method": args.method, "length": found.length, "off_data": found.off_data, "frames": frames}
    lines = [
        _(
            "{method}: length {length}, off-data score {off_data} (0: as near to samples as samples are to each other)",
            method=args.method,
            length=number(found.length, 3),
            off_data=number(found.off_data, 3),
        )
    ]
    lines += [
        _(
            "t {t}  nearest #{nearest}  density {density}",
            t=f"{number(f['t'], 3):>6}",
            nearest=f["nearest_sample"],
            density=percent(f["density"]),
        )
        for f in frames
    ]
    _output(args, record, lines)


def show_attribute(args: Namespace) -> None:
    """The direction from one class to another, tested on held-out samples."""
    m = load(args.checkpoint)
    a, b = (_rows_of_class(m, name) for name in (args.a, args.b))
    if args.method not in attributes.attributes.METHODS:
        raise SettingError(
            _(
                "method {method!r}: expected one of {methods}.",
                method=args.method,
                methods=", ".join(attributes.attributes.METHODS),
            )
        )
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
    values = {
        "b": args.b,
        "a": args.a,
        "d": number(e.d, 2),
        "low": number(e.low, 2),
        "high": number(e.high, 2),
        "chance": number(e.chance, 2),
        "p": number(e.p, 3),
    }
    if e.weak:
        evidence = _(
            "{b} -> {a}: weak; Cohen's d {d} ({low} to {high}) on held-out samples, {chance} by chance, p {p}", **values
        )
    else:
        evidence = _(
            "{b} -> {a}: clear; Cohen's d {d} ({low} to {high}) on held-out samples, {chance} by chance, p {p}",
            **values,
        )
    lines = [
        evidence,
        _(
            "added once, the direction changes values by {share} of their range on average; off-data score "
            "{off_data_from} -> {off_data_to}, trust {trust_from} -> {trust_to}",
            share=percent(found.change.pixels, 1),
            off_data_from=number(found.change.off_data[0], 2),
            off_data_to=number(found.change.off_data[1], 2),
            trust_from=number(found.change.trust[0], 2),
            trust_to=number(found.change.trust[1], 2),
        ),
    ]
    _output(args, record, lines)


def show_group(args: Namespace) -> None:
    """A class in latent space, compared with all samples."""
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
    lines = [_("{n} of {total} samples, compared with all samples", n=number(len(rows)), total=number(found.n))]
    for name, words in (("spread", _("spread")), ("trust", _("trust")), ("error", _("error"))):
        if (pair := record[name]) is not None:
            lines.append(
                _("{name}: {value}, all {all}", name=words, value=significant(pair[0], 4), all=significant(pair[1], 4))
            )
    for name, words in (("typical", _("typical")), ("extreme", _("extreme"))):
        lines.append(f"{words}: " + ", ".join(f"#{sample}" for sample in numbers[name]))
    _output(args, record | numbers, lines)


def show_oddness(args: Namespace) -> None:
    """How unusual samples are to a model, compared with its data."""
    m = load(args.checkpoint)
    x = read_samples(args.inputs, m)

    def compare() -> tuple[np.ndarray, tuple[str, ...], oddness.Reference]:
        known = oddness.reference(m)
        y = [oddness.likeliest(m, one[None]) for one in x]
        labels = None if None in y else np.array(y)
        return *known.oddness(oddness.scores(m, x, labels)), known

    share, by, known = m.submit(compare).result()
    record = {
        "reference": known.said,
        "samples": [{"odder_than": float(s), "by": why} for s, why in zip(share, by, strict=True)],
    }
    lines = [
        _(
            "sample {i}: more unusual than {share} of {samples}, by its {score}",
            i=i,
            share=percent(s),
            samples=known.said,
            score=why,
        )
        for i, (s, why) in enumerate(zip(share, by, strict=True))
    ]
    _output(args, record, lines)


def show_copies(args: Namespace) -> None:
    """New samples and the nearest training sample of each."""
    m = load(args.checkpoint)
    known = copies.training(m)
    if known is None:
        raise SettingError(
            _("{model}: its data set is not on this machine, so there is nothing to compare with.", model=m.name)
        )
    z = m.sample(args.n, args.seed)
    found = copies.nearest(m, known, m.decode(z, c=m.condition_at(z)))
    rows = zip(found.names, found.words, found.suspect, strict=True)
    record = [{"nearest": name, "verdict": words, "suspect": suspect} for name, words, suspect in rows]
    _output(
        args,
        record,
        [
            _("sample {i}: {nearest}. {verdict}", i=i, nearest=r["nearest"], verdict=r["verdict"])
            for i, r in enumerate(record)
        ],
    )


def show_posterior(args: Namespace) -> None:
    """The width of the posterior of a sample, in latent space and on the map."""
    m = load(args.checkpoint)
    row = m.atlas.row_of(args.sample)
    point = path.row_point(m.atlas, row)

    found = posterior.posterior(m, point, path.describe(m.atlas, point), _label(m, row), args.seed)
    record = {"said": found.said, "width": found.width, "extent": found.extent}
    _output(
        args,
        record,
        [
            found.said,
            _(
                "width {width} of the standard deviation of all latents, {extent} of the map",
                width=percent(found.width, 1),
                extent=percent(found.extent, 1),
            ),
        ],
    )


def show_sliders(args: Namespace) -> None:
    """The directions that change the sample most."""
    m = load(args.checkpoint)
    row = m.atlas.row_of(args.sample)

    tabs = sliders.tabs(m, sliders.slope_at(m, m.atlas.z[row], _label(m, row)), directions.load(m.card))
    lines = [
        f"{tab}: " + ", ".join(f"{name} {effect}" for name, effect in zip(found["names"], found["says"], strict=True))
        for tab, found in tabs.items()
        if found["names"]
    ]
    _output(args, tabs, lines)


# ---------------------------------------------------------------- parts


def _label(m: Engine, row: int) -> int | None:
    """The label of a row of the map, with which a conditional model decodes it; None if it takes no labels."""
    return int(m.atlas.labels[row]) if m.conditional and m.atlas.labels is not None else None


def _rows_of_class(m: Engine, name: str) -> np.ndarray:
    """Rows of the map with that class. Raises: SettingError: the map has no such class."""
    atlas = m.atlas
    if atlas.labels is None or not atlas.classes:
        raise SettingError(_("{model}: its data set has no labels, so there are no classes.", model=m.name))
    if name not in atlas.classes:
        raise SettingError(
            _("class {name!r}: expected one of {classes}.", name=name, classes=", ".join(map(repr, atlas.classes)))
        )
    return np.flatnonzero(atlas.labels == atlas.classes.index(name))


def _output(args: Namespace, record: Any, lines: list[str]) -> None:
    print(json.dumps(record, indent=1) if args.json else "\n".join(lines))
