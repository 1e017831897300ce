"""How an imported decoder takes latents, which of its outputs is the sample, and what shape and range that has."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..errors import DecoderError, DecoderStopped, SettingError, ShapeError
from ..registry import MODALITIES, Modality
from ..saved.decoder_process import DecoderProcess
from ..saved.decoders import Decoder
from ..text import _, ngettext

ROWS = 64  # decoded to see what comes out
PICTURE_CHANNELS = (1, 3)
SIDE_MIN, ASPECT_MAX = 8, 4  # (h, w) is a picture from that many px a side, and at most so much longer one way

Shape = tuple[int, ...]
Report = Callable[[str], Any]


def fitted(
    run: DecoderProcess,
    z: np.ndarray,
    *,
    span: tuple[float, float] | None,
    shape: Shape | None,
    output: str,
    report: Report,
) -> tuple[Decoder, Shape, Modality]:
    """The decoder with its input, output and range as take_in describes them, the shape of a sample, and what samples
    are. report: each decision, in a sentence.

    Raises: SettingError: its outputs do not fit. DecoderStopped: it exceeds a limit.
    """
    some = torch.from_numpy(z[:: max(1, len(z) // ROWS)])
    model, outputs = _asked(run, some)
    model.output = _output(outputs, len(some), shape, output, report)
    model.shape = shape = _shape(outputs[model.output], len(some), shape, report)
    try:
        modality = modality_of(shape)
    except ShapeError as e:
        raise SettingError(_("the decoder returns {error}", error=e)) from None
    with torch.inference_mode():
        x = model.decode(some)
    if not torch.isfinite(x).all():
        raise SettingError(_("the decoder returns NaN or infinity: expected finite values."))
    if modality.bounded:
        low, high = span or span_of(float(x.min()), float(x.max()))
        if not low < high:
            raise SettingError(_("range {low:g}:{high:g}: expected the lower number first.", low=low, high=high))
        model.low, model.high = low, high
    return model, shape, modality


def _asked(run: DecoderProcess, some: torch.Tensor) -> tuple[Decoder, dict[str, Shape]]:
    """The decoder as it takes latents, and the shapes of its outputs for these."""
    said = []
    for deep in (False, True):
        model = Decoder(run, some.shape[1], deep, 0.0, 1.0)
        try:
            return model, run.outputs(model.given(some))
        except DecoderStopped:
            raise
        except DecoderError as e:
            said.append(str(e).rstrip("."))
    raise SettingError(
        _("the decoder takes neither (b, {d}) nor (b, {d}, 1, 1): {error}.", d=some.shape[1], error=said[0])
    )


def _output(outputs: dict[str, Shape], n: int, shape: Shape | None, output: str, report: Report) -> str:
    """The name of the output that is the sample: that asked for, or that of most values for each latent, the first of
    equals."""
    if output and output not in outputs:
        raise SettingError(
            _("the decoder has no output {output!r}; it has: {outputs}.", output=output, outputs=_listed(outputs))
        )
    if output:
        return output
    fitting = {k: s for k, s in outputs.items() if len(s) > 1 and s[0] == n}
    if shape is not None:
        fitting = {k: s for k, s in fitting.items() if math.prod(s[1:]) == math.prod(shape)} or fitting
    if not fitting:
        raise SettingError(
            ngettext(
                "the decoder returns {given} for {n} latent: expected a sample for each, such as (b, c, h, w).",
                "the decoder returns {given} for {n} latents: expected a sample for each, such as (b, c, h, w).",
                n,
                given=_listed(outputs),
            )
        )
    chosen = max(fitting, key=lambda name: math.prod(fitting[name]))
    if len(outputs) > 1 or chosen:
        report(
            _(
                "output {output!r} of the decoder is taken; it returns {outputs} (--output NAME takes another)",
                output=chosen,
                outputs=_listed(outputs),
            )
        )
    return chosen


def _listed(outputs: dict[str, Shape]) -> str:
    return ", ".join(f"{name} {shape}".strip() for name, shape in outputs.items())


def _shape(returned: Shape, n: int, shape: Shape | None, report: Report) -> Shape:
    """That of a sample: as asked for, or as returned, where (h, w) is a grey picture if it has the sides of one."""
    if returned[:1] != (n,) or len(returned) < 2:
        raise SettingError(
            ngettext(
                "the decoder returns {given} for {n} latent: expected a sample for each, such as (b, c, h, w).",
                "the decoder returns {given} for {n} latents: expected a sample for each, such as (b, c, h, w).",
                n,
                given=returned,
            )
        )
    sample = returned[1:]
    if shape is not None:
        if math.prod(shape) != math.prod(sample):
            raise SettingError(
                _(
                    "shape {shape} does not fit: the decoder returns samples of shape {given}; expected as many "
                    "values.",
                    shape=shape,
                    given=sample,
                )
            )
        return shape
    if is_picture(sample):
        report(
            _(
                "samples of shape {given} are taken for grey pictures (--shape {series} takes them for series)",
                given=sample,
                series=",".join(map(str, sample)),
            )
        )
        return (1, *sample)
    if len(sample) == 1 and (side := _square(sample[0])):
        report(
            _(
                "samples of shape {given} are taken for vectors (--shape {picture} takes them for pictures)",
                given=sample,
                picture=side,
            )
        )
    return sample


def is_picture(shape: Shape) -> bool:
    """Whether (h, w) has the sides of a grey picture."""
    return len(shape) == 2 and min(shape) >= SIDE_MIN and max(shape) <= ASPECT_MAX * min(shape)


def _square(n: int) -> str:
    """The --shape of a square picture of n values, grey or in colour; "" if there is none."""
    for channels in PICTURE_CHANNELS:
        side = math.isqrt(n // channels)
        if side >= SIDE_MIN and channels * side * side == n:
            return f"{channels},{side},{side}"
    return ""


def modality_of(shape: Shape) -> Modality:
    """What samples of that shape are. Raises: SettingError: of no known kind. ShapeError: cannot be shown."""
    of_dims = {m.decoder_dims: m for m in MODALITIES.all().values() if m.decoder_dims}
    if len(shape) not in of_dims:
        raise SettingError(
            _(
                "samples of shape {shape}: expected pictures (c, h, w), series (c, t) or vectors (m,); "
                "--shape brings them into another.",
                shape=shape,
            )
        )
    modality = of_dims[len(shape)]
    modality.picture_shape(shape)
    return modality


def span_of(low: float, high: float) -> tuple[float, float]:
    """The values of black and white in pictures whose values go from low to high."""
    if low >= -0.05 and high <= 1.05:
        return 0.0, 1.0
    return (-1.0, 1.0) if low >= -1.05 and high <= 1.05 else (0.0, 255.0) if low >= -5 and high <= 260 else (low, high)
