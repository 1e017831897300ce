"""Your data and Keep and share, run for real without a browser: what they show, keep, refuse and undo."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.live import rights
from tests import odd_pictures
from tests.app.views.test_views import OF_THE_MODEL, opened, state, words
from vae.data.own import shelf
from vae.data.own.choices import Choices
from vae.data.own.sources import given
from vae.data.own.understand import understand
from vae.errors import SaveError
from vae.library import manage, user_data
from vae.runs import starting
from vae.saved import checkpoint
from vae.training.plan import Plan


@pytest.fixture
def root(tiny_root, tmp_path, monkeypatch) -> Path:
    """Two models that may be changed, and no data sets of one's own."""
    for name in ("tiny-vae", "tiny-ae"):
        shutil.copytree(tiny_root / name, tmp_path / "checkpoints" / name)
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))
    return tmp_path


def your_data() -> AppTest:
    def page():
        import streamlit as st

        from app.panels.train import own_data

        chosen = own_data.show(st.container())
        st.text(f"added: {chosen.taken}, previewed: {chosen.previewed}")

    return AppTest.from_function(page, default_timeout=60).run()


def test_a_zip_is_looked_at_then_kept(root):
    odd_pictures.write(root / "my pictures.zip")
    at = your_data()
    assert at.text[-1].value == "added: None, previewed: False"
    at.text_input(key="own.path.0").set_value(str(root / "my pictures.zip")).run()
    assert not at.exception
    said = words(at)
    assert "290 samples** of 1×16×16" in said
    assert "Skipped files (10)" in said
    listed = dict(entry.split(":\n") for entry in at.text[0].value.split("\n\n"))
    assert set(listed) == set(odd_pictures.broken())
    assert all(listed.values())
    assert at.dataframe[0].value.to_dict("list") == {"label": ["disc", "square"], "samples": [140, 150]}
    assert shelf.names() == []  # only looked at
    assert at.text[-1].value == "added: None, previewed: True"
    at.text_input(key="own.size").set_value("8x8").run()
    assert "of 1×8×8" in words(at)
    at.button(key="own.add").click().run()
    assert at.text[-1].value == "added: my_pictures, previewed: False"
    assert shelf.shelved()["my_pictures"].shape == (1, 8, 8)
    at = your_data()
    at.button(key="own.remove.my_pictures").click().run()
    assert shelf.names() == []


def test_decisions_stand_in_the_preview_and_are_changed_there(root):
    table = root / "t.csv"
    table.write_text("a,b,kind,label\n" + "".join(f"{i}.5,{i * i},{'xyz'[i % 3]},{'pq'[i % 2]}\n" for i in range(30)))
    at = your_data()
    at.text_input(key="own.path.0").set_value(str(table)).run()
    labels = at.selectbox(key="own.decided.labels")
    assert (labels.value, labels.options) == ("label", ["a", "b", "kind", "label (detected)", "none"])
    labels.select("kind").run()
    assert not at.exception
    assert at.selectbox(key="own.decided.labels").value == "kind"
    assert at.dataframe[0].value.to_dict("list") == {"label": ["x", "y", "z"], "samples": [10, 10, 10]}
    at.selectbox(key="own.decided.labels").select("label").run()
    assert at.dataframe[0].value.to_dict("list") == {"label": ["p", "q"], "samples": [15, 15]}
    at.selectbox(key="own.decided.labels").select("none").run()
    assert "There are no labels." in words(at)
    other = root / "other.csv"
    other.write_text(table.read_text())
    at.text_input(key="own.path.0").set_value(str(other)).run()  # a choice is for the files it was made for
    assert at.selectbox(key="own.decided.labels").value == "label"


@pytest.mark.parametrize(
    ("name", "text", "question", "value", "said", "chosen", "then"),
    [
        ("t.csv", "a;b\n" + "".join(f"{i};{1 + i % 9},234\n" for i in range(40)), "decimal", "comma", "values 0 to 39",
         "point", "values 0 to 9234"),
        ("t.csv", "1,5\n2,6\n" * 20, "header", "no", "40 samples", "yes", "39 samples"),
        ("t.csv", "größe,label\n" + "1,ä\n2,ö\n" * 20, "encoding", "utf-8", "Columns: größe",
         "cp1252", "Columns: grÃ¶ÃŸe"),
        ("t.csv", ",".join(f"t{i}" for i in range(30)) + "\n" + (",".join(["1", "2"] * 15) + "\n") * 40, "rows",
         "sample", "of 30 values", "series", "of 1×30 channels"),
    ],
)  # fmt: skip
def test_a_table_is_read_as_chosen(root, name, text, question, value, said, chosen, then):
    (root / name).write_text(text)
    at = your_data()
    at.text_input(key="own.path.0").set_value(str(root / name)).run()
    field = at.selectbox(key=f"own.decided.{question}")
    assert field.value == value
    assert said in words(at)
    field.select(chosen).run()
    assert not at.exception
    assert then in words(at)


def test_a_choice_that_does_not_fit_is_told_and_taken_back(root):
    (root / "t.csv").write_text("größe,b\n" + "1,2\n" * 40)
    at = your_data()
    at.text_input(key="own.path.0").set_value(str(root / "t.csv")).run()
    at.selectbox(key="own.decided.encoding").select("utf-16-be").run()
    assert at.error
    at.selectbox(key="own.decided.encoding").select("utf-8").run()
    assert not at.error
    assert "40 samples" in words(at)


def test_what_cannot_be_read_is_told(root):
    at = your_data()
    at.text_input(key="own.path.0").set_value(str(root / "none.zip")).run()
    assert "no such file or folder" in at.error[0].value
    odd_pictures.write(root / "digits.zip")
    at.text_input(key="own.path.0").set_value(str(root / "digits.zip")).run()
    at.text_input(key="own.name.digits.zip.0").set_value("digits").run()
    at.button(key="own.add").click().run()
    assert "is a built-in data set" in at.error[0].value
    assert shelf.names() == []


def test_a_model_is_annotated_renamed_and_deleted_on_its_page(root):
    at = opened("model", model="tiny-vae")
    at.text_area(key="keep.note.tiny-vae").set_value("a good one").run()
    assert [toast.value for toast in at.toast] == ["Note saved."]
    assert checkpoint.read(checkpoint.find("tiny-vae")).config["note"] == "a good one"
    at.text_input(key="keep.new.tiny-vae").set_value("kept").run()
    at.button(key="keep.rename").click().run()
    assert not at.exception
    assert state(at).model == "kept"
    assert set(checkpoint.checkpoints()) == {"kept", "tiny-ae"}
    at.button(key="keep.delete.kept").click().run()
    assert not at.exception
    assert set(checkpoint.checkpoints()) == {"tiny-ae"}
    assert state(at).model == "tiny-ae"
    assert {warning.icon for warning in at.warning} <= OF_THE_MODEL


def test_a_note_that_could_not_be_written_is_not_told_as_kept(root, monkeypatch):
    def full(name: str, text: str) -> None:
        raise SaveError("no room")

    monkeypatch.setattr(manage, "annotate", full)
    at = opened("model", model="tiny-vae")
    at.text_area(key="keep.note.tiny-vae").set_value("a good one").run()
    assert [error.value for error in at.error] == ["no room"]
    at.run()
    assert not at.toast


def test_what_a_run_needs_stays_and_the_page_says_which(root):
    odd_pictures.write(root / "mine.zip")
    user_data.add("mine", understand(given(root / "mine.zip"), Choices()))
    run = starting.start(Plan("vae", "mine", {"net": "mlp"}, 3, name="mine-vae"), work=False)
    at = your_data()
    at.button(key="own.remove.mine").click().run()
    assert not at.exception
    assert f"run {run.id} trains on it and is queued" in at.error[0].value
    assert shelf.names() == ["mine"]
    saved = checkpoint.read(checkpoint.find("tiny-ae"))
    checkpoint.save(checkpoint.root() / "mine-vae", saved.config | {"name": "mine-vae"}, saved.files)  # as its trainer
    at = opened("model", model="mine-vae")
    at.button(key="keep.delete.mine-vae").click().run()
    assert f"run {run.id} trains it and is queued" in at.error[0].value
    assert "mine-vae" in checkpoint.checkpoints()


@pytest.mark.parametrize("public", ["explore", "train"])
def test_visitors_change_nothing_and_read_no_path(root, monkeypatch, public):
    monkeypatch.setenv(rights.PUBLIC, public)
    at = opened("model", model="tiny-vae")
    assert not at.exception
    assert not at.text_area
    assert str(root) not in words(at)
    data = your_data()
    assert data.text_input(key="own.path.0").disabled
