"""Data of one's own on the Train page: once added, it is chosen, with a preset for a first look."""

from __future__ import annotations

import numpy as np

from tests import odd_pictures
from tests.app.views.test_views import opened, words
from vae.data.own import shelf
from vae.data.own.choices import Choices
from vae.data.own.sources import given
from vae.data.own.understand import understand
from vae.library import user_data


def test_added_data_is_chosen_for_a_quick_run(tiny_checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))
    odd_pictures.write(tmp_path / "mine.zip")
    at = opened("train")
    at.text_input(key="own.path.0").set_value(str(tmp_path / "mine.zip")).run()
    at.button(key="own.add").click().run()
    assert not at.exception
    assert at.selectbox(key="train.data").value.name == "mine"
    assert at.session_state["train.preset"] == "quick"
    commands = [str(code.value) for code in at.code]
    assert any("--set net=pca_mlp" in command and " mine " in command for command in commands), commands


def previewed(tmp_path, monkeypatch, name: str = "mine.zip"):
    """The Train page with a file in its preview."""
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))
    path = tmp_path / name
    if not path.exists():
        odd_pictures.write(path)
    at = opened("train")
    return at.text_input(key="own.path.0").set_value(str(path)).run()


def test_nothing_starts_while_files_are_previewed(tiny_checkpoint, tmp_path, monkeypatch):
    at = previewed(tmp_path, monkeypatch)
    assert at.button(key="train.start").disabled
    assert "not a data set yet" in words(at)
    at.button(key="own.add").click().run()
    assert not at.button(key="train.start").disabled
    assert "not a data set yet" not in words(at)


def test_the_same_samples_again_offer_the_data_set_that_is_stored(tiny_checkpoint, tmp_path, monkeypatch):
    previewed(tmp_path, monkeypatch).button(key="own.add").click().run()
    at = previewed(tmp_path, monkeypatch)
    assert "You have these samples already, as data set **mine**." in words(at)
    assert at.text_input(key="own.name.mine.zip.0").value == "mine_2"
    at.button(key="own.use").click().run()
    assert not at.exception
    assert at.selectbox(key="train.data").value.name == "mine"
    assert at.session_state["train.preset"] == "quick"
    assert shelf.names() == ["mine"]


def test_a_name_that_is_taken_is_said_beside_the_one_proposed(tiny_checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "mine.npz", x=rng.integers(0, 256, (30, 9, 9), dtype=np.uint8))
    user_data.add("mine", understand(given(str(tmp_path / "mine.npz")), Choices()))
    at = previewed(tmp_path, monkeypatch)
    assert "There is a data set **mine** already, built in or yours, with other samples" in words(at)
    assert at.text_input(key="own.name.mine.zip.0").value == "mine_2"
