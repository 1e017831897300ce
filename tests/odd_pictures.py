"""A ZIP as a stranger makes it: 280 plain pictures, and 20 that are broken or odd in as many ways."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image

PLAIN = 280
SIDE = 16
CLASSES = ("disc", "square")


def drawn(i: int, side: int = SIDE) -> Image.Image:
    """A bright disc or square somewhere on black."""
    rng = np.random.default_rng(i)
    y, x = np.mgrid[:side, :side]
    cx, cy, r = *rng.integers(side // 4, 3 * side // 4, 2), side // 4
    inside = (x - cx) ** 2 + (y - cy) ** 2 < r * r if i % 2 == 0 else (abs(x - cx) < r) & (abs(y - cy) < r)
    return Image.fromarray(np.where(inside, rng.integers(150, 256), 0).astype(np.uint8))


def saved(image: Image.Image, kind: str = "PNG", **how) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def bomb(side: int = 60_000) -> bytes:
    """The head of a PNG that says it is that large."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def recoverable() -> dict[str, bytes]:
    """Odd, but pictures all the same; each is one of a white square on black, or close to it."""
    grey = drawn(1)
    colour = grey.convert("RGB")
    few = colour.quantize(8)
    turned = Image.Exif()
    turned[0x0112] = 6
    clear = Image.new("RGBA", (SIDE, SIDE), (255, 255, 255, 0))
    clear.paste((255, 255, 255, 255), (4, 4, 12, 12))
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    return {
        "square/clear.png": saved(clear),
        "square/palette.gif": saved(few, "GIF", transparency=few.getpixel((0, 0))),
        "square/deep.png": saved(deep),
        "square/print.jpg": saved(colour.convert("CMYK"), "JPEG"),
        "square/moves.gif": saved(grey, "GIF", save_all=True, append_images=[drawn(3), drawn(5)]),
        "square/turned.jpg": saved(drawn(1, 24).crop((0, 0, 24, 12)), "JPEG", exif=turned),
        "square/a picture called.txt": saved(grey),
        "square/large.jpg": saved(drawn(1, 1500).resize((1800, 900)), "JPEG"),
        "square/bits.tif": saved(grey.point(lambda v: 255 * (v > 9)).convert("1"), "TIFF"),
        "square/größe ☃.webp": saved(colour, "WEBP", lossless=True),
    }


def broken() -> dict[str, tuple[bytes, str]]:
    """Bytes, and a word of the reason they are skipped for."""
    whole = saved(Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)), "JPEG")
    return {
        "disc/nothing.png": (b"", "empty"),
        "disc/torn.jpg": (whole[: len(whole) // 3], "damaged or truncated"),
        "disc/words.png": (b"this is no picture at all", "expected a picture"),
        "disc/bomb.png": (bomb(), "too large|px"),
        "../escape.png": (saved(drawn(0)), "outside the archive"),
        "/absolute.png": (saved(drawn(0)), "outside the archive"),
        "disc/link.png": (b"/etc/passwd", "a link"),
        "disc/inner.zip": (b"PK\5\6" + b"\0" * 18, "archive inside an archive"),
        "disc/program.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) run\n", "expected a picture"),
        "disc/bad sum.png": (saved(drawn(0)), "CRC"),
    }


def write(path) -> None:
    """The ZIP of all of them, and of what systems leave behind."""
    with zipfile.ZipFile(path, "w") as z:
        for i in range(PLAIN):
            z.writestr(f"{CLASSES[i % 2]}/{i:03}.png", saved(drawn(i)))
        for name, data in recoverable().items():
            z.writestr(name, data)
        for name, (data, _) in broken().items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o120777 if name.endswith("link.png") else 0o100644) << 16
            z.writestr(info, data)
        for name in ("__MACOSX/disc/._000.png", "disc/.DS_Store", "square/Thumbs.db"):
            z.writestr(name, b"left by a system")
    _spoil(path, "disc/bad sum.png")


def _spoil(path, name: str) -> None:
    """Change a byte of an entry's data, so that its checksum is wrong."""
    with zipfile.ZipFile(path) as z:
        info = z.getinfo(name)
    data = bytearray(path.read_bytes())
    data[info.header_offset + 30 + len(name.encode()) + 40] ^= 0xFF
    path.write_bytes(bytes(data))
