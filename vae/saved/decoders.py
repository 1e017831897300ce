"""An imported decoder with its latents as a checkpoint: it is explored like any other, but has no encoder.

The decoder is a TorchScript or ONNX file, stored unchanged in the checkpoint's model.safetensors. It is code, which
runs in a process of its own (see decoder_process): nothing of it is opened here. Pickled models are rejected, and so
are torch.export archives, whose weights torch unpickles.
"""

from __future__ import annotations

import io
import math
from importlib.util import find_spec

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from torch import Tensor, nn

from ..disk import guarded
from ..errors import CheckpointError, DecoderError, SettingError, ZscopeError
from ..text import N_, _
from ..types import Latent
from .checkpoint import MODEL, Checkpoint
from .decoder_process import DecoderProcess

LIMITS = guarded.Limits(members=100_000)  # TorchScript has a member for each parameter
DECODERS = {".pt": "decoder.pt", ".onnx": "decoder.onnx"}


class Decoder(nn.Module):
    """A decoder with the interface that `vae.engine.engine` needs of a model. deep: it takes (b, d, 1, 1). shape: of
    a sample, if it is known; samples of as many values are brought into it. output: which of its outputs, "" for the
    first."""

    has_prior = False
    condition = ()

    def __init__(
        self,
        run: DecoderProcess,
        d: int,
        deep: bool,
        low: float,
        high: float,
        *,
        shape: tuple[int, ...] | None = None,
        output: str = "",
    ):
        super().__init__()
        self.run, self.d, self.levels, self.deep, self.low, self.high = run, d, (d,), deep, low, high
        self.shape, self.output = shape, output

    def infer(self, x: Tensor, c: Tensor | None = None) -> Latent:
        raise SettingError(_("an imported decoder has no encoder."))

    def decode(self, z: Tensor, c: Tensor | None = None) -> Tensor:
        """(b, d) -> (b, *shape), pictures in 0-1, without gradients.

        Raises: SettingError: gradients are wanted. DecoderError: the decoder failed or exceeded a limit.
        """
        if z.requires_grad and torch.is_grad_enabled():
            raise SettingError(
                _(
                    "an imported decoder runs in a process of its own and has no gradients: decode under "
                    "torch.no_grad() and use finite differences."
                )
            )
        decoded = self.run(self.given(z), self.output)
        expected = (len(z), *(decoded.shape[1:] if self.shape is None else self.shape))
        if decoded.shape[:1] == expected[:1] and decoded.size == math.prod(expected):
            decoded = decoded.reshape(expected)
        if decoded.dtype != np.float32 or decoded.shape != expected:
            raise DecoderError(
                _("the decoder returned {given}, expected {expected}.", given=decoded.shape, expected=expected)
            )
        x = torch.from_numpy(decoded).to(z.device)
        return (x - self.low) / (self.high - self.low)

    def given(self, z: Tensor) -> np.ndarray:
        """Latents (b, d) as the decoder takes them."""
        return (z[:, :, None, None] if self.deep else z).float().cpu().numpy()

    def map_view(self) -> None:
        return None


def restore(saved: Checkpoint, device: torch.device) -> nn.Module:
    """The decoder of an imported checkpoint. Raises: CheckpointError."""
    h = saved.config["hparams"]
    try:
        low, high = float(h["low"]), float(h["high"])
        if not low < high:
            raise ValueError(_("range {low:g}:{high:g}: expected the lower number first.", low=low, high=high))
        (name, data), *_rest = load_tensors(saved.files[MODEL]).items()
        run = opened(name, data.numpy().tobytes())
        output = str(h.get("output", ""))  # an older checkpoint has none: the first
        shape = tuple(saved.config["spec"]["shape"])
        return Decoder(run, int(h["d"]), bool(h["deep"]), low, high, shape=shape, output=output).to(device)
    except (ZscopeError, SafetensorError, KeyError, TypeError, ValueError) as e:
        raise CheckpointError(_("{name}: the decoder cannot be opened: {error}", name=saved.path.name, error=e)) from e


# ---------------------------------------------------------------- parts


def opened(name: str, data: bytes, noun: str = N_("decoder")) -> DecoderProcess:
    """Start a decoder file, or that of what the noun says. Raises: SettingError: not such a file, or onnxruntime is
    missing. DecoderError."""
    if name.endswith(".onnx"):
        if find_spec("onnxruntime") is None:
            raise SettingError(
                _("an ONNX {noun} needs onnxruntime, which is not installed: pip install onnxruntime", noun=_(noun))
            )
        return DecoderProcess(name, data, noun)
    try:
        with guarded.open_zip(io.BytesIO(data), LIMITS) as archive:
            names = archive.namelist()
    except guarded.Refused:
        names = []
    if not any("/code/" in n for n in names):
        if any(n.endswith("archive_format") for n in names):
            message = _(
                "the {noun} is a torch.export archive: expected TorchScript, as written by torch.jit.save, or "
                "ONNX. Pickles are not opened.",
                noun=_(noun),
            )
        else:
            message = _(
                "the {noun} is not TorchScript: expected a file written by torch.jit.save, or ONNX. "
                "Pickles are not opened.",
                noun=_(noun),
            )
        raise SettingError(message)
    return DecoderProcess(name, data, noun)
