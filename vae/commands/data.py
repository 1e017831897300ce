"""python -m vae data add | list | show | remove: your data sets."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from PIL import Image
from tqdm import tqdm

from ..data.own import shelf
from ..data.own.choices import Choices
from ..data.own.choices import size as parse_size
from ..data.own.decisions import Decision
from ..data.own.sources import Skipped, given
from ..data.own.understand import Preview, understand
from ..disk.one_step import replacing
from ..library import user_data
from ..modalities.image import tile
from ..settings import QUESTIONS
from ..text import _, ngettext, number, size

FEW = 40  # skipped files that are named without --all


def add(args: Namespace) -> None:
    if not args.dry_run:  # before reading, which may take minutes
        user_data.check_name(args.name, replace=args.overwrite)
    choices = Choices(
        kind=args.kind,
        size=parse_size(args.size) if args.size else None,
        colour=args.colour,
        fit=args.fit,
        ground=args.ground,
        time_column=args.time_column,
        window=args.window,
        stride=args.stride,
        test_share=args.test_share,
        seed=args.seed,
        **{name: value for name in QUESTIONS if (value := getattr(args, name)) != "auto"},
    )
    with tqdm(unit=_("file"), file=sys.stderr, disable=None, leave=False) as bar:

        def progress(done: int, n: int) -> None:
            bar.total = n
            bar.update(done - bar.n)

        understood = understand(given(args.path), choices, progress)
    _print(understood.preview, args.all)
    if args.dry_run:
        print(_("nothing was stored (--dry-run)"))
        return
    folder = user_data.add(args.name, understood, replace=args.overwrite)
    print(
        _(
            "stored {name} in {folder}. Train on it: {command}",
            name=args.name,
            folder=folder,
            command=f"python -m vae train vae {args.name} --preset quick",
        )
    )


def list_all(args: Namespace) -> None:
    rows: list[dict[str, Any]] = []
    known = shelf.shelved()
    for name in shelf.names():
        if name not in known:
            rows.append({"name": name, "error": _("the description cannot be read")})
            continue
        d = shelf.describe(name)
        n = [d["arrays"][key][1] for key in ("x_train", "x_test")]
        rows.append(
            {
                "name": name,
                "modality": d["modality"],
                "shape": d["shape"],
                "n_train": n[0],
                "n_test": n[1],
                "classes": len(d["classes"]),
                "n_bytes": shelf.n_bytes(name),
                "source": d["source"],
            }
        )
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    for row in rows:
        print(_line(row))
    if not rows:
        print(_("No data sets of yours yet. Add one: {command}", command="python -m vae data add NAME PATH"))


def show(args: Namespace) -> None:
    shelf.verify(args.name)
    d = shelf.describe(args.name)
    samples = shelf.load(shelf.root() / args.name)
    from ..registry import DATASETS, MODALITIES

    preview = Preview(
        source=d["source"],
        what=d["what"],
        modality=d["modality"],
        shape=tuple(d["shape"]),
        n_train=len(samples.x_train),
        n_test=len(samples.x_test),
        low=d["low"],
        high=d["high"],
        labels=d["labels"],
        columns=tuple(d["columns"]),
        notes=tuple(d["notes"]),
        skipped=tuple(Skipped(*pair) for pair in d["skipped"]),
        n_bytes=shelf.n_bytes(args.name),
        pictures=MODALITIES.get(d["modality"]).pictures(samples.x_train[:64]),
        decisions=tuple(Decision(**(one | {"options": ()})) for one in d.get("decisions", ())),  # nothing to change now
    )
    _print(preview, args.all)
    print(f"SHA-256: {d['sha256']}")
    print(_("folder: {folder}", folder=DATASETS.get(args.name).folder))
    if args.out:
        with replacing(Path(args.out)) as partial:
            Image.fromarray(tile(preview.pictures, 8)).save(partial)
        print(args.out)


def remove(args: Namespace) -> None:
    user_data.remove(args.name)
    print(_("deleted {name}", name=args.name))


def _print(preview: Preview, every: bool) -> None:
    for line in preview.lines(10**9 if every else FEW):
        print(line)


def _line(row: dict[str, Any]) -> str:
    if "error" in row:
        return f"{row['name']}: {row['error']}"
    shape = "x".join(map(str, row["shape"]))
    classes = ngettext("{n} class", "{n} classes", row["classes"])
    return _(
        "{name}: {n_train} training and {n_test} test samples, {modality} {shape}, {classes}, {size}, from {source}",
        name=row["name"],
        n_train=number(row["n_train"]),
        n_test=number(row["n_test"]),
        modality=row["modality"],
        shape=shape,
        classes=classes,
        size=size(row["n_bytes"]),
        source=row["source"],
    )
