"""Data sets of one's own from pictures: what is used, what is skipped and why, and that it stays so."""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests import odd_pictures
from tests.odd_pictures import drawn, saved
from vae.data.own import rows, sources
from vae.data.own.choices import Choices, size
from vae.data.own.sources import given, of_uploads
from vae.data.own.understand import understand
from vae.errors import DataNotFound, SettingError


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))
    return tmp_path / "own"


def read(path, **choices):
    return understand(given(path), Choices(**choices))


def folder(tmp_path, n: int = 12):
    for i in range(n):
        place = tmp_path / "pictures" / odd_pictures.CLASSES[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i:02}.png").write_bytes(saved(drawn(i)))
    return tmp_path / "pictures"


# ---------------------------------------------------------------- a ZIP of a stranger


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    path = tmp_path_factory.mktemp("zip") / "stranger.zip"
    odd_pictures.write(path)
    return path


def test_every_picture_of_a_stranger_is_used_or_named(stranger):
    found = read(stranger)
    recovered, broken = odd_pictures.recoverable(), odd_pictures.broken()
    preview = found.preview
    assert len(recovered) + len(broken) == 20
    assert preview.n_train + preview.n_test == odd_pictures.PLAIN + len(recovered)
    skipped = {s.name: s.reason for s in preview.skipped}
    assert set(skipped) == set(broken)
    for name, (_, reason) in broken.items():
        assert re.search(reason, skipped[name]), (name, skipped[name])
    assert preview.shape == (1, 16, 16)
    assert preview.labels == {"disc": 140, "square": 150}
    assert found.classes == ("disc", "square")
    said = "\n".join(preview.lines())
    assert all(name in said for name in broken)
    changed = (
        "1 picture is animated",
        "2 pictures have transparent areas, which are now black",
        "more than 8 bits",
        "CMYK to RGB",
        "rotated as its EXIF",
        "cropped and resized to 16x16 px",
    )
    for what in changed:
        assert any(what in note for note in preview.notes), what
    assert any(note.startswith("3 system files were ignored") for note in preview.notes)


def test_nothing_of_an_archive_reaches_the_disk(stranger, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = set(tmp_path.parent.rglob("*"))
    read(stranger)
    assert set(tmp_path.parent.rglob("*")) == before


@pytest.mark.parametrize("name", odd_pictures.recoverable())
def test_an_odd_picture_comes_out_as_it_looks(name, tmp_path):
    (tmp_path / "p").mkdir()
    for i in range(8):
        (tmp_path / "p" / f"{i}{os.path.splitext(name)[1]}").write_bytes(odd_pictures.recoverable()[name])
    odd = read(tmp_path / "p", size=(16, 16), colour="grey").samples.x_train[0, 0].astype(float)
    plain = np.asarray(drawn(1)).astype(float)
    if "turned" in name or "large" in name:
        assert odd.max() > 120
    elif "clear" in name:
        assert odd[:3].max() == 0
        assert odd[5:11, 5:11].min() == 255
    else:
        wanted = 255.0 * (plain > 9) if "bits" in name else plain
        assert abs(odd - wanted).max() < 40  # jpeg and palettes lose a little


def test_a_picture_taken_with_a_turned_camera_stands_upright(tmp_path):
    place = folder(tmp_path)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter to the right to see it
    lower = np.zeros((16, 16), np.uint8)
    lower[:, 8:] = 255  # to the right in the file: below once it is upright
    for i in range(9):
        (place / f"t{i}.png").write_bytes(saved(Image.fromarray(lower), exif=exif))
    x = read(place).samples.x_train[:, 0]
    flat = [p for p in x if p[:7].max() == 0 and p[9:].min() == 255]
    assert len(flat) >= 7


@pytest.mark.parametrize(("ground", "level"), [("black", 0), ("white", 255)])
def test_what_is_transparent_shows_the_ground(tmp_path, ground, level):
    (tmp_path / "p").mkdir()
    for i in range(8):
        (tmp_path / "p" / f"{i}.png").write_bytes(saved(Image.new("RGBA", (8, 8), (99, 99, 99, 0))))
    assert (read(tmp_path / "p", ground=ground).samples.x_train == level).all()


# ---------------------------------------------------------------- choices


def test_colour_is_kept_where_there_is_any_and_dropped_on_request(tmp_path):
    place = folder(tmp_path)
    assert read(place).preview.shape == (1, 16, 16)
    assert read(place, colour="colour").preview.shape == (3, 16, 16)
    (place / "red.png").write_bytes(saved(Image.new("RGB", (16, 16), (200, 10, 10))))
    assert read(place).preview.shape == (3, 16, 16)
    assert read(place, colour="grey").preview.shape == (1, 16, 16)


@pytest.mark.parametrize(("fit", "columns"), [("crop", (4, 12)), ("whole", (0, 8)), ("stretch", (0, 8))])
def test_crop_pad_and_stretch(tmp_path, fit, columns):
    wide = np.zeros((8, 16), np.uint8)
    wide[:, 4:12] = 255
    (tmp_path / "p").mkdir()
    for i in range(8):
        (tmp_path / "p" / f"{i}.png").write_bytes(saved(Image.fromarray(wide)))
    x = read(tmp_path / "p", size=(8, 8), fit=fit).samples.x_train[0, 0]
    if fit == "crop":
        assert x.min() == 255
    elif fit == "whole":
        assert (x[:2] == 0).all()
        assert (x[-2:] == 0).all()
        assert x[4, 4] == 255
    else:
        assert (x[:, 3:5] == 255).all()
        assert (x[:, 0] == 0).all()


def test_sizes_that_differ_get_one_that_suits_them(tmp_path):
    (tmp_path / "p").mkdir()
    for i in range(9):
        (tmp_path / "p" / f"{i}.png").write_bytes(saved(drawn(i, 200 + 10 * i)))
    preview = read(tmp_path / "p").preview
    assert preview.shape == (1, 64, 64)
    assert any("200x200 to 280x280 px are resized to 64x64" in note for note in preview.notes)


def masks(folder, high: int, bright: int | None = None):
    """Ten pictures of 8 bits with values from 0 to high; the last has the value bright."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for i in range(10):
        pixels = random.integers(0, high + 1, (16, 16), np.uint8)
        pixels[0, 0] = high
        if bright and i == 9:
            pixels[0, 0] = bright
        Image.fromarray(pixels).save(folder / f"{i}.png")
    return folder


def test_masks_of_ones_are_black_and_white(tmp_path):
    found = read(masks(tmp_path / "masks", 1))
    assert np.unique(found.samples.x_train).tolist() == [0, 255]
    assert [(d.name, d.value) for d in found.preview.decisions] == [("range", "0:1")]
    assert np.unique(read(tmp_path / "masks", range="0:255").samples.x_train).tolist() == [0, 1]


def test_dark_pictures_ask_for_their_range_and_bright_ones_obey_one(tmp_path, monkeypatch):
    dark = masks(tmp_path / "dark", 20)
    (decision,) = read(dark).preview.decisions
    assert (decision.value, "0:20" in decision.options) == ("0:255", True)
    assert read(dark, range="0:20").preview.high == 255
    bright = masks(tmp_path / "bright", 20, 255)
    assert read(bright).preview.decisions == ()
    assert read(bright, range="0:40").preview.decisions[0].value == "0:40"
    monkeypatch.setattr("vae.data.own.images.SIZED", 2)  # the bright picture is not among the first that are opened
    assert read(bright).preview.decisions == ()


@pytest.mark.parametrize("text", ["", "x", "8x8x8", "-3x4", "1.5"])
def test_a_size_that_is_none_is_refused(text):
    with pytest.raises(SettingError, match="expected HxW"):
        size(text)


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ({"kind": "sound"}, "vector"), ({"fit": "tile"}, "crop"), ({"colour": "red"}, "grey"),
        ({"ground": "pink"}, "white"), ({"size": (1, 8)}, "2 to"), ({"test_share": 0.0}, "more than 0"),
        ({"window": 1}, "2 to"), ({"stride": -1}, "1 to"), ({"seed": -1}, "0 to"),
    ],
)  # fmt: skip
def test_choices_are_checked(tmp_path, bad, word):
    with pytest.raises(SettingError, match=word):
        read(folder(tmp_path), **bad)


def test_the_folders_of_a_split_are_its_split(tmp_path):
    for i in range(20):
        place = tmp_path / "p" / "set" / ("Train" if i < 14 else "test") / odd_pictures.CLASSES[i % 2]
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{i}.png").write_bytes(saved(drawn(i)))
    found = read(tmp_path / "p")
    assert (found.preview.n_train, found.preview.n_test) == (14, 6)
    assert found.classes == ("disc", "square")


def test_the_split_has_every_class_on_both_sides_and_follows_its_seed(tmp_path):
    place = folder(tmp_path, 60)
    one, same, other = (read(place, seed=seed).samples for seed in (0, 0, 1))
    assert np.bincount(one.y_test).tolist() == [3, 3]
    np.testing.assert_array_equal(one.x_test, same.x_test)
    assert (one.x_test != other.x_test).any()
    assert not {x.tobytes() for x in one.x_train} & {x.tobytes() for x in one.x_test}


# ---------------------------------------------------------------- bounds


def test_a_zip_bomb_is_refused_unopened(tmp_path):
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("zeros.bmp", bytes(70 * 2**20))
    with pytest.raises(SettingError, match="decompression bomb"):
        given(path)


def test_more_files_than_allowed_and_more_bytes(tmp_path, monkeypatch):
    place = folder(tmp_path)
    monkeypatch.setattr(sources, "FILES_MAX", 11)
    with pytest.raises(SettingError, match="more than 11 files"):
        given(place)
    monkeypatch.setattr(sources, "FILES_MAX", 100)
    monkeypatch.setattr(sources, "TOTAL_BYTES_MAX", 500)
    with pytest.raises(SettingError, match=r"unpacks to .*; the limit is 500 bytes"):
        given(place)
    monkeypatch.setattr(sources, "TOTAL_BYTES_MAX", 10**6)
    monkeypatch.setattr(rows, "BYTES_MAX", 1000)
    with pytest.raises(SettingError, match="Choose a smaller size"):
        read(place)


def test_links_out_of_a_folder_are_not_followed(tmp_path):
    place = folder(tmp_path)
    secret = tmp_path / "secret.png"
    secret.write_bytes(saved(drawn(99)))
    (place / "link.png").symlink_to(secret)
    (place / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(place / "pipe.png")
    skipped = {s.name: s.reason for s in read(place).preview.skipped}
    assert set(skipped) == {"link.png", "elsewhere", "pipe.png"}
    assert stat.S_ISFIFO((place / "pipe.png").stat().st_mode)


def test_an_archive_that_lies_about_a_size_is_not_believed(tmp_path):
    path = tmp_path / "liar.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for i in range(9):
            z.writestr(f"{i}.png", saved(drawn(i)))
        z.writestr("liar.png", saved(drawn(9)))
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\x01\x02")  # the last entry of the directory
    data[at + 24 : at + 28] = (20).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    preview = read(path).preview
    assert [s.name for s in preview.skipped] == ["liar.png"]


@pytest.mark.parametrize("name", ["none.zip", "words.zip"])
def test_what_is_not_there_or_no_zip(tmp_path, name):
    (tmp_path / "words.zip").write_bytes(b"words")
    with pytest.raises((DataNotFound, SettingError), match=name):
        given(tmp_path / name)


def test_nothing_to_read_says_what_was_found(tmp_path):
    (tmp_path / "p").mkdir()
    with pytest.raises(SettingError, match="p: contains no file"):
        given(tmp_path / "p")
    (tmp_path / "p" / "notes.doc").write_bytes(b"words")
    (tmp_path / "p" / "more.doc").write_bytes(b"words")
    with pytest.raises(SettingError, match=r"none of its 2 files.*more.doc: not a picture \(.doc\).*PNG.*\.csv.*\.npz"):
        read(tmp_path / "p")
    with pytest.raises(SettingError, match="expected at least 8"):
        read(folder(tmp_path, 7))


def test_uploads_are_files_by_their_last_name_alone():
    found = of_uploads([(f"../../{i}.png", len(d), io.BytesIO(d)) for i, d in ((i, saved(drawn(i))) for i in range(9))])
    assert [f.name for f in found.files] == [f"{i}.png" for i in range(9)]
    assert understand(found, Choices()).preview.n_train == 8
