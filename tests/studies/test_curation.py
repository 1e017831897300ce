"""The edits of a model's samples: where they are stored, and what its map shows of them."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

import vae
from vae.data import edit_list
from vae.data.edits import DROP, LABEL, Change, come_to
from vae.errors import SettingError, UnknownName
from vae.studies import curation, groups


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path))
    return tmp_path


@pytest.fixture
def model(tiny_checkpoint):
    return vae.load("tiny-vae")


def stored(model, *changes: Change) -> None:
    edit_list.add(curation.place(model.card), changes)


def test_the_map_shows_new_labels_and_which_samples_are_dropped(model, own):
    atlas = model.atlas
    assert curation.shown(model).classes == atlas.classes
    change = curation.relabel(model, [3, 9], "other")
    assert change.samples == tuple(sorted(atlas.index[[3, 9]].tolist()))
    assert change.old == tuple(atlas.classes[atlas.labels[np.flatnonzero(atlas.index == i)[0]]] for i in change.samples)
    stored(model, change, Change(DROP, curation.numbers(atlas, [5])))
    now = curation.shown(model)
    assert now.classes == (*atlas.classes, "other")
    assert np.flatnonzero(now.labels != atlas.labels).tolist() == [3, 9]
    assert now.labels[[3, 9]].tolist() == [10, 10]
    assert np.flatnonzero(now.dropped).tolist() == [5]
    found = groups.describe(model, [3, 9, 5], now)
    assert ("other", 2, 2) in found.classes
    assert curation.relabel(model, [3], "other") is None
    assert curation.relabel(model, [3, 4], "other").samples == (int(atlas.index[4]),)
    assert (own / ".edits" / "digits.json").is_file(), "with the data set, and not with the model"


def test_a_label_that_a_model_was_trained_with_is_shown_as_it_was_once_it_is_taken_back(model):
    sample, own_label = int(model.atlas.index[7]), model.atlas.classes[model.atlas.labels[7]]
    edits = come_to([Change(LABEL, (sample,), "other", (own_label,))])
    labels = model.atlas.labels.copy()
    labels[7] = 10
    atlas = dataclasses.replace(model.atlas, labels=labels, classes=(*model.atlas.classes, "other"))
    trained = SimpleNamespace(name="edited", card=model.card | {"edits": edits.card()}, atlas=atlas)
    now = curation.shown(trained)
    assert now.classes[now.labels[7]] == own_label
    assert np.array_equal(np.delete(now.labels, 7), np.delete(labels, 7))


def test_samples_without_a_data_set_here_have_edits_of_their_own(model, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    card = model.card | {"dataset": ""}
    mine = SimpleNamespace(name="mine", card=card, atlas=model.atlas)
    place = curation.place(card)
    assert place.path.parent == tmp_path / "checkpoints" / ".edits"
    change = curation.relabel(mine, [0], "other")
    assert change.old == (model.atlas.classes[model.atlas.labels[0]],)
    edit_list.add(place, [change])
    assert curation.edits(card).train.labels == {int(model.atlas.index[0]): "other"}
    assert not curation.edits(model.card)


def test_what_cannot_be_edited_says_why(model):
    gone = model.card | {"dataset": "not-here"}
    assert "not-here of this model is not on this machine" in curation.why_not(gone)
    with pytest.raises(SettingError, match="not-here"):
        curation.place(gone)
    assert curation.why_not(model.card) == ""
    plain = SimpleNamespace(
        name="plain", card=model.card, atlas=dataclasses.replace(model.atlas, labels=None, classes=())
    )
    with pytest.raises(SettingError, match="tag them instead"):
        curation.relabel(plain, [1], "a")
    assert curation.shown(plain).labels is None


def test_the_worst_samples_are_those_of_the_highest_error_and_of_the_lowest_trust(model):
    known = curation.judging(model)
    assert {"error", "trust", "disagreement"} <= set(known)
    error, trust = (known[key].values() for key in ("error", "trust"))
    assert curation.worst(model, "error", 3) == tuple(np.argsort(-error, kind="stable")[:3])
    assert curation.worst(model, "trust", 3) == tuple(np.argsort(trust, kind="stable")[:3])
    first, second, third = curation.worst(model, "error", 3)
    dropped = np.arange(model.atlas.n) == second
    assert curation.worst(model, "error", 2, dropped) == (first, third)
    assert len(curation.worst(model, "error", 10**6)) == model.atlas.n
    with pytest.raises(UnknownName, match=r"Known: .*error"):
        curation.worst(model, "beauty", 3)
