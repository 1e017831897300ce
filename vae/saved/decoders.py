"""A decoder of somebody else's with its latents, as a checkpoint: it is explored like any other, and encodes nothing.

The decoder's file is TorchScript or ONNX, kept byte by byte in the checkpoint's model.safetensors. It is code, which
runs when the checkpoint is opened: import what you trust. Pickled models are refused, and torch.export archives, whose
weights torch unpickles.
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
from ..types import Latent
from .checkpoint import MODEL, Checkpoint

DECODERS = {".pt": "decoder.pt", ".onnx": "decoder.onnx"}


class Decoder(nn.Module):
    """What `vae.engine.engine` asks of a model, as far as a decoder knows. deep: it takes (b, d, 1, 1)."""

    has_prior = False
    condition = ()

    def __init__(self, run: Any, d: int, deep: bool, low: float, high: float):
        super().__init__()
        self.run, self.d, self.levels, self.deep, self.low, self.high = run, d, (d,), deep, low, high

    def infer(self, x: Tensor, c: Tensor | None = None) -> Latent:
        raise SettingError("an imported decoder has no encoder.")

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
        run = opened(name, data.numpy().tobytes())
        return Decoder(run, int(h["d"]), bool(h["deep"]), float(h["low"]), float(h["high"])).to(device)
    except (SettingError, SafetensorError, KeyError, TypeError, ValueError) as e:
        raise CheckpointError(f"{saved.path.name}: its decoder cannot be opened: {e}") from e


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
