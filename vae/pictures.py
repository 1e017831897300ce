"""Picture files of strangers, as a model takes them: checked, turned upright, made grey or colour, cut to its shape."""

from __future__ import annotations

import io
import warnings

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import SettingError, ShapeError

FORMATS = ("PNG", "JPEG", "WEBP")
BYTES_MAX = 10 * 2**20
SIDE_MAX = 4096  # px
FITS = ("crop", "whole")


def read_picture(data: bytes, shape: tuple[int, ...], fit: str = "crop") -> UInt8[np.ndarray, "c h w"]:
    """A PNG, JPEG or WebP file as uint8 (c, h, w) of that shape.

    Turned as its EXIF says; what is transparent becomes black, as the ground of most data here is; 16 bits become 8; an
    animation gives its first frame. fit: "crop" fills the shape and cuts the rest off evenly, "whole" leaves black
    margins. Resized by area, so that a large drawing keeps its lines.

    Raises: SettingError: no such file, a damaged one, or one larger than BYTES_MAX or SIDE_MAX px; an unknown fit.
    ShapeError: a shape that is no picture's.
    """
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise ShapeError(f"shape {tuple(shape)}: expected that of a picture, (1, h, w) or (3, h, w).")
    if fit not in FITS:
        raise SettingError(f"fit {fit!r}: expected one of {', '.join(FITS)}.")
    c, h, w = shape
    image = _upright(_opened(data))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    image = _eight_bits(image).convert("L" if c == 1 else "RGB")
    area = Image.Resampling.BOX if min(image.width / w, image.height / h) > 1 else Image.Resampling.BICUBIC
    image = ImageOps.fit(image, (w, h), area) if fit == "crop" else ImageOps.pad(image, (w, h), area, color=0)
    pixels = np.asarray(image)
    return pixels[None].copy() if c == 1 else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _opened(data: bytes) -> Image.Image:
    """The decoded first frame. The size is read before a single pixel is: a bomb is refused unopened."""
    if len(data) > BYTES_MAX:
        raise SettingError(f"the file has {len(data) / 2**20:.1f} MB; at most {BYTES_MAX // 2**20} MB are read.")
    known = ", ".join(FORMATS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=FORMATS)
        if max(image.size) > SIDE_MAX:
            raise SettingError(f"the picture is {image.width}x{image.height} px; at most {SIDE_MAX} a side are read.")
        image.load()
    except UnidentifiedImageError:
        kind = "an empty file" if not data else f"{len(data)} bytes that are none of these"
        raise SettingError(f"expected a picture ({known}); given {kind}.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as e:
        raise SettingError(f"the picture is far too large to open: {e}") from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as e:  # what PIL raises for torn files
        raise SettingError(f"the picture is damaged or cut short: {e}.") from e
    return image


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError):  # its EXIF is damaged: the picture is not
        return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey to 8 bits; PIL's own conversion would clip it to white."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.asarray(image, np.float64)
    return Image.fromarray(np.rint(np.clip(values / 257.0, 0, 255)).astype(np.uint8))
