"""A training uses the edits of its data set, its card repeats them, and what is edited later does not change it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import vae
from vae.commands import training as command
from vae.data import edit_list
from vae.data.as_evaluated import of_card
from vae.data.edits import DROP, LABEL, TEST, Change
from vae.data.validation import as_trained
from vae.errors import SettingError
from vae.registry import DATASETS
from vae.training import experiment
from vae.training.plan import Plan

PLAN = Plan("vae", "digits", {"net": "mlp", "width": "32", "d": "2"}, epochs=1, name="edited", device="cpu", points=300)
CHANGES = [Change(DROP, (1, 5, 9)), Change(LABEL, (2, 3), "other", ("2", "3")), Change(DROP, (0,), split=TEST)]


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))


def train(plan: Plan, **how) -> list[str]:
    """What is reported."""
    said: list[str] = []
    for _event in experiment.train(plan, report=said.append, **how):
        pass
    return said


def test_a_training_uses_the_edits_and_goes_on_with_those_that_it_began_with():
    place = edit_list.place_of(DATASETS.get("digits"))
    edit_list.add(place, CHANGES)
    said = train(PLAN)
    assert any("trains on 1,434 of 1,437, 3 dropped, 2 relabelled. 1 test sample" in one for one in said)
    model = vae.load("edited")
    card = model.card
    assert (card["edits"]["dropped"], card["edits"]["relabelled"], card["edits"]["test"]) == (3, 2, 1)
    assert card["classes"] == [*map(str, range(10)), "other"]
    assert card["spec"]["n_classes"] == 11
    assert card["spec"]["n_data"] + card["validation"]["n"] == 1434
    assert card["metrics"]["n_test"] == 359
    assert not {1, 5, 9} & set(model.atlas.index.tolist())
    edit_list.clear(place)
    samples = as_trained(of_card(card), card)
    assert len(samples.x_train) == card["spec"]["n_data"]
    assert len(samples.x_test) == 359
    both = np.concatenate([samples.rows_train, samples.rows_validation])
    labels = np.concatenate([samples.y_train, samples.y_validation])
    assert labels[np.isin(both, [2, 3])].tolist() == [10, 10]

    more = dataclasses.replace(PLAN, epochs=2)
    with pytest.raises(SettingError, match="without the edits"):
        train(dataclasses.replace(more, edits=False), resume=True)
    train(more, resume=True)
    assert vae.load("edited").card["edits"] == card["edits"]


def test_a_training_may_do_without_the_edits_and_its_command_says_so():
    edit_list.add(edit_list.place_of(DATASETS.get("digits")), CHANGES)
    plain = dataclasses.replace(PLAN, edits=False)
    assert plain.command().endswith("--without-edits")
    assert "--without-edits" not in PLAN.command()
    assert not any("dropped" in one for one in train(plain))
    card = vae.load("edited").card
    assert "edits" not in card
    assert card["metrics"]["n_test"] == 360
    assert len(card["classes"]) == 10
    from vae.__main__ import parser

    told = parser().parse_args(["train", "vae", "digits", "--without-edits"])
    assert not command.plan_of(told).edits
    assert command.plan_of(parser().parse_args(["train", "vae", "digits"])).edits
