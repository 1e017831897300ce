"""`encode` reads pictures as `data add` does: to the same values, by one range, which is told and can be chosen."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import vae
from tests.odd_pictures import bomb
from vae.__main__ import main


@pytest.fixture
def cli(tiny_checkpoint, capsys, tmp_path, monkeypatch):
    """Runs a command in an empty folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main([*arguments])
        return code, *capsys.readouterr()

    return run


def test_encode_reads_the_pictures_of_one_instrument_by_one_range(cli):
    """The second is darker than half of the 12 bits; alone it would be read as 10."""
    x = np.random.default_rng(0).integers(0, 256, (2, 1, 8, 8))
    pixels = np.rint(np.stack([x[0], x[1] / 5])[:, 0] / 255 * 4095).astype(np.uint16)
    pixels[0, 0, 0] = 4095
    for name, picture in zip("ab", pixels, strict=True):
        Image.fromarray(picture).save(f"{name}.tif")
    code, _out, told = cli("encode", "tiny-vae", "a.tif", "b.tif", "--out", "z.npz")
    assert code == 0
    assert "decided: Range: 0:4095 (values are 0 to 4095); to change it: --range" in told
    engine = vae.load("tiny-vae")
    wanted = np.rint(pixels[:, None] / 4095 * 255).astype(np.uint8)
    np.testing.assert_allclose(np.load("z.npz")["mu"], engine.encode(wanted)[0], atol=1e-5)
    assert cli("encode", "tiny-vae", "a.tif", "b.tif", "--range", "0:65535", "--out", "z.npz")[0] == 0
    wanted = np.rint(pixels[:, None] / 65535 * 255).astype(np.uint8)
    np.testing.assert_allclose(np.load("z.npz")["mu"], engine.encode(wanted)[0], atol=1e-5)
    code, _out, told = cli("encode", "tiny-vae", "a.tif", "--range", "1", "--out", "z.npz")
    assert code == 1
    assert "expected LOW:HIGH" in told


def test_encode_of_deep_and_turned_pictures_is_that_of_the_plain_one(cli):
    x = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    x[0, :2] = (0, 255)
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(x).save("plain.png")
    Image.fromarray(x.astype(np.uint16) * 257).save("deep.png")
    Image.fromarray((x / 255).astype(np.float32)).save("float.tif")
    Image.fromarray(x).transpose(Image.Transpose.ROTATE_90).save("turned.png", exif=exif)
    for name in ("plain.png", "deep.png", "float.tif", "turned.png"):
        assert cli("encode", "tiny-vae", name, "--out", f"{name}.npz")[0] == 0
        np.testing.assert_array_equal(np.load(f"{name}.npz")["mu"], np.load("plain.png.npz")["mu"])


def test_encode_refuses_a_bomb_in_a_sentence(cli, tmp_path):
    (tmp_path / "bomb.png").write_bytes(bomb())
    code, _out, told = cli("encode", "tiny-vae", "bomb.png", "--out", "z.npz")
    assert code == 1
    assert "bomb.png: cannot be read as a picture (the picture is far too large" in told
    assert "TIFF" in told


def test_masks_of_ones_are_read_as_data_add_reads_them(cli):
    mask = np.random.default_rng(0).integers(0, 2, (8, 8), np.uint8)
    Image.fromarray(mask).save("mask.png")
    code, _out, told = cli("encode", "tiny-vae", "mask.png", "--out", "z.npz")
    assert code == 0
    assert "Range: 0:1 (values are 0 to 1)" in told
    wanted = vae.load("tiny-vae").encode(255 * mask[None, None])[0]
    np.testing.assert_allclose(np.load("z.npz")["mu"], wanted, atol=1e-5)


def test_a_range_that_starts_with_a_minus(cli):
    Image.fromarray(np.linspace(-1, 1, 64, dtype=np.float32).reshape(8, 8)).save("signed.tif")
    code, _out, told = cli("encode", "tiny-vae", "signed.tif", "--range", "-1:3", "--out", "z.npz")
    assert (code, "Range: -1:3 (as you chose; detected: -1:1)" in told) == (0, True)
