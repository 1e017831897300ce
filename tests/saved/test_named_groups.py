"""Saved groups of samples: what is kept comes back, and a file that is not ours is never replaced."""

from __future__ import annotations

import pytest

from vae.errors import CheckpointError, SettingError, UnknownName
from vae.saved import named_groups
from vae.saved.named_groups import MOST, Group

CARD = {"name": "a-vae", "files": {"model.safetensors": "ab" * 32}}


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


def test_groups_come_back_are_replaced_and_deleted():
    assert named_groups.load(CARD) == ()
    named_groups.save(CARD, " odd\n ones ", [7, 3, 3])
    named_groups.save(CARD, "even", [2])
    named_groups.save(CARD, "odd ones", [5])
    assert named_groups.load(CARD) == (Group("even", (2,)), Group("odd ones", (5,)))
    assert named_groups.load(CARD | {"name": "renamed"}), "they belong to the parameters"
    assert named_groups.load({"name": "a-vae", "files": {"model.safetensors": "cd" * 32}}) == ()
    named_groups.delete(CARD, "even")
    with pytest.raises(UnknownName, match="odd ones"):
        named_groups.delete(CARD, "even")


def test_a_group_is_renamed_unless_the_name_is_taken():
    named_groups.save(CARD, "odd", [3])
    named_groups.save(CARD, "even", [2])
    named_groups.rename(CARD, "odd", "prime")
    assert named_groups.load(CARD) == (Group("prime", (3,)), Group("even", (2,)))
    with pytest.raises(SettingError, match="already is a group 'even'"):
        named_groups.rename(CARD, "prime", "even")
    with pytest.raises(UnknownName, match="prime"):
        named_groups.rename(CARD, "odd", "new")


def test_what_is_not_a_group_is_refused():
    for name, samples in (("", [1]), ("x" * 61, [1]), ("empty", [])):
        with pytest.raises(SettingError):
            named_groups.save(CARD, name, samples)
    for i in range(MOST):
        named_groups.save(CARD, str(i), [i])
    with pytest.raises(SettingError, match="delete some first"):
        named_groups.save(CARD, "one more", [1])
    named_groups.save(CARD, "7", [8])


def test_a_file_that_is_not_ours_is_left_alone():
    path = named_groups.file_of(CARD)
    path.parent.mkdir()
    path.write_text('{"format": 9}')
    for act in (lambda: named_groups.load(CARD), lambda: named_groups.save(CARD, "a", [1])):
        with pytest.raises(CheckpointError, match="not a file of saved groups"):
            act()
    assert path.read_text() == '{"format": 9}'
