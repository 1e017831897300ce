"""A decoder of somebody else's with its latents, as a checkpoint: it is explored like any other, and encodes nothing.

The decoder's file is TorchScript or ONNX, kept byte by byte in the checkpoint's model.safetensors. It is code, which
runs when the checkpoint is opened: import what you trust. Pickled models are refused, and torch.export archives, whose
weights torch unpickles.
"""

from __future__ import annotations

import io
import platform
import warnings
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor, nn

from . import atlas as atlases
from . import checkpoint
from .checkpoint import HISTORY, MODEL, Checkpoint
from .errors import CheckpointError, DataNotFound, SettingError
from .own.arrays import npz
from .pictures import opened, plain, shaped
from .registry import IMPORTED, MODALITIES
from .types import Latent

DECODERS = {".pt": "decoder.pt", ".onnx": "decoder.onnx"}
LATENTS_MAX = 20_000  # rows of the map
MODALITY = {2: "vector", 3: "series", 4: "image"}  # of what a decoder gives, by its dimensions


class Decoder(nn.Module):
    """What `vae.engine` asks of a model, as far as a decoder knows. deep: it takes (b, d, 1, 1)."""

    has_prior = False

    def __init__(self, run: Any, d: int, deep: bool, low: float, high: float):
        super().__init__()
        self.run, self.d, self.levels, self.deep, self.low, self.high = run, d, (d,), deep, low, high

    def infer(self, x: Tensor, y: Tensor | None = None) -> Latent:
        raise SettingError("an imported decoder has no encoder.")

    def decode(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(b, d) -> (b, *shape), pictures in 0-1."""
        x = self.run(z[:, :, None, None] if self.deep else z)
        x = x[0] if isinstance(x, tuple | list) else x
        return (x - self.low) / (self.high - self.low)

    def map_view(self) -> None:
        return None


class _Onnx(nn.Module):
    """An ONNX graph on the CPU: its first input to its first output."""

    def __init__(self, data: bytes):
        super().__init__()
        try:
            import onnxruntime
        except ImportError:
            raise SettingError(
                "an ONNX decoder needs onnxruntime, which is not installed: pip install onnxruntime"
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as e:  # it raises classes of its own, which have no public root
            raise SettingError(f"not an ONNX decoder, or a damaged one ({str(e).splitlines()[0]}).") from None
        self.input = self.session.get_inputs()[0].name

    def forward(self, z: Tensor) -> Tensor:
        try:
            out = self.session.run(None, {self.input: z.cpu().numpy()})[0]
        except Exception as e:
            raise RuntimeError(str(e).splitlines()[0]) from None
        return torch.from_numpy(np.ascontiguousarray(out, np.float32)).to(z.device)


def restore(saved: Checkpoint, device: torch.device) -> nn.Module:
    """The decoder of an imported checkpoint. Raises: CheckpointError."""
    h = saved.config["hparams"]
    try:
        (name, data), *_ = load_tensors(saved.files[MODEL]).items()
        run = _opened(name, data.numpy().tobytes())
        return Decoder(run, int(h["d"]), bool(h["deep"]), float(h["low"]), float(h["high"])).to(device)
    except (SettingError, SafetensorError, KeyError, TypeError, ValueError) as e:
        raise CheckpointError(f"{saved.path.name}: its decoder cannot be opened: {e}") from e


def take_in(
    name: str, decoder: Path, latents: Path, *, thumbnails: Path | None = None, span: tuple[float, float] | None = None
) -> Checkpoint:
    """A checkpoint `name` of a decoder file and an NPZ with z (n, d), and labels (n,), classes, x (n, *shape) if any.

    thumbnails: an NPZ with x, a folder of pictures in the order of z, or one sheet of them, row by row; without, the
    decoded latents are drawn. span: the values of the decoder's pictures that are black and white; None: from what it
    decodes, 0 to 1, -1 to 1 or 0 to 255. The map is fitted on at most 20 000 latents; trust is the map's coverage.

    Raises: DataNotFound, SettingError: what is given does not fit.
    """
    from .keeping import check_name

    check_name(name)
    for path in (decoder, latents, *([thumbnails] if thumbnails else [])):
        if not path.exists():
            raise DataNotFound(f"{path}: there is no such file.")
    if decoder.suffix not in DECODERS:
        raise SettingError(f"{decoder.name}: expected TorchScript (.pt) or ONNX (.onnx).")
    a = npz(latents.read_bytes(), latents.name)
    z, labels, classes = _latents(a, latents.name)
    data = decoder.read_bytes()
    model, shape = _fitted(_opened(DECODERS[decoder.suffix], data), z, span)
    modality = MODALITIES.get(MODALITY[len(shape) + 1])
    rows = np.sort(np.random.default_rng(0).permutation(len(z))[:LATENTS_MAX])
    x = _thumbnails(thumbnails, shape) if thumbnails else a.get("x")
    if x is None:
        with torch.inference_mode():
            x = np.concatenate(
                [model.decode(torch.from_numpy(part)).numpy() for part in np.array_split(z, len(z) // 64 + 1)]
            )
    if x.shape != (len(z), *shape):
        raise SettingError(f"thumbnails {x.shape}: expected one for each latent, {(len(z), *shape)}.")
    y = None if labels is None else labels[rows]
    built = atlases.of_latents(z[rows], y, rows, classes, modality.pictures(x[rows]))
    config = _config(name, decoder, latents, model, shape, modality.name, classes, len(z))
    kept = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    files = {MODEL: save_tensors({DECODERS[decoder.suffix]: kept}), HISTORY: b"", **built.files()}
    return checkpoint.save(checkpoint.root() / name, config, files)


# ---------------------------------------------------------------- parts


def _opened(name: str, data: bytes) -> nn.Module:
    if name.endswith(".onnx"):
        return _Onnx(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        names = []
    if not any("/code/" in n for n in names):
        what = "a torch.export archive" if any(n.endswith("archive_format") for n in names) else "no TorchScript"
        raise SettingError(
            f"the decoder is {what}: expected what torch.jit.save wrote, or ONNX. Pickles are not opened."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript is frozen, not gone
            return torch.jit.load(io.BytesIO(data), map_location="cpu").eval()
    except RuntimeError as e:
        raise SettingError(f"the decoder is no TorchScript that opens here ({str(e).splitlines()[0]}).") from None


def _latents(a: dict[str, np.ndarray], name: str) -> tuple[np.ndarray, np.ndarray | None, tuple[str, ...]]:
    z, labels = a.get("z"), a.get("labels", a.get("y"))
    if z is None or z.ndim != 2 or len(z) < 2 or not np.issubdtype(z.dtype, np.number) or not np.isfinite(z).all():
        raise SettingError(f"{name}: expected finite z (n, d), n at least 2; it has {', '.join(a) or 'nothing'}.")
    if labels is None:
        return np.array(z, np.float32, order="C"), None, ()
    if labels.shape != (len(z),):
        raise SettingError(f"{name}: labels {labels.shape}, expected one for each of {len(z)} latents.")
    known, codes = np.unique(labels, return_inverse=True)
    classes = tuple(str(c) for c in a["classes"]) if "classes" in a else ()
    if classes:
        if not np.issubdtype(labels.dtype, np.integer) or known.min() < 0 or known.max() >= len(classes):
            raise SettingError(
                f"{name}: labels {known[0]} to {known[-1]}, expected 0 to {len(classes) - 1} as classes has."
            )
        codes = labels
    return np.array(z, np.float32, order="C"), codes.astype(np.int64), classes or tuple(map(str, known))


def _fitted(run: nn.Module, z: np.ndarray, span: tuple[float, float] | None) -> tuple[Decoder, tuple[int, ...]]:
    """The decoder as it wants its input and as its output is scaled, and the shape of a sample."""
    some, said = torch.from_numpy(z[:: max(1, len(z) // 64)]), []
    for deep in (False, True):
        model = Decoder(run, z.shape[1], deep, 0.0, 1.0)
        try:
            with torch.inference_mode():
                x = model.decode(some)
            break
        except (RuntimeError, TypeError, ValueError) as e:
            said.append(str(e).strip().splitlines()[-1])
    else:
        raise SettingError(f"the decoder takes neither (b, {z.shape[1]}) nor (b, {z.shape[1]}, 1, 1): {said[0]}.")
    if not isinstance(x, Tensor) or len(x) != len(some) or x.ndim not in MODALITY or not torch.isfinite(x).all():
        given = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
        raise SettingError(f"the decoder gives {given} for {len(some)} latents: expected finite (b, c, h, w).")
    shape = tuple(x.shape[1:])
    if len(shape) == 3:
        if shape[0] not in (1, 3):
            raise SettingError(f"the decoder gives pictures {shape}: expected 1 or 3 channels first.")
        low, high = span or _span(float(x.min()), float(x.max()))
        if not low < high:
            raise SettingError(f"range {low:g}:{high:g}: expected the smaller first.")
        model.low, model.high = low, high
    return model, shape


def _span(low: float, high: float) -> tuple[float, float]:
    if low >= -0.05 and high <= 1.05:
        return 0.0, 1.0
    return (-1.0, 1.0) if low >= -1.05 and high <= 1.05 else (0.0, 255.0) if low >= -5 and high <= 260 else (low, high)


def _thumbnails(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    if path.suffix == ".npz":
        found = npz(path.read_bytes(), path.name)
        if "x" not in found:
            raise SettingError(f"{path.name}: expected an array x; it has {', '.join(found) or 'none'}.")
        return found["x"]
    if len(shape) != 3:
        raise SettingError(f"thumbnails of samples {shape} come as an NPZ with x.")
    if path.is_dir():
        files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
        return np.stack([shaped(plain(opened(p.read_bytes())), shape) for p in files])
    c, h, w = shape
    sheet = np.asarray(
        plain(opened(path.read_bytes(), bytes_max=2**28, side_max=2**15)).convert("L" if c == 1 else "RGB")
    )
    rows, columns = sheet.shape[0] // h, sheet.shape[1] // w
    tiles = sheet[: rows * h, : columns * w].reshape(rows, h, columns, w, c).transpose(0, 2, 4, 1, 3)
    return np.ascontiguousarray(tiles.reshape(rows * columns, c, h, w))


def _config(name, decoder: Path, latents: Path, model: Decoder, shape, modality, classes, n: int) -> dict[str, Any]:
    from . import __version__

    versions = {"zscope": __version__, "python": platform.python_version(), "torch": torch.__version__}
    return {
        "name": name,
        "title": f"Imported decoder {decoder.name}",
        "family": IMPORTED,
        "hparams": {"d": model.d, "deep": model.deep, "low": model.low, "high": model.high},
        "train": {},
        "dataset": "",
        "seed": 0,
        "spec": {"shape": list(shape), "n_data": n, "n_classes": len(classes), "modality": modality},
        "classes": list(classes),
        "data_licence": "your own",
        "data_origin": f"{decoder.name} with {latents.name}",
        "data_cite": "",
        "command": f"python -m vae import {name} --decoder {decoder.name} --latents {latents.name}",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": versions,
        "metrics": {},
    }
