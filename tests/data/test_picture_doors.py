"""Your data, `encode` and Draw read a picture file by the same functions, to the same values, whatever it is like."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, features

from tests.data.test_own_pictures import read
from tests.odd_pictures import bomb, saved
from vae.errors import SettingError
from vae.modalities import image as modality

SIDE = 16
RAMP = np.tile(np.linspace(0, 1, SIDE), (SIDE, 1))
GREY = np.rint(RAMP * 255).astype(np.uint8)


def png(pixels: np.ndarray, bits: int, colour: int, **chunks: bytes) -> bytes:
    """A PNG of these values as they are, with any bit depth and further chunks before the pixels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", SIDE, SIDE, bits, colour, 0, 0, 0))
    more = b"".join(chunk(name.encode(), data) for name, data in chunks.items())
    lines = b"".join(b"\0" + row.tobytes() for row in pixels)
    return b"\x89PNG\r\n\x1a\n" + head + more + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return saved(Image.fromarray(GREY).transpose(Image.Transpose.ROTATE_90), exif=exif)


def clear() -> Image.Image:
    """The ramp, opaque; its left column is white and transparent."""
    rgba = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])
    rgba[:, 0] = (255, 255, 255, 0)
    return Image.fromarray(rgba)


def lab() -> Image.Image:
    profiles = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    return ImageCms.profileToProfile(Image.fromarray(GREY).convert("RGB"), *profiles, outputMode="LAB")


def palette() -> Image.Image:
    image = Image.frombytes("P", (SIDE, SIDE), (255 - GREY).tobytes())
    image.putpalette(np.arange(255, -1, -1, dtype=np.uint8).repeat(3).tolist())
    return image


def big_endian() -> bytes:
    """A TIFF of 16 bits in the other byte order."""
    pixels = (RAMP * 65535).astype(">u2").tobytes()
    fields = [(256, SIDE), (257, SIDE), (258, 16), (259, 1), (262, 1), (273, 8), (277, 1), (278, SIDE)]
    entries = b"".join(struct.pack(">HHIHH", tag, 3, 1, value, 0) for tag, value in fields)
    entries += struct.pack(">HHII", 279, 4, 1, len(pixels))
    ifd = struct.pack(">H", len(fields) + 1) + entries + struct.pack(">I", 0)
    return b"MM\0*" + struct.pack(">I", 8 + len(pixels)) + pixels + ifd


DEEP = (RAMP * 65535).astype(np.uint16)
KINDS = {
    "plain": saved(Image.fromarray(GREY)),
    "16 bits": saved(Image.fromarray(DEEP)),
    "16 bits with a clear value": png(DEEP.astype(">u2").view(np.uint8).reshape(SIDE, -1), 16, 0, tRNS=b"\0\0"),
    "16 bits of colour": png(DEEP.astype(">u2").repeat(3, 1).view(np.uint8).reshape(SIDE, -1), 16, 2),
    "16 bits with opacity": png(
        np.dstack([DEEP, np.full_like(DEEP, 65535)]).astype(">u2").view(np.uint8).reshape(SIDE, -1), 16, 4
    ),
    "16 bits, big-endian": big_endian(),
    "12 bits in 16": saved(Image.fromarray((RAMP * 4095).astype(np.uint16)), "TIFF"),
    "10 bits in 16": saved(Image.fromarray((RAMP * 1023).astype(np.uint16)), "TIFF"),
    "14 bits in 32": saved(Image.fromarray((RAMP * 16383).astype(np.int32)), "TIFF"),
    "floats 0 to 1": saved(Image.fromarray(RAMP.astype(np.float32)), "TIFF"),
    "floats 0 to 255": saved(Image.fromarray(GREY.astype(np.float32)), "TIFF"),
    "floats -1 to 1": saved(Image.fromarray((2 * RAMP - 1).astype(np.float32)), "TIFF"),
    "turned": turned(),
    "opacity": saved(clear()),
    "opacity of grey": saved(clear().convert("LA")),
    "palette": saved(palette()),
    "lab": saved(lab(), "TIFF"),
    "cmyk": saved(Image.fromarray(GREY).convert("CMYK"), "TIFF"),
    "colour": saved(Image.fromarray(GREY).convert("RGB"), "BMP"),
}
if features.check("avif"):
    KINDS["avif"] = saved(Image.fromarray(GREY), "AVIF", quality=100)


def by_data(data: bytes, tmp_path) -> np.ndarray:
    (tmp_path / "p").mkdir()
    for i in range(8):
        (tmp_path / "p" / f"{i}.png").write_bytes(data)
    return read(tmp_path / "p", size=(SIDE, SIDE)).samples.x_train[0]


def by_encode(data: bytes, tmp_path) -> np.ndarray:
    return modality.from_bytes(data, (1, SIDE, SIDE))


def by_draw(data: bytes, tmp_path) -> np.ndarray:
    from vae.modalities.picture_files import read_picture

    return read_picture(data, (1, SIDE, SIDE))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("door", [by_data, by_encode, by_draw])
def test_every_door_reads_the_same_ramp(door, kind, tmp_path):
    x = door(KINDS[kind], tmp_path)
    assert x.dtype == np.uint8
    assert x.shape == (1, SIDE, SIDE)
    np.testing.assert_allclose(x[0].astype(int), GREY, atol=2 if kind in ("lab", "avif") else 1)


@pytest.mark.parametrize("ground", ["black", "white"])
def test_a_clear_value_of_16_bits_shows_the_ground(tmp_path, ground):
    (tmp_path / "p").mkdir()
    for i in range(8):
        (tmp_path / "p" / f"{i}.png").write_bytes(KINDS["16 bits with a clear value"])
    x = read(tmp_path / "p", ground=ground).samples.x_train[0, 0]
    assert (x[:, 0] == {"black": 0, "white": 255}[ground]).all()
    np.testing.assert_allclose(x[:, 1:].astype(int), GREY[:, 1:], atol=1)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_a_clear_value_of_few_bits_is_clear(bits, tmp_path):
    row = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)[: 2**bits, -bits:]
    row = np.packbits(np.tile(row.ravel(), SIDE)[: SIDE * bits])
    values = np.arange(SIDE) % 2**bits * 255 // (2**bits - 1)
    data = png(np.tile(row, (SIDE, 1)), bits, 0, tRNS=struct.pack(">H", 2**bits - 1))
    for door in (by_encode, by_draw):
        np.testing.assert_array_equal(door(data, tmp_path)[0, 0], np.where(values == 255, 0, values))


def test_a_clear_colour_of_16_bits_is_clear(tmp_path):
    pixels = DEEP.astype(">u2").repeat(3, 1).view(np.uint8).reshape(SIDE, -1)
    data = png(pixels, 16, 2, tRNS=b"\xff\xff" * 3)
    for door in (by_encode, by_draw):
        assert door(data, tmp_path)[0, 0].tolist() == [*GREY[0, :-1].tolist(), 0]


@pytest.mark.parametrize("door", [by_data, by_encode, by_draw])
def test_a_bomb_is_refused_at_every_door(door, tmp_path):
    with pytest.raises(SettingError, match="far too large"):
        door(bomb(), tmp_path)


def test_a_turned_picture_of_other_sides_fits_a_model_once_it_is_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    tall = GREY[:, :8]
    data = saved(Image.fromarray(tall).transpose(Image.Transpose.ROTATE_90), exif=exif)
    np.testing.assert_array_equal(modality.from_bytes(data, (1, SIDE, 8))[0], tall)


def test_a_dark_picture_is_read_as_the_others_of_its_folder(tmp_path):
    (tmp_path / "p").mkdir()
    for i in range(9):
        picture = (RAMP * (900 if i else 4095)).astype(np.uint16)
        (tmp_path / "p" / f"{i}.tif").write_bytes(saved(Image.fromarray(picture), "TIFF"))
    x = read(tmp_path / "p").samples
    most = sorted(np.concatenate([x.x_train, x.x_test]).max((1, 2, 3)).tolist())
    assert most == [56] * 8 + [255]


def test_a_range_is_told_and_obeyed(tmp_path):
    (tmp_path / "p").mkdir()
    for i in range(9):
        (tmp_path / "p" / f"{i}.tif").write_bytes(KINDS["12 bits in 16"])
    (decision,) = [d for d in read(tmp_path / "p").preview.decisions if d.name == "range"]
    assert decision.value == "0:4095"
    assert read(tmp_path / "p", range="0:65535").samples.x_train.max() == 16
    with pytest.raises(SettingError, match="LOW:HIGH"):
        read(tmp_path / "p", range="4095")


def test_a_heic_picture_names_what_reads_it(tmp_path):
    from vae.disk.guarded_pictures import FORMATS

    data = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)
    words = "damaged|none of these" if "HEIF" in FORMATS else "pip install pillow-heif"
    with pytest.raises(SettingError, match=words):
        by_draw(data, tmp_path)
