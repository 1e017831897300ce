"""python -m vae checkpoint rename | note | delete | pack | unpack."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ..disk.one_step import replacing
from ..errors import DataNotFound, SaveError, SettingError
from ..library import importing, manage, packing
from ..saved import checkpoint


def take_in(args: Namespace) -> None:
    try:
        span = tuple(float(v) for v in args.range.split(":")) if args.range else None
    except ValueError:
        span = ()
    if span is not None and len(span) != 2:
        raise SettingError(f"--range {args.range!r}: expected LOW:HIGH, for example -1:1.")
    thumbnails = Path(args.thumbnails) if args.thumbnails else None
    saved = importing.take_in(args.name, Path(args.decoder), Path(args.latents), thumbnails=thumbnails, span=span)
    print(f"{args.name}: kept in {saved.path}, pictures black at {saved.config['hparams']['low']:g} and white at "
          f"{saved.config['hparams']['high']:g}")  # fmt: skip


def rename(args: Namespace) -> None:
    manage.rename(args.name, args.new)
    print(f"{args.name} is now {args.new}")


def note(args: Namespace) -> None:
    manage.annotate(args.name, args.text)
    print(f"{args.name}: {'noted' if args.text.strip() else 'its note is gone'}")


def delete(args: Namespace) -> None:
    size = manage.n_bytes(args.name)
    if not args.yes:
        if not sys.stdin.isatty():
            raise SettingError(f"deleting {args.name} cannot be undone: say --yes.")
        if input(f"Delete {args.name}, {size / 1e6:.1f} MB? It cannot be undone. [y/N] ").strip().lower() != "y":
            print("kept")
            return
    manage.delete(args.name)
    print(f"deleted {args.name}, {size / 1e6:.1f} MB")


def pack(args: Namespace) -> None:
    out = Path(args.out or f"{Path(args.name).name}.zip")
    data = packing.pack(args.name, resume=args.resume)
    try:
        with replacing(out) as partial:
            partial.write_bytes(data)
    except OSError as e:
        raise SaveError(f"could not write {out}: {e.strerror or e}.") from e
    print(f"{out}, {len(data) / 1e6:.1f} MB")


def unpack(args: Namespace) -> None:
    path = Path(args.file)
    if not path.is_file():
        raise DataNotFound(f"{path}: there is no such file.")
    saved = packing.unpack(path, args.name, allow_code=args.allow_code)
    print(f"{saved.config['name']}: verified and kept in {checkpoint.root()}")
