"""Untrusted picture files as input of a model: checked, turned upright, in grey or colour, fitted to its shape."""

from __future__ import annotations

import io
import warnings

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from ...errors import SettingError, ShapeError
from ...text import N_, _, ngettext, size

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
    """The decoded first frame, as it is in the file. The size is checked before any pixel is decoded, which rejects
    decompression bombs. Raises: NotAPicture, SettingError."""
    if len(data) > bytes_max:
        raise SettingError(_("the file has {size}; the limit is {limit}.", size=size(len(data)), limit=size(bytes_max)))
    known = ", ".join(formats)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # PIL warns of damaged metadata; what matters raises
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=formats)
            if max(image.size) > side_max:
                raise SettingError(
                    _(
                        "the picture has {width}x{height} px; the limit is {max} px per side.",
                        width=image.width,
                        height=image.height,
                        max=side_max,
                    )
                )
            image.load()
    except UnidentifiedImageError:
        if data:
            message = ngettext(
                "expected a picture ({formats}); this {n} byte is in none of these formats.",
                "expected a picture ({formats}); these {n} bytes are in none of these formats.",
                len(data),
                formats=known,
            )
        else:
            message = _("expected a picture ({formats}); the file is empty.", formats=known)
        raise NotAPicture(message) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise SettingError(_("the picture is far too large; the limit is {max} px per side.", max=side_max)) from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as e:  # what PIL raises for damaged files
        raise SettingError(_("the picture is damaged or truncated: {error}.", error=e)) from e
    return image


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
    """16-bit grey to 8 bits; PIL's own conversion would clip it to white. Floats up to 1 count as 0-1."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.nan_to_num(np.asarray(image, np.float64))
    values = values * 255 if image.mode == "F" and values.max() <= 1 else values / 257
    return Image.fromarray(np.rint(np.clip(values, 0, 255)).astype(np.uint8))
