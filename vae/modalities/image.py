"""Pictures: (c, h, w) with one (grey) or three (colour) channels."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ..disk import guarded_pictures
from ..disk.guarded import Refused
from ..errors import SettingError, ShapeError
from ..registry import Modality, modality
from ..text import N_, _, significant
from ..types import Artifact


def to_uint8(x: np.ndarray) -> np.ndarray:
    """0-1 floats to 0-255, rounded and clipped; uint8 passes through."""
    if x.dtype == np.uint8:
        return x
    return np.rint(np.clip(x, 0.0, 1.0) * 255.0).astype(np.uint8)


def pixels(x: np.ndarray) -> np.ndarray:
    """(c, h, w) -> uint8 (h, w) for grey, (h, w, 3) for colour. Raises: ShapeError."""
    if x.ndim != 3 or x.shape[0] not in (1, 3):
        raise ShapeError(_("expected a picture of shape (1, h, w) or (3, h, w), got {shape}.", shape=x.shape))
    x = to_uint8(x)
    return x[0] if x.shape[0] == 1 else np.ascontiguousarray(x.transpose(1, 2, 0))


def tile(pictures: np.ndarray, columns: int) -> np.ndarray:
    """(n, c, h, w) -> one uint8 sheet, row by row; the rest of the last row is black. (rows*h, columns*w[, 3])."""
    n, c, h, w = pictures.shape
    rows = -(-n // columns)
    sheet = np.zeros((c, rows * h, columns * w), np.uint8)
    for i, picture in enumerate(to_uint8(pictures)):
        r, k = divmod(i, columns)
        sheet[:, r * h : (r + 1) * h, k * w : (k + 1) * w] = picture
    return pixels(sheet)


def picture_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """The shape of the sample itself. Raises: ShapeError."""
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise ShapeError(
            _("pictures of shape {shape}: expected (1, h, w) or (3, h, w), grey or colour.", shape=tuple(shape))
        )
    return shape


# ---------------------------------------------------------------- artifacts and files


def artifacts(x: np.ndarray) -> tuple[Artifact, ...]:
    return (Artifact("picture", pixels(x)),)


def to_bytes(x: np.ndarray) -> tuple[str, bytes]:
    """A PNG of one picture."""
    buffer = io.BytesIO()
    Image.fromarray(pixels(x)).save(buffer, "PNG")
    return "image/png", buffer.getvalue()


def from_bytes(data: bytes, shape: tuple[int, ...] | None) -> np.ndarray:
    """A picture file as uint8 (c, h, w), grey or colour according to the shape.

    Raises: SettingError; ShapeError: another size.
    """
    try:
        image = guarded_pictures.opened(data)
        if shape is not None and image.size != (shape[2], shape[1]):
            raise ShapeError(
                _(
                    "the picture has {w}x{h} px; the model takes {expected_w}x{expected_h}.",
                    w=image.width,
                    h=image.height,
                    expected_w=shape[2],
                    expected_h=shape[1],
                )
            )
        image = guarded_pictures.decoded(image)
    except Refused as e:
        raise SettingError(_("cannot be read as a picture ({error}).", error=str(e).rstrip("."))) from e
    grey = image.mode in ("1", "L", "I;16") if shape is None else shape[0] == 1
    image = image.convert("L" if grey else "RGB")
    a = np.asarray(image)
    return a[None] if grey else a.transpose(2, 0, 1)


# ---------------------------------------------------------------- arrays of your data


def looks(x: np.ndarray) -> int:
    """2 for (n, h, w) with values in 0-1, or integers in 0-255, and for anything with four dimensions."""
    if x.ndim != 3:
        return 2 if x.ndim == 4 else 0
    most = 255 if np.issubdtype(x.dtype, np.integer) or x.dtype == bool else 1
    return 2 if x.min() >= 0 and x.max() <= most and min(x.shape[1:]) >= 4 else 0


def from_array(x: np.ndarray, notes: list[str]) -> np.ndarray:
    """(n, h, w), (n, c, h, w) or (n, h, w, c) -> (n, c, h, w), c 1 or 3: uint8, or float32 0-1.

    Raises: SettingError.
    """
    if x.ndim not in (3, 4):
        raise SettingError(
            _("x of shape {shape} is not an array of pictures; see docs/data.md for the layouts.", shape=x.shape)
        )
    low, high = (float(v) for v in (x.min(), x.max()))
    x = x[:, None] if x.ndim == 3 else x
    if x.shape[1] not in (1, 3) and x.shape[3] in (1, 3, 4):
        x = np.moveaxis(x, 3, 1)
        notes.append(_("Channels were last and were moved to the front."))
        if x.shape[1] == 4:
            x = x[:, :3]
            notes.append(_("The fourth channel was left out."))
    if x.shape[1] not in (1, 3):
        raise SettingError(
            _("pictures of shape {shape}: expected (1, h, w) or (3, h, w), grey or colour.", shape=x.shape[1:])
        )
    if x.dtype == bool or (low >= 0 and high <= 1 and np.issubdtype(x.dtype, np.integer)):
        notes.append(_("Values are 0 and 1, shown as black and white."))
        return (x.astype(np.uint8) * 255).astype(np.uint8)
    if x.dtype == np.uint16 and high > 255:
        notes.append(_("16-bit values were scaled to 8 bits."))
        return np.rint(x / 257).astype(np.uint8)
    if low >= 0 and high <= 255 and (np.issubdtype(x.dtype, np.integer) or (high > 1 and not (x % 1).any())):
        return np.ascontiguousarray(x, np.uint8)
    if low < 0 or high > 1:
        raise SettingError(
            _(
                "pictures with values {low} to {high}: expected 0 to 1, or integers 0 to 255.",
                low=significant(low, 4),
                high=significant(high, 4),
            )
        )
    return np.ascontiguousarray(x, np.float32)


IMAGE = modality(
    Modality(
        "image",
        layout="grid",
        likelihood="gaussian",
        example_shape=lambda: (1, 28, 28),
        bounded=True,
        pictures=to_uint8,
        picture_shape=picture_shape,
        artifacts=artifacts,
        to_bytes=to_bytes,
        suffix=".png",
        from_bytes=from_bytes,
        looks=looks,
        from_array=from_array,
        decoder_dims=3,
        plural=N_("pictures"),
        measured=N_("pixels"),
        quick={"d": 8, "width": 16},
        thumbnail_is_sample=True,
        by_hand="canvas",
        summary=N_("grey or colour, values 0-1"),
    )
)
