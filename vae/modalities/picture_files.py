"""Untrusted picture files as samples, read by the same functions for your data, `encode` and Draw: checked, upright,
opaque, with 8 bits, grey or colour, fitted to a shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageCms, ImageOps

from ..disk import guarded_pictures
from ..disk.guarded import Refused
from ..disk.guarded_pictures import FORMATS
from ..errors import SettingError, ShapeError
from ..text import N_, _, size
from . import value_range
from .value_range import Levels, Span

BYTES_MAX = 10 * 2**20
SIDE_MAX = 4096  # px
FITS = (N_("crop"), N_("whole"), N_("stretch"))
GROUNDS = {N_("black"): 0, N_("white"): 255}  # background of transparent and padded areas
ALPHA = {"RGBA": "RGBA", "LA": "RGBA", "PA": "RGBA", "La": "LA", "RGBa": "RGBA"}  # mode: what it is converted to first
SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".ppm", ".pgm", ".pbm",
    ".pnm", ".apng", ".avif", ".avifs", ".heic", ".heif", ".hif",
)  # fmt: skip
ORIENTATION = 0x0112  # of EXIF
EIGHT: Span = (0.0, 255.0)


class NotAPicture(SettingError):
    """The bytes are in none of the expected picture formats."""


@dataclass(frozen=True)
class Ranges:
    """The values of black and white: `deep` of pictures of more than 8 bits or of floats, None for the likely ones of
    each; `eight` of pictures of 8 bits in grey or RGB."""

    deep: Span | None = None
    eight: Span = EIGHT


USUAL = Ranges()


class PictureLevels(NamedTuple):
    """The values of a decoded picture: `deep` if it has more than 8 bits or floats, `eight` if it is grey or RGB with
    8 bits. Both None of any other, such as one with a palette."""

    deep: Levels | None
    eight: Levels | None


@dataclass(frozen=True)
class Plain:
    """image: upright, opaque, with 8 bits, in mode "L" or "RGB". changes: how it differs from the file, as words that
    callers know: transparent, animated, deep, cmyk, lab, turned."""

    image: Image.Image
    changes: tuple[str, ...]


def read_picture(
    data: bytes, shape: tuple[int, ...], fit: str = "crop", ranges: Ranges = USUAL
) -> UInt8[np.ndarray, "c h w"]:
    """A picture file as uint8 (c, h, w) of that shape.

    Rotated as its EXIF says; transparent areas become black, like the background of most data sets here; more bits, or
    floats, become 8 by `ranges`; of an animation the first frame is used.
    fit: "crop" fills the shape and cuts off the rest evenly, "whole" adds black margins, "stretch" distorts. Resized by
    area averaging, so that thin lines of a large drawing survive.

    Raises: SettingError: not a picture, a damaged one, or one larger than BYTES_MAX or SIDE_MAX px; an unknown fit.
    ShapeError: not the shape of a picture.
    """
    if len(shape) != 3 or shape[0] not in (1, 3):
        raise ShapeError(
            _("shape {shape}: expected the shape of a picture, (1, h, w) or (3, h, w).", shape=tuple(shape))
        )
    return shaped(plain(opened(data), ranges=ranges).image, shape, fit)


def opened(data: bytes, *, bytes_max: int = BYTES_MAX, side_max: int = SIDE_MAX) -> Image.Image:
    """The decoded first frame, as it is in the file. Raises: NotAPicture, SettingError: damaged or too large."""
    if len(data) > bytes_max:
        raise SettingError(_("the file has {size}; the limit is {limit}.", size=size(len(data)), limit=size(bytes_max)))
    return decoded(declared(data, side_max=side_max))


def declared(data: bytes, *, side_max: int = SIDE_MAX) -> Image.Image:
    """The same, with its size and mode, and no pixel decoded yet. Raises: NotAPicture, SettingError."""
    try:
        return guarded_pictures.opened(data, FORMATS, side_max=side_max)
    except guarded_pictures.NotAPicture as e:
        raise NotAPicture(str(e)) from None
    except Refused as e:
        raise SettingError(str(e)) from e


def decoded(image: Image.Image) -> Image.Image:
    """Raises: SettingError: it is damaged."""
    try:
        return guarded_pictures.decoded(image)
    except Refused as e:
        raise SettingError(str(e)) from e


def levels(image: Image.Image) -> PictureLevels:
    """Those of a decoded picture."""
    if _deep(image):
        return PictureLevels(value_range.levels(np.asarray(image)), None)
    return PictureLevels(None, value_range.levels(np.asarray(image)) if _shallow(image) else None)


def plain(image: Image.Image, ground: str = "black", ranges: Ranges = USUAL) -> Plain:
    """A decoded picture with 8 bits. ground: of transparent areas.

    Raises: SettingError: its colours cannot be converted.
    """
    changes = []
    try:
        if guarded_pictures.n_frames(image) > 1:
            changes.append("animated")
        turned = _upright(image)
        if turned is not image:
            changes.append("turned")
        image, mask = turned, None
        if _deep(image):
            changes.append("deep")
            image, mask = _eight_bits(image, ranges.deep)
        elif ranges.eight != EIGHT and _shallow(image):
            table = value_range.in_range(np.arange(256, dtype=np.uint8)[None], ranges.eight)
            image = image.point(table[0].tolist() * len(image.getbands()))
        if image.mode in ("CMYK", "LAB"):
            changes.append(image.mode.lower())
        if image.mode == "LAB":
            image = _from_lab(image)
        if mask is not None or transparent(image):
            changes.append("transparent")
            image = _opaque(image, mask, GROUNDS[ground])
        if image.mode not in ("L", "RGB"):
            image = image.convert("L" if image.mode == "1" else "RGB")
    except (*guarded_pictures.DAMAGE, ImageCms.PyCMSError) as e:
        raise SettingError(_("the picture ({mode}) cannot be converted: {error}.", mode=image.mode, error=e)) from e
    return Plain(image, tuple(changes))


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
    return image.mode in ALPHA or "transparency" in image.info


# ---------------------------------------------------------------- parts


def _deep(image: Image.Image) -> bool:
    return image.mode.startswith(("I", "F"))


def _upright(image: Image.Image) -> Image.Image:
    try:
        if image.getexif().get(ORIENTATION, 1) not in range(2, 9):
            return image
        info = image.info.get("transparency")
        image = ImageOps.exif_transpose(image)
        if info is not None:
            image.info.setdefault("transparency", info)
        return image
    except (OSError, SyntaxError, ValueError, KeyError, TypeError):  # only its EXIF is damaged
        return image


def _eight_bits(image: Image.Image, span: Span | None) -> tuple[Image.Image, np.ndarray | None]:
    """A deep picture in mode "L", and where it has its transparent value, if one is declared: PIL's own conversions
    would clip it to white, and compare the 8 bits with the value of 16."""
    deep = np.asarray(image)
    clear = image.info.get("transparency")
    mask = deep == clear if isinstance(clear, int) else None
    grey = value_range.in_range(deep, span or value_range.likely(value_range.levels(deep)))
    return Image.fromarray(grey if grey.dtype == np.uint8 else np.rint(grey * 255).astype(np.uint8)), mask


def _shallow(image: Image.Image) -> bool:
    """Whether its values are levels of 8 bits, none of which stands for transparency."""
    return image.mode in ("L", "RGB") and "transparency" not in image.info


def _opaque(image: Image.Image, mask: np.ndarray | None, level: int) -> Image.Image:
    """The same on a ground of that level. mask: where it is transparent; None: as the picture itself says."""
    if mask is not None:
        return Image.fromarray(np.where(mask, np.uint8(level), np.asarray(image)))
    while image.mode != "RGBA":
        image = image.convert(ALPHA.get(image.mode, "RGBA"))
    image = Image.alpha_composite(Image.new("RGBA", image.size, (level, level, level, 255)), image)
    return image.convert("RGB")


def _from_lab(image: Image.Image) -> Image.Image:
    """PIL converts CIELAB only through colour profiles."""
    lab, rgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, rgb, outputMode="RGB")
    assert converted is not None  # only a conversion in place returns None
    return converted
