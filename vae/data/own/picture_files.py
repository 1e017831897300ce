"""Picture files of strangers, as a model takes them: checked, turned upright, made grey or colour, cut to its shape."""

from __future__ import annotations

import io
import warnings

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps, UnidentifiedImageError

from ...errors import SettingError, ShapeError

FORMATS = ("PNG", "JPEG", "WEBP")
BYTES_MAX = 10 * 2**20
SIDE_MAX = 4096  # px
FITS = ("crop", "whole", "stretch")
GROUNDS = {"black": 0, "white": 255}  # what shows through what is transparent, and of margins


def read_picture(data: bytes, shape: tuple[int, ...], fit: str = "crop") -> UInt8[np.ndarray, "c h w"]:
    """A PNG, JPEG or WebP file as uint8 (c, h, w) of that shape.

    Turned as its EXIF says; what is transparent becomes black, as the ground of most data here is; 16 bits become 8; an
    animation gives its first frame. fit: "crop" fills the shape and cuts the rest off evenly, "whole" leaves black
    margins, "stretch" distorts. Resized by area, so that a large drawing keeps its lines.

    Raises: SettingError: no such file, a damaged one, or one larger than BYTES_MAX or SIDE_MAX px; an unknown fit.
    ShapeError: a shape that is no picture's.
    """
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise ShapeError(f"shape {tuple(shape)}: expected that of a picture, (1, h, w) or (3, h, w).")
    return shaped(plain(opened(data)), shape, fit)


def opened(
    data: bytes, formats: tuple[str, ...] = FORMATS, bytes_max: int = BYTES_MAX, side_max: int = SIDE_MAX
) -> Image.Image:
    """The decoded first frame, as it is in the file. The size is read before a single pixel is: a bomb is refused
    unopened. Raises: SettingError."""
    if len(data) > bytes_max:
        raise SettingError(f"the file has {len(data) / 2**20:.1f} MB; at most {bytes_max // 2**20} MB are read.")
    known = ", ".join(formats)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of PIL's on torn metadata; what matters is raised
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            image = Image.open(io.BytesIO(data), formats=formats)
            if max(image.size) > side_max:
                raise SettingError(
                    f"the picture is {image.width}x{image.height} px; at most {side_max} a side are read."
                )
            image.load()
    except UnidentifiedImageError:
        kind = "an empty file" if not data else f"{len(data)} bytes that are none of these"
        raise SettingError(f"expected a picture ({known}); given {kind}.") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise SettingError(f"the picture is far too large; at most {side_max} px a side are read.") from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as e:  # what PIL raises for torn files
        raise SettingError(f"the picture is damaged or cut short: {e}.") from e
    return image


def plain(image: Image.Image, ground: str = "black") -> Image.Image:
    """The same picture upright, opaque on its ground, with 8 bits, mode "L" or "RGB"."""
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
        raise SettingError(f"fit {fit!r}: expected one of {', '.join(FITS)}.")
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
    """Whether something may show through: an alpha channel, or a colour that stands for none."""
    return image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError):  # its EXIF is damaged: the picture is not
        return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey to 8 bits; PIL's own conversion would clip it to white. Floats are taken as 0-1 where they are."""
    if not image.mode.startswith(("I", "F")):
        return image
    values = np.nan_to_num(np.asarray(image, np.float64))
    values = values * 255 if image.mode == "F" and values.max() <= 1 else values / 257
    return Image.fromarray(np.rint(np.clip(values, 0, 255)).astype(np.uint8))
