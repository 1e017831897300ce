"""Picture files of strangers: every kind arrives as the model's own shape, and broken ones are refused in words."""

from __future__ import annotations

import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from vae.errors import SettingError, ShapeError
from vae.modalities import picture_files
from vae.modalities.picture_files import read_picture

GREY, COLOUR = (1, 28, 28), (3, 20, 30)


def saved(image: Image.Image, kind: str = "PNG", **how) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def noise(*size: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, size, dtype=np.uint8)


def test_a_picture_of_the_right_size_arrives_as_it_is():
    grey, colour = noise(28, 28), noise(20, 30, 3)
    np.testing.assert_array_equal(read_picture(saved(Image.fromarray(grey)), GREY)[0], grey)
    got = read_picture(saved(Image.fromarray(colour), "WEBP", lossless=True), COLOUR)
    np.testing.assert_array_equal(got.transpose(1, 2, 0), colour)


@pytest.mark.parametrize("kind", picture_files.FORMATS)
@pytest.mark.parametrize("shape", [GREY, COLOUR])
@pytest.mark.parametrize("fit", picture_files.FITS)
def test_every_format_is_resized_to_the_shape(kind, shape, fit):
    got = read_picture(saved(Image.fromarray(noise(300, 200, 3)), kind), shape, fit)
    assert got.shape == shape
    assert got.dtype == np.uint8
    assert got.flags.owndata


def test_crop_cuts_and_whole_keeps():
    wide = np.zeros((50, 150, 3), np.uint8)
    wide[:, :50], wide[:, 50:100], wide[:, 100:] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    data, shape = saved(Image.fromarray(wide)), (3, 30, 30)
    cropped, whole = read_picture(data, shape), read_picture(data, shape, "whole")
    assert (cropped[1] == 255).all()  # the green middle alone
    assert (cropped[[0, 2]] == 0).all()
    assert (whole[:, :9] == 0).all()  # black above ...
    assert (whole[:, -9:] == 0).all()
    np.testing.assert_array_equal(whole[:, 15, 5], (255, 0, 0))  # ... and all three colours between
    np.testing.assert_array_equal(whole[:, 15, 25], (0, 0, 255))


def test_a_large_line_drawing_keeps_its_lines():
    drawing = np.zeros((2800, 2800), np.uint8)
    drawing[1390:1410] = 255  # 20 of 100 source rows to a row
    got = read_picture(saved(Image.fromarray(drawing)), GREY)[0]
    assert got.max() == pytest.approx(255 * 0.1, abs=3)  # half of it in either of two rows
    assert got.sum(0)[0] == pytest.approx(51, abs=4)


def test_transparency_becomes_black():
    rgba = np.full((28, 28, 4), 255, np.uint8)
    rgba[:, :14, 3] = 0
    for image in (Image.fromarray(rgba), Image.fromarray(rgba).convert("LA")):
        got = read_picture(saved(image), GREY)[0]
        assert (got[:, :14] == 0).all()
        assert (got[:, 14:] == 255).all()


def test_palettes_with_and_without_transparency():
    image = Image.new("P", (28, 28), 1)
    image.putpalette([255, 0, 0, 0, 0, 255] + [0] * 762)
    np.testing.assert_array_equal(read_picture(saved(image), (3, 28, 28))[:, 0, 0], (0, 0, 255))
    assert (read_picture(saved(image, transparency=1), (3, 28, 28)) == 0).all()


def test_sixteen_bits_are_scaled_not_clipped():
    deep = np.linspace(0, 65535, 28 * 28).reshape(28, 28).astype(np.uint16)
    got = read_picture(saved(Image.fromarray(deep)), GREY)[0]
    assert got[0, 0] == 0
    assert got[-1, -1] == 255
    assert got[14, 0] == pytest.approx(128, abs=1)


def test_exif_turns_a_picture_upright():
    picture = np.zeros((28, 28), np.uint8)
    picture[:4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held on its side: turn by 90 degrees clockwise
    got = read_picture(saved(Image.fromarray(picture), "JPEG", exif=exif, quality=95), GREY)[0]
    assert got[:, -3:].mean() > 230
    assert got[:, :20].mean() < 20


def test_an_animation_gives_its_first_frame():
    first, second = Image.new("RGB", (28, 28), (255, 255, 255)), Image.new("RGB", (28, 28))
    data = saved(first, "WEBP", save_all=True, append_images=[second], lossless=True)
    assert read_picture(data, GREY).min() == 255


def test_one_bit_and_cmyk_pictures_are_read():
    assert read_picture(saved(Image.new("1", (28, 28), 1)), GREY).min() == 255
    assert read_picture(saved(Image.new("CMYK", (28, 28)), "JPEG"), GREY).min() >= 250


# ---------------------------------------------------------------- what is refused


def png(width: int, height: int) -> bytes:
    """A PNG that claims a size and has no pixels to it."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"hello, world", "these 12 bytes are in none of these formats"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "none of these formats"),
        (b"\x89PNG\r\n\x1a\n", "none of these formats"),
        (saved(Image.new("L", (28, 28)), "TGA"), "PNG, JPEG, WEBP"),
        (saved(Image.new("L", (28, 28)), "EPS"), "none of these formats"),
        (saved(Image.fromarray(noise(64, 64, 3)))[:3000], "damaged or truncated"),
        (saved(Image.fromarray(noise(64, 64, 3)), "JPEG")[:900], "damaged or truncated"),
        (saved(Image.fromarray(noise(64, 64, 3)), "WEBP")[:500], "(damaged|none of these)"),
        (png(28, 28), "damaged or truncated"),
        (png(5000, 10), "5000x10 px; the limit is 4096"),
        (png(60_000, 60_000), "far too large"),
        (png(20_000, 10_000), "far too large"),
        (bytes(picture_files.BYTES_MAX + 1), "the limit is 10.5 MB"),
    ],
)
def test_broken_large_and_foreign_files_are_refused_in_words(data, said):
    with pytest.raises(SettingError, match=said):
        read_picture(data, GREY)


def test_a_file_with_flipped_bytes_is_refused_or_read_but_never_breaks():
    rng, good = (
        np.random.default_rng(1),
        [saved(Image.fromarray(noise(40, 40, 3)), kind) for kind in picture_files.FORMATS],
    )
    for data in good:
        for _ in range(60):
            torn = bytearray(data)
            for at in rng.integers(0, len(torn), 4):
                torn[at] = rng.integers(0, 256)
            with contextlib.suppress(SettingError):
                assert read_picture(bytes(torn), GREY).shape == GREY


def test_shapes_and_fits_are_checked():
    good = saved(Image.new("L", (8, 8)))
    with pytest.raises(ShapeError, match="expected the shape of a picture"):
        read_picture(good, (2, 96))
    with pytest.raises(SettingError, match="crop, whole"):
        read_picture(good, GREY, "tile")
