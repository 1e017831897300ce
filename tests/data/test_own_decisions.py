"""What had to be decided to read files: told, chosen otherwise by a flag or a field, and refused where it cannot be."""

from __future__ import annotations

from dataclasses import fields

import pytest

from vae.__main__ import main
from vae.data.own import shelf
from vae.data.own.choices import Choices
from vae.data.own.decisions import Decision, decide, undecided
from vae.errors import SettingError
from vae.settings import QUESTIONS


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))


def test_every_question_is_a_field_that_is_empty_until_chosen():
    defaults = {f.name: f.default for f in fields(Choices)}
    assert {name: defaults.get(name) for name in QUESTIONS} == dict.fromkeys(QUESTIONS, "")
    assert [d.name for d in undecided()] == [name for name, q in QUESTIONS.items() if q.words]


def test_a_guess_is_taken_until_another_value_is_chosen():
    made: list[Decision] = []
    assert decide(made, Choices(), "decimal", "comma", "cells such as 0,5") == "comma"
    assert decide(made, Choices(decimal="point"), "decimal", "comma", "cells such as 0,5") == "point"
    first, second = made
    assert (first.value, first.guess, first.options) == ("comma", "comma", ("point", "comma"))
    assert (second.value, second.guess) == ("point", "comma")
    assert first.line() == "Decimal sign: comma (cells such as 0,5); to change it: --decimal point"
    assert second.line() == "Decimal sign: point (as you chose; detected: comma); to change it: --decimal comma"


def test_values_that_cannot_be_chosen_are_refused_with_those_that_can():
    with pytest.raises(SettingError, match=r"unknown decimal sign 'dot'.*comma, point"):
        Choices(decimal="dot").check()
    with pytest.raises(SettingError, match=r"unknown labels 'c'.*a, b"):
        decide([], Choices(labels="c"), "labels", "a", "", options=["a", "b"])


def test_decisions_are_printed_changed_by_flags_and_stored(tmp_path, capsys):
    path = tmp_path / "t.csv"
    path.write_text("a,b,kind,label\n" + "".join(f"{i}.5,{i * i},{'xyz'[i % 3]},{'pq'[i % 2]}\n" for i in range(30)))
    assert main(["data", "add", "mine", str(path), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "decided: Labels: label (the name of the column says so); to change it: --labels a|b|kind|none" in said
    assert main(["data", "add", "mine", str(path), "--labels", "kind"]) == 0
    assert "labels: x (10), y (10), z (10)" in capsys.readouterr().out
    stored = {d["name"]: d["value"] for d in shelf.describe("mine")["decisions"]}
    assert (stored["labels"], stored["metadata"]) == ("kind", "yes")
    assert main(["data", "show", "mine"]) == 0
    assert "decided: Labels: kind (as you chose; detected: label)" in capsys.readouterr().out
    assert main(["data", "add", "mine", str(path), "--labels", "none", "--dry-run", "--overwrite"]) == 0
    assert "labels: none" in capsys.readouterr().out
