"""Untrusted picture files as input of a model: checked, turned upright, in grey or colour, fitted to its shape."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from ...disk import guarded_pictures
from ...disk.guarded import Refused
from ...errors import SettingError, ShapeError
from ...text import N_, _, size

FORMATS = ("PNG", "JPEG", "WEBP")
BYTES_MAX = 10 * 2**20
SIDE_MAX = 4096  # px
FITS = (N_("crop"), N_("whole"), N_("stretch"))
GROUNDS = {N_("black"): 0, N_("white"): 255}  # background of transparent and padded areas


class NotAPicture(SettingError):
    """The bytes are in none of the expected picture formats."""


def read_picture(data: bytes, shape: tuple[int, ...], fit: str = "crop") -> UInt8[np.ndarray, "c h w"]:
    """A PNG, JPEG or WebP file as uint8 (c, h, w) of that shape.

    Rotated as its EXIF says; transparent areas become black, like the background of most data sets here; 16 bits become
    8; of an animation the first frame is used. fit: "crop" fills the shape and cuts off the rest evenly, "whole" adds
    black margins, "stretch" distorts. Resized by area averaging, so that thin lines of a large drawing survive.

    Raises: SettingError: not a picture, a damaged one, or one larger than BYTES_MAX or SIDE_MAX px; an unknown fit.
    ShapeError: not the shape of a picture.
    """
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise ShapeError(
            _("shape {shape}: expected the shape of a picture, (1, h, w) or (3, h, w).", shape=tuple(shape))
        )
    return shaped(plain(opened(data)), shape, fit)


def opened(
    data: bytes, formats: tuple[str, ...] = FORMATS, bytes_max: int = BYTES_MAX, side_max: int = SIDE_MAX
) -> Image.Image:
    """The decoded first frame, as it is in the file. Raises: NotAPicture, SettingError: damaged or too large."""
    if len(data) > bytes_max:
        raise SettingError(_("the file has {size}; the limit is {limit}.", size=size(len(data)), limit=size(bytes_max)))
    try:
        return guarded_pictures.decoded(guarded_pictures.opened(data, formats, side_max=side_max))
    except guarded_pictures.NotAPicture as e:
        raise NotAPicture(str(e)) from None
    except Refused as e:
        raise SettingError(str(e)) from e


def plain(image: Image.Image, ground: str = "black") -> Image.Image:
    """The same picture upright, on an opaque background, with 8 bits, mode "L" or "RGB"."""
    image = _upright(image)
    if transparent(image):
        image = image.convert("RGBA")
        level = GROUNDS[ground]
        image = Image.alpha_composite(Image.new("RGBA", image.size, (level, level, level, 255)), image)
    image = _eight_bits(image)
    return image if image.mode in ("L", "RGB") else image.convert("L" if image.mode in ("1", "LA") else "RGB")


def shaped(
    image: Image.Image, shape: tuple[int, ...], fit: str = "crop", ground: str = "black"
) -> UInt8[np.ndarray, "c h w"]:
    """A plain picture as uint8 (c, h, w) of that shape. Raises: SettingError: an unknown fit."""
    if fit not in FITS:
        raise SettingError(_("fit {fit!r}: expected one of {known}.", fit=fit, known=", ".join(FITS)))
    c, h, w = shape
    image = image.convert("L" if c == 1 else "RGB")
    if image.size != (w, h):
        area = Image.Resampling.BOX if min(image.width / w, image.height / h) > 1 else Image.Resampling.BICUBIC
        if fit == "crop":
            image = ImageOps.fit(image, (w, h), area)
        elif fit == "whole":
            image = ImageOps.pad(image, (w, h), area, color=(GROUNDS[ground],) * c if c > 1 else GROUNDS[ground])
        else:
            image = image.resize((w, h), area)
    pixels = np.asarray(image)
    return pixels[None].copy() if c == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def transparent(image: Image.Image) -> bool:
    """Whether it may have transparent areas: by an alpha channel or a transparent colour."""
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError):  # only its EXIF is damaged
        return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey to 8 bits; PIL's own conversion would clip it to white. Floats up to 1 count as 0-1. Row by row, as
    the values take eight times the memory of the result."""
    if not image.mode.startswith(("I", "F")):
        return image
    deep = np.asarray(image)
    factor = 255.0 if image.mode == "F" and np.nanmax(deep, initial=-np.inf) <= 1 else 1 / 257
    result = np.empty(deep.shape, np.uint8)
    for row, values in zip(result, deep, strict=True):
        row[:] = np.rint(np.clip(np.nan_to_num(values.astype(np.float64)) * factor, 0, 255))
    return Image.fromarray(result)
