"""python -m vae encode | decode | sample | interpolate: files in, files out."""

from __future__ import annotations

import os
import shutil
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..atlas.atlas import UNREADABLE
from ..disk.one_step import replacing
from ..engine.engine import Engine, load
from ..errors import SaveError, SettingError, ShapeError
from ..modalities.image import pixels, tile

GIF_FRAME_MS = 80


def encode(args: Namespace) -> None:
    out = _out(args.out, ".npz")
    engine = load(args.checkpoint)
    mu, std = engine.encode(read_samples(args.inputs, engine))
    _save_npz(out, z=mu, mu=mu, std=std, xy=engine.to_map(mu))


def decode(args: Namespace) -> None:
    engine = load(args.checkpoint)
    out = _out(args.out, ".npz", ".png", engine.modality.suffix, "")
    z = _read_array(args.input, "z")
    _save(out, engine, z, args.scale)


def sample(args: Namespace) -> None:
    engine = load(args.checkpoint)
    out = _out(args.out, ".npz", ".png", engine.modality.suffix, "")
    _save(out, engine, engine.sample(args.n, args.seed, args.temperature, args.source), args.scale)


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


def _save(out: Path, engine: Engine, z: np.ndarray, scale: int, columns: int | None = None) -> None:
    if not 1 <= scale <= 64:
        raise SettingError(f"--scale {scale}: expected 1 to 64.")
    x = engine.decode(z)
    if out.suffix == ".npz":
        _save_npz(out, x=x, z=np.asarray(z, np.float32), xy=engine.to_map(z))
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
    try:
        with open(name, "rb") as f, np.load(f, allow_pickle=False) as npz:
            if key not in npz.files:
                raise SettingError(f"{name} has no array {key!r}; it has: {', '.join(npz.files) or 'none'}.")
            return npz[key]
    except UNREADABLE as e:
        raise SettingError(f"{name}: cannot be read as an npz file with array {key!r} ({e}).") from e


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
