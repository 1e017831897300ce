"""python -m vae checkpoint rename | note | delete | pack | unpack."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ..disk.one_step import replacing
from ..errors import DataNotFound, SettingError
from ..library import importing, manage, packing
from ..metrics.active import card_warnings
from ..saved import checkpoint
from ..text import _, size
from .options import next_steps


def import_decoder(args: Namespace) -> None:
    try:
        span = tuple(float(v) for v in args.range.split(":")) if args.range else None
    except ValueError:
        span = ()
    if span is not None and len(span) != 2:
        raise SettingError(_("--range {range!r}: expected LOW:HIGH, for example -1:1.", range=args.range))
    thumbnails = Path(args.thumbnails) if args.thumbnails else None
    try:
        shape = tuple(int(side) for side in args.shape.split(",")) if args.shape else None
    except ValueError:
        shape = ()
    if shape is not None and (not shape or min(shape) < 1):
        raise SettingError(_("--shape {shape!r}: expected whole numbers, for example 1,28,28.", shape=args.shape))
    saved = importing.take_in(
        args.name,
        Path(args.decoder),
        Path(args.latents),
        thumbnails=thumbnails,
        span=span,
        shape=shape,
        output=args.output,
        report=print,
    )
    low, high = saved.config["hparams"]["low"], saved.config["hparams"]["high"]
    print(
        _(
            "imported {name} into {path}; {low:g} is black, {high:g} is white",
            name=args.name,
            path=saved.path,
            low=low,
            high=high,
        )
    )
    for warning in card_warnings(saved.config):
        print(warning)
    print(next_steps(args.name))


def rename(args: Namespace) -> None:
    manage.rename(args.name, args.new)
    print(_("renamed {name} to {new}", name=args.name, new=args.new))


def note(args: Namespace) -> None:
    manage.annotate(args.name, args.text)
    print(_("note saved") if args.text.strip() else _("note deleted"))


def delete(args: Namespace) -> None:
    n_bytes = size(manage.n_bytes(args.name))
    if not args.yes:
        if not sys.stdin.isatty():
            raise SettingError(_("deleting {name} cannot be undone: confirm with --yes.", name=args.name))
        question = _("Delete {name} ({size})? This cannot be undone. [y/N] ", name=args.name, size=n_bytes)
        if input(question).strip().lower() != "y":
            print(_("not deleted"))
            return
    manage.delete(args.name)
    print(_("deleted {name} ({size})", name=args.name, size=n_bytes))


def pack(args: Namespace) -> None:
    out = Path(args.out or f"{Path(args.name).name}.zip")
    data = packing.pack(args.name, resume=args.resume)
    with replacing(out) as partial:
        partial.write_bytes(data)
    print(f"{out}, {size(len(data))}")


def unpack(args: Namespace) -> None:
    path = Path(args.file)
    if not path.is_file():
        raise DataNotFound(_("{path}: no such file.", path=path))
    saved = packing.unpack(path, args.name, allow_code=args.allow_code)
    print(_("unpacked and verified {name} in {folder}", name=saved.config["name"], folder=checkpoint.root()))
    print(next_steps(saved.config["name"]))
