"""An encoder and a decoder in ONNX, run by onnxruntime: two files, or a folder with both."""

from __future__ import annotations

import math
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import SettingError, ShapeError
from ...text import _
from ..callables import LOG_VARIANCES, MEANS, SAMPLES, WIDTHS
from .adapted import Adapted, missing
from .weight_files import downloaded

ENCODERS, DECODERS = ("encoder.onnx", "vae_encoder/model.onnx"), ("decoder.onnx", "vae_decoder/model.onnx")
KINDS = {"tensor(float)": "<f4", "tensor(double)": "<f8", "tensor(float16)": "<f2", "tensor(uint8)": "<u1"}
NAMED = {*MEANS, *LOG_VARIANCES, *WIDTHS, *SAMPLES}


class Graph:
    """One file: its only input, and all of its outputs. Raises: SettingError: onnxruntime is missing or does not open
    it, or it has several inputs."""

    def __init__(self, path: Path, what: str):
        if not path.is_file():
            raise SettingError(_("{path}: there is no such file; expected the {what} in ONNX.", path=path, what=what))
        downloaded(path)
        if find_spec("onnxruntime") is None:
            raise missing("ONNX", "onnxruntime")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        try:
            self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as e:  # onnxruntime has a class for each reason, of RuntimeError or Exception
            raise SettingError(
                _("{name} is no ONNX file, or is damaged: {error}", name=path, error=str(e).splitlines()[0])
            ) from e
        inputs = self.session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in KINDS:
            raise SettingError(
                _(
                    "{name} takes {given}: expected one array of numbers.",
                    name=path.name,
                    given=", ".join(f"{i.name} {i.type}" for i in inputs),
                )
            )
        self.name, self.input = path.name, inputs[0].name
        self.kind = KINDS[inputs[0].type]
        self.batch, *self.shape = [d if isinstance(d, int) and d > 0 else None for d in inputs[0].shape] or [None]
        self.outputs = [output.name for output in self.session.get_outputs()]

    def __call__(self, x: np.ndarray) -> Any:
        """Its outputs for a batch: by name where that says what they are, else the only one, or all in order. A graph
        with a batch size of its own gets batches of that size. Raises: ShapeError: it takes another shape."""
        x, n = self._fitted(x), len(x)
        if self.batch is not None:
            x = np.concatenate([x, x[-1:].repeat(-n % self.batch, axis=0)])
        parts = [
            self.session.run(None, {self.input: part}) for part in np.split(x, max(1, len(x) // (self.batch or len(x))))
        ]
        arrays = [np.concatenate(several)[:n] for several in zip(*parts, strict=True)]
        if len(arrays) == 1:
            return arrays[0]
        named = dict(zip(self.outputs, arrays, strict=True))
        return named if NAMED & named.keys() else tuple(arrays)

    def _fitted(self, x: np.ndarray) -> np.ndarray:
        """In the shape and the type that it takes: flat, or with sides of 1 more or fewer. Raises: ShapeError."""
        wanted, given = self.shape, list(x.shape[1:])
        as_it_is = len(given) == len(wanted) and all(w in (None, g) for w, g in zip(wanted, given, strict=True))
        if not (as_it_is or _reshapes(given, wanted)):
            expected = tuple("?" if side is None else side for side in wanted)
            raise ShapeError(
                _(
                    "{name} takes {expected}, got samples of shape {given}.",
                    name=self.name,
                    expected=expected,
                    given=tuple(given),
                )
            )
        return np.ascontiguousarray(x if as_it_is else x.reshape(len(x), *wanted), self.kind)  # type: ignore[arg-type]


def _reshapes(given: list[int], wanted: list[int | None]) -> bool:
    """Whether one shape is the other, all of whose sides are known, flat or with sides of 1 more or fewer."""
    known = [side for side in wanted if side is not None]
    if len(known) < len(wanted):
        return False
    same = [side for side in given if side != 1] == [side for side in known if side != 1]
    return same or (math.prod(given) == math.prod(known) and 1 in (len(given), len(known)))


def found(folder: Path) -> tuple[Path | None, Path] | None:
    """The encoder, if there is one, and the decoder in a folder; None if it has no decoder."""
    encoder = next((folder / name for name in ENCODERS if (folder / name).is_file()), None)
    decoder = next((folder / name for name in DECODERS if (folder / name).is_file()), None)
    return None if decoder is None else (encoder, decoder)


def opened(pair: tuple[Path | None, Path]) -> Adapted:
    """Raises: SettingError."""
    encode = None if pair[0] is None else Graph(pair[0], _("encoder"))
    decode = Graph(pair[1], _("decoder"))
    shape = tuple(decode.shape)
    known = bool(shape) and None not in shape
    return Adapted(
        pair[1].name,
        encode,
        decode,
        held=False,
        prior=shape if known else None,  # type: ignore[arg-type]
        notes=(_("ONNX graphs are given the values of x as they are"),) if encode else (),
    )
