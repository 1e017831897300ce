"""python -m vae encode | decode | sample | interpolate: files in, files out."""

from __future__ import annotations

import os
import shutil
from argparse import Namespace
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..atlas.atlas import UNREADABLE
from ..disk.one_step import replacing
from ..engine.engine import Engine, load
from ..errors import SaveError, SettingError, ShapeError, UnknownName
from ..modalities.image import pixels, tile

GIF_FRAME_MS = 80


def encode(args: Namespace) -> None:
    out = _out(args.out, ".npz")
    engine = load(args.checkpoint)
    given = conditions(engine, args.inputs, args.label)
    mu, std = engine.encode(read_samples(args.inputs, engine), **given)
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
    """What a conditional model is given beside samples or latents, as arguments of `Engine.encode` and its like:
    the label of --label for all; else the labels y, or the conditions c, of the .npz file; else nothing.

    Raises: SettingError: a label for a model that takes none, or no class of the model.
    """
    if label is not None:
        if not engine.conditional:
            takes = "conditions (array c of an .npz file)" if engine.conditioned else "no labels"
            raise SettingError(f"--label {label!r}: {engine.name} takes {takes}.")
        classes = engine.atlas.classes
        if label in classes:
            return {"y": classes.index(label)}
        if not (label.isdecimal() and int(label) < engine.card["spec"]["n_classes"]):
            raise UnknownName("class", label, classes or range(engine.card["spec"]["n_classes"]))
        return {"y": int(label)}
    if not engine.condition or len(inputs) != 1 or not inputs[0].endswith(".npz"):
        return {}
    key = "c" if engine.conditioned else "y"
    found = _read_arrays(inputs[0])
    return {key: found[key]} if key in found else {}


def interpolate(args: Namespace) -> None:
    engine = load(args.checkpoint)
    out = _out(args.out, ".npz", ".png", ".gif", engine.modality.suffix, "")
    if len(args.samples) < 2:
        raise SettingError(f"{len(args.samples)} sample: expected at least 2, a way's two ends.")
    rows = [engine.atlas.row_of(number) for number in args.samples]
    if not 2 <= args.frames <= 10_000:
        raise SettingError(f"--frames {args.frames}: expected 2 to 10000.")
    z = engine.walk(engine.atlas.z[rows], args.frames, args.method)
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
        raise SettingError(f"--scale {scale}: expected 1 to 64.")
    given = given or {}
    x = engine.decode(z, **given)
    if out.suffix == ".npz":
        _save_npz(out, x=x, z=np.asarray(z, np.float32), xy=engine.to_map(z), **given)
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
    """In the format of the samples' own modality: the one as a file, or a folder with a file each."""
    modality = engine.modality
    if out.suffix:
        if len(x) > 1:
            raise SettingError(f"--out {str(out)!r}: holds one sample, and there are {len(x)}. Give a folder.")
        _write(out, lambda path: path.write_bytes(modality.to_bytes(x[0])[1]))
        return
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise SettingError(f"--out {str(out)!r}: is there already, and not empty. Choose another folder.")
    partial = out.with_name(f".{os.getpid()}.{out.name}")
    try:
        partial.mkdir()
        for i, one in enumerate(x):
            (partial / f"{i + 1:0{len(str(len(x)))}}{modality.suffix}").write_bytes(modality.to_bytes(one)[1])
        os.replace(partial, out)
    except OSError as e:
        raise SaveError(f"could not write {out}: {e.strerror or e}.") from e
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    print(out)


def _enlarged(picture: np.ndarray, scale: int) -> Image.Image:
    image = Image.fromarray(picture)
    return image if scale == 1 else image.resize((image.width * scale, image.height * scale), Image.Resampling.BICUBIC)


def read_samples(inputs: list[str], engine: Engine) -> np.ndarray:
    if len(inputs) == 1 and inputs[0].endswith(".npz"):
        return _read_array(inputs[0], "x")
    modality, npz = engine.modality, f"one .npz file with x (n, {', '.join(map(str, engine.shape))})."
    if modality.from_bytes is None:
        raise SettingError(f"{engine.name} is a model of {modality.plural}: give {npz}")
    samples = []
    for name in inputs:
        try:
            samples.append(modality.from_bytes(Path(name).read_bytes(), engine.shape))
        except OSError as e:
            raise SettingError(f"{name}: cannot be read ({e.strerror or e}).") from e
        except (SettingError, ShapeError) as e:
            raise type(e)(f"{name}: {e} {engine.name} takes {modality.suffix[1:].upper()} files, or give {npz}") from e
    return np.stack(samples)


def _read_array(name: str, key: str) -> np.ndarray:
    found = _read_arrays(name)
    if key not in found:
        raise SettingError(f"{name} has no array {key!r}; it has: {', '.join(found) or 'none'}.")
    return found[key]


def _read_arrays(name: str) -> dict[str, np.ndarray]:
    try:
        with open(name, "rb") as f, np.load(f, allow_pickle=False) as npz:
            return dict(npz)
    except UNREADABLE as e:
        raise SettingError(f"{name}: cannot be read as an npz file ({e}).") from e


def _out(name: str, *suffixes: str) -> Path:
    """suffixes: that a file may have; "": it may be a folder, too."""
    path = Path(name)
    if path.suffix not in suffixes:
        ending = " or ".join(dict.fromkeys(suffix for suffix in suffixes if suffix))
        folder = ", or a folder" if "" in suffixes else ""
        raise SettingError(f"--out {name!r}: expected a name ending in {ending}{folder}.")
    return path


def _save_npz(out: Path, **arrays: Any) -> None:
    _write(out, lambda path: np.savez_compressed(path, **arrays))


def _write(out: Path, write: Callable[[Path], object]) -> None:
    """Under another name first: a full disk does not cost the file that was there."""
    try:
        with replacing(out) as partial:
            write(partial)
    except OSError as e:
        raise SaveError(f"could not write {out}: {e.strerror or e}.") from e
    print(out)
