"""python -m vae encode | decode | sample | interpolate: files in, files out."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, overload

import numpy as np
from PIL import Image

from ..data.own import layouts
from ..data.own.choices import Choices
from ..data.own.decisions import Decision
from ..disk import guarded_arrays
from ..disk.guarded import Refused
from ..disk.guarded_pictures import FORMATS
from ..disk.one_step import replacing
from ..disk.saving import saving
from ..engine.engine import Engine, load
from ..errors import SettingError, ShapeError, UnknownName
from ..modalities import image
from ..modalities.image import pixels, tile
from ..modalities.picture_files import Ranges, levels, opened
from ..modalities.variables import described
from ..text import _, ngettext, number

GIF_FRAME_MS = 80


def encode(args: Namespace) -> None:
    out = _out(args.out, ".npz")
    engine = load(args.checkpoint)
    given = conditions(engine, args.inputs, args.label)
    mu, std = engine.encode(read_samples(args.inputs, engine, args.range), **given)
    _save_npz(out, z=mu, mu=mu, std=std, xy=engine.to_map(mu), **given)


def decode(args: Namespace) -> None:
    engine = load(args.checkpoint)
    out = _out(args.out, ".npz", ".png", engine.modality.suffix, "")
    z = _read_array(args.input, "z")
    _save(out, engine, z, args.scale, given=conditions(engine, [args.input], args.label))


def sample(args: Namespace) -> None:
    engine = load(args.checkpoint)
    out = _out(args.out, ".npz", ".png", engine.modality.suffix, "")
    given = conditions(engine, [], args.label)
    z = engine.sample(args.n, args.seed, args.temperature, args.source, **given)
    _save(out, engine, z, args.scale, given=given)


def conditions(engine: Engine, inputs: list[str], label: str | None) -> dict[str, Any]:
    """Labels or conditions for a conditional model, as arguments of `Engine.encode` and its like: the class of --label
    for all samples; else the labels y, or the conditions c, of the .npz file; else nothing.

    Raises: SettingError: a label for a model without labels. UnknownName: not a class of the model.
    """
    if label is not None:
        if not engine.conditional:
            raise SettingError(
                _(
                    "--label {label!r}: {model} takes no label but conditions, as array c of an .npz file.",
                    label=label,
                    model=engine.name,
                )
                if engine.conditioned
                else _("--label {label!r}: {model} takes no labels.", label=label, model=engine.name)
            )
        classes = engine.atlas.classes
        if label in classes:
            return {"y": classes.index(label)}
        if not (label.isdecimal() and int(label) < engine.card["spec"]["n_classes"]):
            raise UnknownName(_("class"), label, classes or range(engine.card["spec"]["n_classes"]))
        return {"y": int(label)}
    if not engine.condition or len(inputs) != 1 or not inputs[0].endswith(".npz"):
        return {}
    found = _read_array(inputs[0], engine.condition_name, required=False)
    return {} if found is None else {engine.condition_name: found}


def interpolate(args: Namespace) -> None:
    engine = load(args.checkpoint)
    out = _out(args.out, ".npz", ".png", ".gif", engine.modality.suffix, "")
    if len(args.samples) < 2:
        raise SettingError(
            ngettext("{n} sample: a path needs at least 2.", "{n} samples: a path needs at least 2.", len(args.samples))
        )
    rows = [engine.atlas.row_of(sample_number) for sample_number in args.samples]
    if not 2 <= args.frames <= 10_000:
        raise SettingError(_("--frames {frames}: expected 2 to {max}.", frames=args.frames, max=10_000))
    z = engine.interpolate(engine.atlas.z[rows], args.frames, args.method)
    _save(out, engine, z, args.scale, columns=args.frames)


def _save(
    out: Path,
    engine: Engine,
    z: np.ndarray,
    scale: int,
    columns: int | None = None,
    *,
    given: Mapping[str, Any] | None = None,
) -> None:
    """given: labels y or conditions c to decode with."""
    if not 1 <= scale <= 64:
        raise SettingError(_("--scale {scale}: expected 1 to 64.", scale=scale))
    given = given or {}
    x = engine.decode(z, **given)
    if out.suffix == ".npz":
        named = described(engine.variables)
        _save_npz(out, x=x, z=np.asarray(z, np.float32), xy=engine.to_map(z), **given, **named)
        return
    if out.suffix not in (".png", ".gif"):
        _save_own(out, engine, x)
        return
    pictures = engine.modality.pictures(x)
    if out.suffix == ".gif":
        frames = [_enlarged(pixels(p), scale) for p in [*pictures, *pictures[-2:0:-1]]]
        gif: dict[str, Any] = {"save_all": True, "append_images": frames[1:], "duration": GIF_FRAME_MS, "loop": 0}
        _write(out, lambda path: frames[0].save(path, **gif))
        return
    sheet = _enlarged(tile(pictures, columns or int(np.ceil(np.sqrt(len(x))))), scale)
    _write(out, sheet.save)


def _save_own(out: Path, engine: Engine, x: np.ndarray) -> None:
    """In the file format of the samples' modality: a single sample as a file, or a folder with one file each."""
    modality = engine.modality
    if out.suffix:
        if len(x) > 1:
            raise SettingError(
                _(
                    "--out {out!r}: such a file holds one sample, but there are {n}. Give a folder.",
                    out=str(out),
                    n=number(len(x)),
                )
            )
        _write(out, lambda path: path.write_bytes(modality.to_bytes(x[0])[1]))
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SettingError(_("--out {out!r}: the folder exists and is not empty. Choose another folder.", out=str(out)))
    partial = out.with_name(f".{os.getpid()}.{out.name}")
    with saving(out):
        try:
            partial.mkdir()
            for i, one in enumerate(x):
                (partial / f"{i + 1:0{len(str(len(x)))}}{modality.suffix}").write_bytes(modality.to_bytes(one)[1])
            os.replace(partial, out)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    print(out)


def _enlarged(picture: np.ndarray, scale: int) -> Image.Image:
    image = Image.fromarray(picture)
    return image if scale == 1 else image.resize((image.width * scale, image.height * scale), Image.Resampling.BICUBIC)


def read_samples(inputs: list[str], engine: Engine, span: str = "") -> np.ndarray:
    """The samples of one NPZ file, or of one file each. span: LOW:HIGH, the values of black and white of pictures of
    all of them; "": the likely ones, which are printed if they had to be decided.

    Raises: SettingError, ShapeError: a file cannot be read, or is not a sample of the model.
    """
    if len(inputs) == 1 and inputs[0].endswith(".npz"):
        return _read_array(inputs[0], "x")
    modality = engine.modality
    array = f"x (n, {', '.join(map(str, engine.shape))})"
    if modality.from_bytes is None:
        raise SettingError(
            _(
                "{model} is a model of {samples}: give one .npz file with the array {array}.",
                model=engine.name,
                samples=_(modality.plural),
                array=array,
            )
        )
    read, takes = modality.from_bytes, modality.suffix[1:].upper()
    if read is image.from_bytes:
        takes = ", ".join(FORMATS)
        read = partial(image.from_bytes, ranges=_ranges(inputs, span))
    elif span:
        raise SettingError(_("--range {range}: {model} does not take pictures.", range=span, model=engine.name))
    samples = []
    for name in inputs:
        try:
            samples.append(read(Path(name).read_bytes(), engine.shape))
        except OSError as e:
            raise SettingError(_("{name}: cannot be read ({reason}).", name=name, reason=e.strerror or e)) from e
        except (SettingError, ShapeError) as e:
            raise type(e)(
                _(
                    "{name}: {reason} {model} takes {format} files, or one .npz file with the array {array}.",
                    name=name,
                    reason=e,
                    model=engine.name,
                    format=takes,
                    array=array,
                )
            ) from e
    return np.stack(samples)


def _ranges(inputs: list[str], chosen: str) -> Ranges:
    """The values of black and white of all pictures together; what had to be decided is printed."""
    found = []
    for name in inputs:
        with contextlib.suppress(SettingError, OSError):  # reported when it is read
            found.append(levels(opened(Path(name).read_bytes())))
    made: list[Decision] = []
    ranges = layouts.picture_ranges(found, Choices(range=chosen), made)
    for decision in made:
        print(_("decided: {decision}", decision=decision.line()), file=sys.stderr)
    return ranges


@overload
def _read_array(name: str, key: str) -> np.ndarray: ...
@overload
def _read_array(name: str, key: str, *, required: bool) -> np.ndarray | None: ...
def _read_array(name: str, key: str, *, required: bool = True) -> np.ndarray | None:
    """One array of an .npz file; the others are not read. None: it has none of that name, and it is not required."""
    try:
        known = guarded_arrays.names(Path(name))
        if key in known:
            return guarded_arrays.npz(Path(name), only=(key,))[key]
    except (Refused, OSError) as e:
        reason = str(getattr(e, "strerror", None) or e).rstrip(".")
        raise SettingError(_("{name}: cannot be read as an npz file ({error}).", name=name, error=reason)) from e
    if not required:
        return None
    raise SettingError(
        _("{name} has no array {key!r}; it has: {names}.", name=name, key=key, names=", ".join(known))
        if known
        else _("{name} has no array {key!r}; it is empty.", name=name, key=key)
    )


def _out(name: str, *suffixes: str) -> Path:
    """suffixes: those that a file may have; "" if it may also be a folder."""
    path = Path(name)
    if path.suffix not in suffixes:
        ending = " or ".join(dict.fromkeys(suffix for suffix in suffixes if suffix))

        raise SettingError(
            _("--out {name!r}: expected a name ending in {endings}, or a folder.", name=name, endings=ending)
            if "" in suffixes
            else _("--out {name!r}: expected a name ending in {endings}.", name=name, endings=ending)
        )
    return path


def _save_npz(out: Path, **arrays: Any) -> None:
    _write(out, lambda path: np.savez_compressed(path, **arrays))


def _write(out: Path, write: Callable[[Path], object]) -> None:
    """Writes under a temporary name first, so that a full disk does not destroy an existing file."""
    with replacing(out) as partial:
        write(partial)
    print(out)
