"""What the browser can ask over the live channel. A file of this folder registers its kinds of request.

Little-endian. Up: u32 sequence, u8 kind, u8 label + 1 (0: none is chosen; only models that are told labels look at
it), 2 bytes padding, payload. Down: u32 sequence, u8 kind, u8 form, 2 bytes padding, then

  form 0, a picture   f32 trust, decode_ms, server_ms, x, y, rms, then z (d) f32, of samples with variables their
                      standardised values f32 (*shape), and the pixels as u8 (h, w, c);
                      rms: error of the reconstructions of the nearest samples, NaN where it was not measured
  form 1, a parcel    u32 length of a JSON object, that object padded to 4 bytes, then the arrays that its "arrays"
                      lists as [name, type, shape], each padded to 4 bytes; {"error": sentence} where there is none
"""

from __future__ import annotations

import importlib
import json
import math
import pkgutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from vae.engine.engine import Engine
from vae.text import _

UP = struct.Struct("<IBB2x")
PICTURE = struct.Struct("<IBB2x6f")
FORM = struct.Struct("<IBB2x")
VALUE_MAX = 1e4  # largest |number| a payload may hold: float32 distances must stay finite
BAD_FRAME, OVERSIZE = 4400, 1009


class Refused(Exception):
    """The socket must close, with this code and reason."""

    def __init__(self, code: int, reason: str):
        super().__init__(reason)
        self.code, self.reason = code, reason


class Scene(NamedTuple):
    """What frames are checked against: latent size, reference rows, labels that the model knows, shape of a sample and
    of what the model is told beside it, () where that is nothing."""

    d: int
    n: int
    classes: int
    shape: tuple[int, ...]
    condition: tuple[int, ...] = ()

    @classmethod
    def of(cls, engine: Engine) -> Scene:
        n, d = engine.atlas.z.shape
        return cls(
            d, n, len(engine.atlas.classes) if engine.conditional else 0, tuple(engine.shape), tuple(engine.condition)
        )


@dataclass(frozen=True)
class Kind:
    """One kind of request. size: most bytes of its payload. read: payload -> values, finite and within bounds, or
    Refused. answer(engine, request), on the engine's own thread: the frame that goes down."""

    code: int
    name: str
    size: Callable[[Scene], int]
    read: Callable[[bytes, Scene], Any]
    answer: Callable[[Any, Request], bytes]


@dataclass(frozen=True)
class Request:
    """One checked frame. values: what its kind reads from the payload. label, or else condition (*shape): what latents
    are decoded with; neither: what the nearest reference samples are told."""

    sequence: int
    kind: Kind
    values: Any
    label: int | None = None
    condition: np.ndarray | None = None

    @property
    def chosen(self) -> bool:
        """Whether the user said what to decode with."""
        return self.label is not None or self.condition is not None

    def told(self, engine: Engine, z: np.ndarray) -> np.ndarray | None:
        """c to decode latents (b, d) with: (b, *condition), or one for all; None for a model that is told nothing."""
        if self.label is None and self.condition is not None:
            return self.condition
        return engine.condition_at(z, self.label)


_KINDS: dict[int, Kind] = {}


def register(kind: Kind) -> Kind:
    """Make a kind known. Raises: ValueError: its code or its name is taken, or no byte."""
    taken = [k for k in _KINDS.values() if kind.code == k.code or kind.name == k.name]
    if taken or not 0 < kind.code < 256:
        raise ValueError(f"kind {kind.code} {kind.name}: expected a code of 1 to 255 and a name, both not yet taken")
    _KINDS[kind.code] = kind
    return kind


@cache
def kinds() -> dict[int, Kind]:
    """Every kind that a file of this folder registers, by its code."""
    for found in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{found.name}")
    return dict(sorted(_KINDS.items()))


def parse(frame: bytes, scene: Scene) -> Request:
    """A frame's request. Raises: Refused: anything about it is wrong."""
    longest = UP.size + max(kind.size(scene) for kind in kinds().values())
    if len(frame) > longest:
        raise Refused(
            OVERSIZE,
            _("frame of {frame} bytes; at most {longest}", frame=len(frame), longest=longest),
        )
    if len(frame) < UP.size:
        raise Refused(
            BAD_FRAME,
            _("frame of {frame} bytes; the header alone has {size}", frame=len(frame), size=UP.size),
        )
    sequence, code, label = UP.unpack_from(frame)
    kind = kinds().get(code)
    if kind is None:
        known = ", ".join(f"{k.code} {k.name}" for k in kinds().values())
        raise Refused(BAD_FRAME, _("unknown kind {code}; known: {known}", code=code, known=known))
    if label > scene.classes:
        raise Refused(
            BAD_FRAME,
            _("label {label}; expected 0 to {classes}, or none", label=label - 1, classes=scene.classes - 1),
        )
    return Request(sequence, kind, kind.read(frame[UP.size :], scene), label - 1 if label else None)


def floats(payload: bytes, name: str, expected: int, most: float = VALUE_MAX) -> np.ndarray:
    """A payload of that many float32, finite and within +-most. Raises: Refused."""
    if len(payload) != 4 * expected:
        raise Refused(
            BAD_FRAME,
            _(
                "{name} payload of {payload} bytes; expected {expected} float32",
                name=name,
                payload=len(payload),
                expected=expected,
            ),
        )
    values = struct.unpack_from(f"<{expected}f", payload)  # a few floats: numpy would take longer to start
    if not all(map(math.isfinite, values)):
        raise Refused(BAD_FRAME, _("{name} payload holds NaN or infinity", name=name))
    if max(map(abs, values)) > most:
        raise Refused(BAD_FRAME, _("{name} payload holds a number beyond {most:g}", name=name, most=most))
    return np.array(values, np.float32)


def picture(
    request: Request,
    trust: float,
    ms: tuple[float, float],
    xy,
    z: np.ndarray,
    *,
    pixels: np.ndarray,
    values: np.ndarray | None = None,
    rms: float = math.nan,
) -> bytes:
    """A picture's frame. ms: of decoding, and of everything here. pixels: uint8 (c, h, w). values, rms: see above."""
    head = PICTURE.pack(request.sequence, request.kind.code, 0, trust, *ms, *(float(v) for v in xy), rms)
    numbers = z if values is None else np.concatenate([z.ravel(), values.ravel()])
    return head + np.ascontiguousarray(numbers, "<f4").tobytes() + pixels.transpose(1, 2, 0).tobytes()


def parcel(request: Request, facts: dict[str, Any], **arrays: np.ndarray) -> bytes:
    """A parcel's frame: JSON facts, and arrays of uint8, int32 or float32, which the browser gets by their names."""
    return FORM.pack(request.sequence, request.kind.code, 1) + packed(facts, **arrays)


def packed(facts: dict[str, Any], **arrays: np.ndarray) -> bytes:
    """A parcel's body, from the length of its JSON on; read by unpacked() in frame_codec.js."""
    listed, blobs = [], []
    for name, array in arrays.items():
        kind = {"u": "u1", "b": "u1", "i": "<i4", "f": "<f4"}[array.dtype.kind]
        listed.append([name, kind.strip("<"), list(array.shape)])
        blob = np.ascontiguousarray(array, kind).tobytes()
        blobs.append(blob + bytes(-len(blob) % 4))
    text = json.dumps({**facts, "arrays": listed}, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *blobs])
