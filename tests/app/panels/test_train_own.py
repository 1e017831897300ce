"""Data of one's own on the Train page: once added, it is chosen, with a preset for a first look."""

from __future__ import annotations

from tests import odd_pictures
from tests.app.views.test_views import opened


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
