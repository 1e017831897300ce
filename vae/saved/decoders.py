"""An imported decoder with its latents as a checkpoint: it is explored like any other, but has no encoder.

The decoder is a TorchScript or ONNX file, stored unchanged in the checkpoint's model.safetensors. It is code that runs
when the checkpoint is opened: import only what you trust. Pickled models are rejected, and so are torch.export
archives, whose weights torch unpickles.
"""

from __future__ import annotations

import io
import warnings
import zipfile
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from torch import Tensor, nn

from ..errors import CheckpointError, SettingError
from ..text import _
from ..types import Latent
from .checkpoint import MODEL, Checkpoint

DECODERS = {".pt": "decoder.pt", ".onnx": "decoder.onnx"}


class Decoder(nn.Module):
    """A decoder with the interface that `vae.engine.engine` needs of a model. deep: it takes (b, d, 1, 1)."""

    has_prior = False
    condition = ()

    def __init__(self, run: Any, d: int, deep: bool, low: float, high: float):
        super().__init__()
        self.run, self.d, self.levels, self.deep, self.low, self.high = run, d, (d,), deep, low, high

    def infer(self, x: Tensor, c: Tensor | None = None) -> Latent:
        raise SettingError(_("an imported decoder has no encoder."))

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
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
                _("an ONNX decoder needs onnxruntime, which is not installed: pip install onnxruntime")
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        try:
            self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as e:  # its own exceptions have no public base class
            raise SettingError(
                _("not an ONNX decoder, or a damaged one ({error}).", error=str(e).splitlines()[0])
            ) from None
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
        low, high = float(h["low"]), float(h["high"])
        if not low < high:
            raise ValueError(_("range {low:g}:{high:g}: expected the lower number first.", low=low, high=high))
        (name, data), *_rest = load_tensors(saved.files[MODEL]).items()
        run = opened(name, data.numpy().tobytes())
        return Decoder(run, int(h["d"]), bool(h["deep"]), low, high).to(device)
    except (SettingError, SafetensorError, KeyError, TypeError, ValueError) as e:
        raise CheckpointError(_("{name}: the decoder cannot be opened: {error}", name=saved.path.name, error=e)) from e


# ---------------------------------------------------------------- parts


def opened(name: str, data: bytes) -> nn.Module:
    if name.endswith(".onnx"):
        return _Onnx(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        names = []
    if not any("/code/" in n for n in names):
        if any(n.endswith("archive_format") for n in names):
            message = _(
                "the decoder is a torch.export archive: expected TorchScript, as written by torch.jit.save, or "
                "ONNX. Pickles are not opened."
            )
        else:
            message = _(
                "the decoder is not TorchScript: expected a file written by torch.jit.save, or ONNX. "
                "Pickles are not opened."
            )
        raise SettingError(message)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # TorchScript is deprecated but supported
            return torch.jit.load(io.BytesIO(data), map_location="cpu").eval()
    except RuntimeError as e:
        raise SettingError(
            _("the TorchScript decoder cannot be opened ({error}).", error=str(e).splitlines()[0])
        ) from None
