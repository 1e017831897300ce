"""Reads picture files within limits: the declared size is checked before any pixel is decoded."""

from __future__ import annotations

import contextlib
import io
import struct
import warnings

from PIL import Image, UnidentifiedImageError, features

from ..text import _, ngettext, number
from .guarded import Refused

SIDE_MAX = 12_000  # px
PIXELS_MAX = 89_478_485  # PIL's own limit: a quarter of a GiB in RGB
DAMAGE = (  # what PIL raises for damaged files
    OSError, SyntaxError, ValueError, EOFError, ArithmeticError, MemoryError, RuntimeError, LookupError, TypeError,
    AttributeError, struct.error,
)  # fmt: skip


def _plugged_in() -> list[str]:
    """AVIF and HEIC, where Pillow was built with the former, and where its plugin for the latter is installed."""
    found = ["AVIF"] if "avif" in features.get_supported_modules() else []
    with contextlib.suppress(ImportError):
        from pillow_heif import register_heif_opener

        register_heif_opener(thumbnails=False)
        found.append("HEIF")
    return found


# Unlike EPS, none of these formats runs code when it is read.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM", *_plugged_in())
HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")  # brands of HEIF files


class NotAPicture(Refused):
    """The bytes are in none of the expected picture formats."""


def opened(
    data: bytes, formats: tuple[str, ...] = FORMATS, *, side_max: int = SIDE_MAX, pixels_max: int = PIXELS_MAX
) -> Image.Image:
    """The first frame of a picture file, whose pixels are not decoded yet: see `decoded`.

    Raises: NotAPicture. Refused: damaged, or more than side_max px per side or pixels_max in all.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged metadata, and of sizes that are checked here
            image = Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError:
        if "HEIF" not in FORMATS and data[4:8] == b"ftyp" and data[8:12] in HEIC:
            raise NotAPicture(
                _("a HEIC picture, which is read if its plugin is installed: pip install pillow-heif.")
            ) from None
        if not data:
            raise NotAPicture(
                _("expected a picture ({formats}); the file is empty.", formats=", ".join(formats))
            ) from None
        raise NotAPicture(
            ngettext(
                "expected a picture ({formats}); this {n} byte is in none of these formats.",
                "expected a picture ({formats}); these {n} bytes are in none of these formats.",
                len(data),
                formats=", ".join(formats),
            )
        ) from None
    except Image.DecompressionBombError:
        raise Refused(_("the picture is far too large; the limit is {max} px per side.", max=side_max)) from None
    except DAMAGE as e:
        raise Refused(_("the picture is damaged or truncated: {error}.", error=e)) from e
    if max(image.size) > side_max:
        raise Refused(
            _(
                "the picture has {width}x{height} px; the limit is {max} px per side.",
                width=image.width,
                height=image.height,
                max=side_max,
            )
        )
    if image.width * image.height > pixels_max:
        raise Refused(
            _(
                "the picture has {width}x{height} px; the limit is {max} px in all.",
                width=image.width,
                height=image.height,
                max=number(pixels_max),
            )
        )
    _rescale_transparency(image)
    return image


def n_frames(image: Image.Image) -> int:
    """How many frames or pages it has, as far as they can be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of damaged metadata of the later ones
            return getattr(image, "n_frames", 1)
    except DAMAGE:
        return 1


def decoded(image: Image.Image) -> Image.Image:
    """The same picture, its first frame decoded. Raises: Refused: damaged."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image.load()
    except DAMAGE as e:
        raise Refused(_("the picture is damaged or truncated: {error}.", error=e)) from e
    return image


def _rescale_transparency(image: Image.Image) -> None:
    """A PNG declares its transparent value in the bits of the file; PIL converts the pixels to 8 bits, but not that."""
    tile = getattr(image, "tile", None)  # how the file stores its pixels
    clear, raw = image.info.get("transparency"), tile[0].args if tile else ""
    if isinstance(clear, int) and raw in ("L;2", "L;4"):
        image.info["transparency"] = clear * {"L;2": 85, "L;4": 17}[str(raw)]
    elif isinstance(clear, tuple) and raw == "RGB;16B":
        image.info["transparency"] = tuple(value >> 8 for value in clear)
