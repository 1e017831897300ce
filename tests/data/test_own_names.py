"""Names of files: of ZIPs that do not tell their encoding, and with accents of two characters."""

from __future__ import annotations

import struct
import unicodedata
import zlib

import numpy as np
import pytest

from tests.data.test_own_pictures import read
from tests.odd_pictures import drawn, saved
from vae.errors import SettingError

WORDS = {
    "utf-8": ["größe", "кошки", "猫"], "cp437": ["größe", "Ärger", "señor"], "cp1252": ["größe", "Ärger", "été"],
    "cp866": ["кошки", "Собаки"], "cp1251": ["кошки", "Собаки", "КОШКИ"], "cp932": ["ネコ", "りんご", "日本語"],
    "gbk": ["苹果", "汉字", "北京"],
}  # fmt: skip


def raw_zip(path, names: list[bytes]):
    """A ZIP of pictures with these names as they are, and without the UTF-8 flag."""
    out, central = b"", b""
    for i, name in enumerate(names):
        data = saved(drawn(i))
        head = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 33, zlib.crc32(data), len(data), len(data), len(name), 0)
        central += b"PK\1\2" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, len(out)) + name
        out += b"PK\3\4" + head + name + data
    end = struct.pack("<HHHHIIH", 0, 0, len(names), len(names), len(central), len(out), 0)
    path.write_bytes(out + central + b"PK\5\6" + end)
    return path


@pytest.mark.parametrize(("encoding", "word"), [(e, w) for e, words in WORDS.items() for w in words])
def test_names_without_the_flag_are_those_that_were_meant(tmp_path, encoding, word):
    names = [f"{(word, 'plain')[i % 2]}/{i}.png".encode(encoding) for i in range(12)]
    found = read(raw_zip(tmp_path / "a.zip", names))
    assert found.preview.labels == {"plain": 6, word: 6}
    (decision,) = [d for d in found.preview.decisions if d.name == "zip_names"]
    assert word.encode(encoding).decode(decision.value) == word


def test_another_encoding_can_be_chosen(tmp_path):
    path = raw_zip(tmp_path / "a.zip", [f"{('größe', 'b')[i % 2]}/{i}.png".encode("cp1252") for i in range(12)])
    assert set(read(path).classes) == {"größe", "b"}
    assert set(read(path, zip_names="cp1251").classes) == {"grцЯe", "b"}
    with pytest.raises(SettingError, match="unknown zip names 'latin'"):
        read(path, zip_names="latin")


def test_plain_names_are_no_question(tmp_path):
    path = raw_zip(tmp_path / "a.zip", [f"{i % 2}/{i}.png".encode() for i in range(12)])
    assert not read(path).preview.decisions


def test_a_path_out_of_the_archive_is_seen_in_its_own_encoding(tmp_path):
    names = [f"日本語表/{i}.png".encode("cp932") for i in range(12)]  # the second byte of that letter is a backslash
    found = read(raw_zip(tmp_path / "a.zip", [*names, "../日本語表.png".encode("cp932")]), zip_names="cp932")
    assert found.preview.n_train + found.preview.n_test == 12
    assert [s.reason for s in found.preview.skipped] == ["its path leads outside the archive"]


@pytest.mark.parametrize("packed", [False, True])
def test_composed_and_decomposed_accents_are_one_label(tmp_path, packed):
    names = [f"{unicodedata.normalize(('NFC', 'NFD')[i % 2], ('größe', 'käse')[i // 6])}/{i}.png" for i in range(12)]
    if packed:
        path = raw_zip(tmp_path / "a.zip", [name.encode() for name in names])
    else:
        path = tmp_path / "p"
        for i, name in enumerate(names):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            (path / name).write_bytes(saved(drawn(i)))
    assert read(path).preview.labels == {"größe": 6, "käse": 6}


def test_labels_of_an_array_are_composed(tmp_path):
    y = np.array([unicodedata.normalize(("NFC", "NFD")[i % 2], ("é", "à")[i // 10]) for i in range(20)])
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).normal(size=(20, 3)), y=y)
    assert read(tmp_path / "a.npz").preview.labels == {"à": 10, "é": 10}


def test_bytes_of_no_encoding_are_still_a_name():
    from vae.data.own import zip_names

    assert zip_names.possible([b"\xff\x81\xfe"])
    assert zip_names.guessed([b"\xff\x81\xfe"]) in zip_names.possible([b"\xff\x81\xfe"])
