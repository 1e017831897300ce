"""Pictures: (c, h, w) with one (grey) or three (colour) channels."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from ..errors import ShapeError
from ..registry import Modality, modality
from ..types import Artifact


def to_uint8(x: np.ndarray) -> np.ndarray:
    """0-1 floats to 0-255, rounded and clipped; uint8 passes through."""
    if x.dtype == np.uint8:
        return x
    return np.rint(np.clip(x, 0.0, 1.0) * 255.0).astype(np.uint8)


def pixels(x: np.ndarray) -> np.ndarray:
    """(c, h, w) -> uint8 (h, w) for grey, (h, w, 3) for colour. Raises: ShapeError."""
    if x.ndim != 3 or x.shape[0] not in (1, 3):
        raise ShapeError(f"expected a picture of shape (1, h, w) or (3, h, w), got {x.shape}.")
    x = to_uint8(x)
    return x[0] if x.shape[0] == 1 else np.ascontiguousarray(x.transpose(1, 2, 0))


def tile(pictures: np.ndarray, columns: int) -> np.ndarray:
    """(n, c, h, w) -> one uint8 sheet, row by row, black where the last row ends. (rows*h, columns*w[, 3])."""
    n, c, h, w = pictures.shape
    rows = -(-n // columns)
    sheet = np.zeros((c, rows * h, columns * w), np.uint8)
    for i, picture in enumerate(to_uint8(pictures)):
        r, k = divmod(i, columns)
        sheet[:, r * h : (r + 1) * h, k * w : (k + 1) * w] = picture
    return pixels(sheet)


def render(x: np.ndarray) -> Artifact:
    return Artifact("image", pixels(x))


def to_bytes(x: np.ndarray) -> tuple[str, bytes]:
    """A PNG of one picture."""
    buffer = io.BytesIO()
    Image.fromarray(pixels(x)).save(buffer, "PNG")
    return "image/png", buffer.getvalue()


IMAGE = modality(
    Modality(
        "image",
        likelihood="gaussian",
        example_shape=lambda: (1, 28, 28),
        render=render,
        to_bytes=to_bytes,
        bounded=True,
        pictures=to_uint8,
        picture_shape=lambda shape: (shape[0], shape[1], shape[2]),
    )
)
