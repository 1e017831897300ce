"""`vae.explore`: the map of a model that is in memory, in the browser, decoded by that model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import SettingError
from ..saved.names import check_name
from ..text import _
from .adapters import diffusers_folder, opening
from .adapters.adapted import Adapted
from .explorer import Explorer
from .given import Given, say


def explore(
    model: Any = None,
    *,
    encode: Callable[[Any], Any] | None = None,
    decode: Callable[[Any], Any] | None = None,
    classify: Callable[[Any], Any] | None = None,
    x: Any = None,
    z: Any = None,
    labels: Any = None,
    metadata: Mapping[str, Any] | None = None,
    name: str = "mine",
    shape: tuple[int, ...] | None = None,
    span: tuple[float, float] | None = None,
    port: int = 0,
    browser: bool = True,
) -> Explorer:
    """Open a model that is in memory in the explorer. It stays in this program, which decodes from a thread.

    >>> explorer = vae.explore(autoencoder, x=x, labels=y)  # has encode and decode
    >>> explorer = vae.explore(encode=model.encode, decode=model.decode, x=x)
    >>> explorer = vae.explore(x=pictures, z=embeddings)  # decodes the nearest sample
    >>> explorer = vae.explore("path/to/vae", x=x)  # a folder of diffusers or pythae
    >>> explorer = vae.explore(("encoder.onnx", "decoder.onnx"), x=x)

    Args: model: an object with `decode` and perhaps `encode`, or a saved model: a folder of diffusers (AutoencoderKL,
        AutoencoderTiny or VQModel, also as an object) or of pythae, a pair of ONNX files, or a folder with both.
        encode, decode: functions of batches, arrays in and out: PyTorch tensors where they are methods of a module or
        x is a tensor, else NumPy. encode may also return a pair of mean and log variance, a distribution, or either
        with a name, as Hugging Face models do.
        classify: a classifier of samples as x has them, or decode returns them, to a score for each class of labels:
        Explore colours the map by it.
        x: samples (n, c, h, w), (n, h, w, c), (n, h, w), (n, c, t) or (n, m). z: their latents (n, ...), where there is
        no encoder. Without decode the nearest sample is shown; without x, what z decodes to.
        labels: (n,) numbers or text. metadata: columns (n,), a dict or a pandas DataFrame.
        shape: of a sample, (c, h, w) for flattened pictures. span: the values of black and white in pictures; None:
        found from the samples and printed. port: 0 for any. browser: open it.
    The map has at most 10 000 samples. It is first laid out by their principal axes; while you explore, UMAP lays it
    out anew, in a process of its own, and trust, first the map's coverage, is measured if there is an encoder.

    Raises: SettingError, ShapeError: what is given does not fit. What encode or decode raises.
    """
    check_name(name)
    if opening.is_saved(model) and (encode is not None or decode is not None):
        raise SettingError(_("a saved model and encode= or decode= are given: expected one or the other."))
    adapted = _adapted(model) if encode is None and decode is None else None
    if adapted is not None:
        encode, decode = adapted.encode if x is not None and z is None else None, adapted.decode
    encode = encode or (getattr(model, "encode", None) if z is None and adapted is None else None)
    decode = decode or getattr(model, "decode", None)
    if model is not None and decode is None:
        raise SettingError(_("{model} has no method decode: give encode=, decode= or z=.", model=type(model).__name__))
    given = Given(
        encode=encode,
        decode=decode,
        x=x,
        z=z,
        model=model,
        labels=labels,
        metadata=metadata,
        classify=classify,
        adapted=adapted,
    )
    return Explorer(given, name, shape=shape, span=span, port=port, browser=browser)


def _adapted(model: Any) -> Adapted | None:
    """A saved model, or one in memory of a kind that is known, with what was decided about it printed; else None."""
    if opening.is_saved(model):
        found = opening.adapted(model)
    elif diffusers_folder.is_one(model):
        found = diffusers_folder.of_model(model)
    else:
        return None
    for note in found.notes:
        say(note)
    return found
