"""Pictures: (c, h, w) with one (grey) or three (colour) channels."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ..disk import guarded_pictures
from ..errors import SettingError, ShapeError
from ..registry import Modality, modality
from ..text import N_, _, significant
from ..types import Artifact
from . import picture_files, value_range
from .picture_files import USUAL, Ranges

SQUARISH = 4  # the sides of a picture differ by no more than that


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


def from_bytes(data: bytes, shape: tuple[int, ...] | None, ranges: Ranges = USUAL) -> np.ndarray:
    """A picture file as uint8 (c, h, w), grey or colour according to the shape.

    Raises: SettingError; ShapeError: another size, for which no pixel is decoded.
    """
    try:
        image = picture_files.declared(data, side_max=guarded_pictures.SIDE_MAX)
        if shape is not None:
            _check_size(image.size, shape, sideways=True)
        upright = picture_files.plain(picture_files.decoded(image), ranges=ranges).image
    except SettingError as e:
        raise SettingError(_("cannot be read as a picture ({error}).", error=str(e).rstrip("."))) from e
    if shape is not None:
        _check_size(upright.size, shape)
    channels = shape[0] if shape is not None else 1 if upright.mode == "L" else 3
    return picture_files.shaped(upright, (channels, upright.height, upright.width))


def _check_size(given: tuple[int, int], shape: tuple[int, ...], *, sideways: bool = False) -> None:
    """given: px (w, h). sideways: it may still be turned. Raises: ShapeError."""
    expected = (shape[2], shape[1])
    if given != expected and not (sideways and given == expected[::-1]):
        raise ShapeError(
            _(
                "the picture has {w}x{h} px; the model takes {expected_w}x{expected_h}.",
                w=given[0],
                h=given[1],
                expected_w=expected[0],
                expected_h=expected[1],
            )
        )


# ---------------------------------------------------------------- arrays of your data


def looks(x: np.ndarray) -> int:
    """2 for anything with four dimensions, and for (n, h, w) of values that pictures have: 0-1, or integers in 0-255;
    if neither side is more than four times the other, also -1 to 1, and integers of 10 to 16 bits or as floats."""
    if x.ndim != 3:
        return 2 if x.ndim == 4 else 0
    if min(x.shape[1:]) < 4:
        return 0
    found = value_range.levels(x)
    span = value_range.usual(found)
    if span is None or span[0] < -1:
        return 0
    sure = span == (0, 1) or (x.dtype.kind in "bui" and found.low >= 0 and found.high <= 255)
    return 2 if sure or max(x.shape[1:]) <= SQUARISH * min(x.shape[1:]) else 0


def from_array(x: np.ndarray, notes: list[str]) -> np.ndarray:
    """(n, h, w) or (n, c, h, w), uint8 or floats 0-1, c 1 or 3 -> (n, c, h, w), uint8 or float32.

    Raises: SettingError.
    """
    if x.ndim not in (3, 4):
        raise SettingError(
            _("x of shape {shape} is not an array of pictures; see docs/data.md for the layouts.", shape=x.shape)
        )
    x = x[:, None] if x.ndim == 3 else x
    if x.shape[1] not in (1, 3):
        raise SettingError(
            _("pictures of shape {shape}: expected (1, h, w) or (3, h, w), grey or colour.", shape=x.shape[1:])
        )
    if x.dtype == np.uint8:
        return np.ascontiguousarray(x)
    low, high = (float(v) for v in (x.min(), x.max()))
    if low < 0 or high > 1:
        raise SettingError(
            _(
                "pictures with values {low} to {high}: expected 0 to 1, or bytes.",
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
