"""Saved directions: what is kept comes back, nobody's work is lost, and a file that is not ours is never replaced."""

from __future__ import annotations

import json
import os
import threading

import numpy as np
import pytest

from vae.errors import CheckpointError, SaveError, SettingError, ShapeError, UnknownName
from vae.saved import directions
from vae.saved.directions import MOST, Named

CARD = {"name": "a-vae", "files": {"model.safetensors": "ab" * 32}}


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


def names(card=CARD) -> list[str]:
    return [one.name for one in directions.load(card)]


def test_what_is_saved_comes_back():
    assert directions.load(CARD) == ()
    one = Named("sleeves", (0.25, -1.5e-3, 3.0), "Shirt - T-shirt", 0.7)
    directions.save(CARD, one)
    directions.save(CARD, Named("  höher,\n wärmer ", (1.0, 2.0, 3.0)))
    assert directions.load(CARD) == (one, Named("höher, wärmer", (1.0, 2.0, 3.0), "", 1.0))
    random = np.random.default_rng(0).normal(size=3).astype(np.float32)
    directions.save(CARD, Named("random", tuple(map(float, random))))
    assert np.array_equal(np.float32(directions.load(CARD)[2].u), random)


def test_the_same_name_is_replaced_and_renaming_keeps_the_place():
    for name in ("a", "b", "c"):
        directions.save(CARD, Named(name, (1.0,)))
    directions.save(CARD, Named("c", (2.0,)))
    directions.rename(CARD, "a", "z")
    assert names() == ["z", "b", "c"]
    assert directions.load(CARD)[2].u == (2.0,)
    with pytest.raises(SettingError, match="already is a direction 'b'"):
        directions.rename(CARD, "z", "b")
    directions.delete(CARD, "b")
    assert names() == ["z", "c"]
    for act in (lambda: directions.delete(CARD, "b"), lambda: directions.rename(CARD, "b", "q")):
        with pytest.raises(UnknownName, match="Known: c, z"):
            act()


def test_directions_belong_to_the_parameters_of_a_model():
    directions.save(CARD, Named("a", (1.0,)))
    assert names(CARD | {"name": "renamed"}) == ["a"]
    assert names({"name": "a-vae", "files": {"model.safetensors": "cd" * 32}}) == []


def test_tabs_that_save_at_once_lose_nothing():
    def tab(i: int) -> None:
        for k in range(5):
            directions.save(CARD, Named(f"{i} {k}", (float(i), float(k))))

    tabs = [threading.Thread(target=tab, args=(i,)) for i in range(6)]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join()
    assert sorted(names()) == sorted(f"{i} {k}" for i in range(6) for k in range(5))


def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_lost(monkeypatch):
    directions.save(CARD, Named("a", (1.0,)))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SaveError, match="the disk is full"):
        directions.save(CARD, Named("b", (1.0,)))
    assert names() == ["a"]
    assert not list(directions.file_of(CARD).parent.glob("*.partial*"))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": 2, "directions": []}', '{"format": 1, "directions": [{"name": "a"}]}', "\ud800"]
)
def test_a_file_that_is_not_ours_is_named_and_never_replaced(text):
    path = directions.file_of(CARD)
    path.parent.mkdir()
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    before = path.read_bytes()
    for act in (lambda: directions.load(CARD), lambda: directions.save(CARD, Named("a", (1.0,)))):
        with pytest.raises(CheckpointError, match=path.name):
            act()
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (Named("", (1.0,)), "1 to 60 printable characters"),
        (Named("x" * 61, (1.0,)), "1 to 60 printable characters"),
        (Named("a\x00b", (1.0,)), "1 to 60 printable characters"),
        (Named("a", (float("nan"),)), "NaN"),
        (Named("a", ()), "direction 'a'"),
        (Named("a", (1.0,), strength=float("inf")), "strength inf"),
    ],
)
def test_what_cannot_be_kept_is_refused(bad, said):
    with pytest.raises((SettingError, ShapeError), match=said):
        directions.save(CARD, bad)
    assert not directions.file_of(CARD).exists()


def test_there_is_a_bound():
    path = directions.file_of(CARD)
    path.parent.mkdir()
    many = [{"name": str(i), "u": [1.0], "source": "", "strength": 1.0} for i in range(MOST)]
    path.write_text(json.dumps({"format": 1, "directions": many}))
    with pytest.raises(SettingError, match="delete some"):
        directions.save(CARD, Named("one more", (1.0,)))
    directions.save(CARD, Named("7", (2.0,)))
    assert len(names()) == MOST
