"""A checkpoint made of a decoder of the user's own and its latents."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save as save_tensors

from ..atlas.atlas import Atlas
from ..atlas.building import of_latents
from ..disk import guarded_arrays
from ..disk.guarded import Refused
from ..errors import DataNotFound, SettingError
from ..modalities.picture_files import opened, plain, read_picture
from ..registry import IMPORTED, Modality
from ..saved import checkpoint
from ..saved.checkpoint import HISTORY, MODEL, Checkpoint
from ..saved.decoders import DECODERS, Decoder
from ..saved.decoders import opened as opened_decoder
from ..saved.names import check_name
from ..text import _, ngettext
from ..version import __version__
from .decoder_outputs import fitted

LATENTS_MAX = 20_000  # rows of the map


def take_in(
    name: str,
    decoder: Path,
    latents: Path,
    *,
    thumbnails: Path | None = None,
    span: tuple[float, float] | None = None,
    shape: tuple[int, ...] | None = None,
    output: str = "",
    report: Callable[[str], Any] = lambda decision: None,
) -> Checkpoint:
    """A checkpoint `name` of a decoder file and an NPZ with z (n, d), and labels (n,), classes, x (n, *shape) if any.

    thumbnails: an NPZ with x, a folder of pictures in the order of z, or one sheet of them, row by row; without, the
    decoded latents are drawn. span: the values of the decoder's pictures that are black and white; None: from what it
    decodes, 0 to 1, -1 to 1 or 0 to 255. shape: of a sample; None: as decoded. output: key or index of what the decoder
    returns; "": the one of most values. report: each of these that had to be decided, in a sentence. The map is fitted
    on at most 20 000 latents; trust is the map's coverage.

    Raises: DataNotFound, SettingError: what is given does not fit. DecoderError: the decoder fails or exceeds a limit.
    """
    check_name(name)
    for path in (decoder, latents, *([thumbnails] if thumbnails else [])):
        if not path.exists():
            raise DataNotFound(_("{path}: no such file.", path=path))
    if decoder.suffix not in DECODERS:
        raise SettingError(_("{name}: expected TorchScript (.pt) or ONNX (.onnx).", name=decoder.name))
    a = _arrays(latents)
    z, labels, classes = _latents(a, latents.name)
    data = decoder.read_bytes()
    run = opened_decoder(DECODERS[decoder.suffix], data)
    model, shape, modality = fitted(run, z, span=span, shape=shape, output=output, report=report)
    rows = np.sort(np.random.default_rng(0).permutation(len(z))[:LATENTS_MAX])
    x = _thumbnails(thumbnails, shape, modality) if thumbnails else a.get("x")
    if x is None:
        with torch.inference_mode():
            x = np.concatenate(
                [model.decode(torch.from_numpy(part)).numpy() for part in np.array_split(z, len(z) // 64 + 1)]
            )
    if x.shape != (len(z), *shape):
        raise SettingError(
            _(
                "thumbnails of shape {given}: expected one for each latent, {expected}.",
                given=x.shape,
                expected=(len(z), *shape),
            )
        )
    y = None if labels is None else labels[rows]
    built = of_latents(z[rows], y, rows, classes, modality.pictures(x[rows]))
    config = _config(
        name, decoder, latents, model, shape=shape, modality=modality.name, classes=classes, n=len(z), atlas=built
    )
    kept = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    files = {MODEL: save_tensors({DECODERS[decoder.suffix]: kept}), HISTORY: b"", **built.files()}
    return checkpoint.save(checkpoint.root() / name, config, files)


# ---------------------------------------------------------------- parts


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        return guarded_arrays.npz(path)
    except (Refused, OSError) as e:
        raise SettingError(f"{path.name}: {getattr(e, 'strerror', None) or e}") from None


def _latents(a: dict[str, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    z, labels = a.get("z"), a.get("labels", a.get("y"))
    if z is None or z.ndim != 2 or len(z) < 2 or not np.issubdtype(z.dtype, np.number) or not np.isfinite(z).all():
        raise SettingError(
            _(
                "{name}: expected an array z (n, d) of finite numbers, n at least 2; the file has {arrays}.",
                name=name,
                arrays=", ".join(a) or _("no array"),
            )
        )
    if labels is None:
        return np.array(z, np.float32, order="C"), None, ()
    if labels.shape != (len(z),):
        raise SettingError(
            _(
                "{name}: labels of shape {given}, expected ({n},), one for each latent.",
                name=name,
                given=labels.shape,
                n=len(z),
            )
        )
    known, codes = np.unique(labels, return_inverse=True)
    classes = tuple(str(c) for c in a["classes"]) if "classes" in a else ()
    if classes:
        if not np.issubdtype(labels.dtype, np.integer) or known.min() < 0 or known.max() >= len(classes):
            raise SettingError(
                ngettext(
                    "{name}: labels from {low} to {high}, expected 0 to {most}, as there is {n} class.",
                    "{name}: labels from {low} to {high}, expected 0 to {most}, as there are {n} classes.",
                    len(classes),
                    name=name,
                    low=known[0],
                    high=known[-1],
                    most=len(classes) - 1,
                )
            )
        codes = labels
    return np.array(z, np.float32, order="C"), codes.astype(np.int64), classes or tuple(map(str, known))


def _thumbnails(path: Path, shape: tuple[int, ...], modality: Modality) -> np.ndarray:
    if path.suffix == ".npz":
        found = _arrays(path)
        if "x" not in found:
            raise SettingError(
                _(
                    "{name}: expected an array x; the file has {arrays}.",
                    name=path.name,
                    arrays=", ".join(found) or _("no array"),
                )
            )
        return found["x"]
    if not modality.thumbnail_is_sample:
        raise SettingError(_("thumbnails of samples of shape {shape} have to be an NPZ with an array x.", shape=shape))
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        return np.stack([read_picture(p.read_bytes(), shape) for p in files])
    c, h, w = shape
    sheet = np.asarray(
        plain(opened(path.read_bytes(), bytes_max=2**28, side_max=2**15)).image.convert("L" if c == 1 else "RGB")
    )
    rows, columns = sheet.shape[0] // h, sheet.shape[1] // w
    tiles = sheet[: rows * h, : columns * w].reshape(rows, h, columns, w, c).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(tiles.reshape(rows * columns, c, h, w))


def _config(
    name, decoder: Path, latents: Path, model: Decoder, *, shape, modality, classes, n: int, atlas: Atlas
) -> dict[str, Any]:
    named = {"output": model.output} if model.output else {}
    flags = f" --output {shlex.quote(model.output)}" if named else ""
    flags += f" --shape {','.join(map(str, shape))} --range {model.low:g}:{model.high:g}"
    versions = {"zscope": __version__, "python": platform.python_version(), "torch": torch.__version__}
    return {
        "name": name,
        "title": _("Imported decoder {name}", name=decoder.name),
        "family": IMPORTED,
        "hparams": {"d": model.d, "deep": model.deep, "low": model.low, "high": model.high} | named,
        "train": {},
        "dataset": "",
        "seed": 0,
        "spec": {"shape": list(shape), "n_data": n, "n_classes": len(classes), "modality": modality},
        "classes": list(classes),
        "data_licence": _("your own"),
        "data_origin": f"{decoder.name} + {latents.name}",
        "data_cite": "",
        "command": f"python -m vae import {name} --decoder {decoder.name} --latents {latents.name}{flags}",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions,
        "metrics": {},
        "atlas": atlas.summary,
    }
