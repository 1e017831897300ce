"""Edits of a data set: what changes come to, the same samples with them, and where they are stored."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vae.data import edit_csv, edit_list, edits
from vae.data.edit_csv import Known
from vae.data.edit_list import Place
from vae.data.edits import DROP, LABEL, NO_EDITS, TAG, TEST, Change, come_to
from vae.data.validation import as_trained, split
from vae.errors import DataCorrupt, SettingError
from vae.registry import DATASETS
from vae.saved.schema import ENTRIES
from vae.types import Samples

CLASSES = ("a", "b", "c")


def samples(n: int = 300, n_test: int = 9) -> Samples:
    """Row i holds i, its class is i modulo 3, and it is called i.png."""
    x, test = np.arange(n, dtype=np.float32)[:, None], np.arange(n_test, dtype=np.float32)[:, None]
    files = np.array([f"{i}.png" for i in range(n)], object)
    return Samples(x, np.arange(n) % 3, test, np.arange(n_test) % 3, metadata_train={"file": files}, c_train=2 * x)


def test_changes_come_to_what_the_last_of_them_says():
    found = come_to(
        [
            Change(LABEL, (3, 4), "b", ("a", "b")),
            Change(LABEL, (3,), "new", ("a",)),
            Change(TAG, (7,), "odd"),
            Change(TAG, (7, 8), "blurred"),
            Change(DROP, (1, 8)),
            Change(DROP, (0,), split=TEST),
        ]
    )
    assert found.train.labels == {3: "new"}, "4 is b already"
    assert found.train.tags == {7: ("blurred", "odd"), 8: ("blurred",)}
    assert (found.train.dropped, found.test.dropped) == ((1, 8), (0,))
    assert found.classes(CLASSES) == ("a", "b", "c", "new")
    assert edits.summary(found) == "2 dropped, 1 relabelled, 2 tagged. 1 test sample edited."
    back = come_to([Change(LABEL, (3,), "b", ("a",)), Change(LABEL, (3,), "a", ("a",))])
    assert back == NO_EDITS
    assert not back


def test_a_card_repeats_the_edits_but_for_tags_and_its_digest_is_theirs():
    changes = [Change(DROP, (5,)), Change(LABEL, (5, 6), "new", ("c", "a")), Change(LABEL, (2,), "a", ("c",), TEST)]
    entry = come_to(changes).card()
    assert {key: entry[key] for key in edits.COUNTS} == {"dropped": 1, "relabelled": 1, "test": 1}
    found = edits.of_card({"edits": entry})
    assert (found.train.dropped, found.train.labels, found.test.labels) == ((5,), {6: "new"}, {2: "a"})
    assert found.card() == entry
    assert come_to([*changes, Change(TAG, (9,), "odd")]).card()["digest"] == entry["digest"]
    assert come_to([*changes, Change(DROP, (9,))]).card()["digest"] != entry["digest"]
    for key in ("", ".digest", ".in_train", ".in_test", ".dropped"):
        kind = ENTRIES[f"edits{key}"]
        assert kind.fits(entry if not key else entry[key[1:]])
        assert not kind.fits({"dropped": [-1], "labels": {}})
    assert edits.of_card({}) == NO_EDITS


def test_the_validation_set_stays_the_same_but_for_its_own_edits():
    whole, before = samples(), split(samples(), 0.1)
    gone, held = before.rows_train[:4], before.rows_validation[:2]
    changes = [Change(DROP, tuple(sorted([*gone.tolist(), *held.tolist()])))]
    kept = int(before.rows_validation[5])
    changes.append(Change(LABEL, (kept,), "new", (CLASSES[kept % 3],)))
    found = come_to(changes)
    after = edits.on_train(before, found, found.classes(CLASSES))
    assert set(before.rows_validation) - set(after.rows_validation) == set(held)
    assert np.array_equal(after.rows_train, before.rows_train[4:])
    for x, y, rows in (
        (after.x_train, after.y_train, after.rows_train),
        (after.x_validation, after.y_validation, after.rows_validation),
    ):
        assert np.array_equal(x[:, 0], rows)
        assert np.array_equal(y, np.where(rows == kept, 3, rows % 3))
    assert np.array_equal(after.c_train, 2 * after.x_train)
    assert after.metadata_train["file"].tolist() == [f"{i}.png" for i in after.rows_train]
    again = edits.on_train(after, found, found.classes(CLASSES))
    assert np.array_equal(again.x_train, after.x_train)
    assert np.array_equal(again.y_validation, after.y_validation)
    assert np.array_equal(whole.y_train, np.arange(300) % 3), "what was given stays"
    card = {"edits": found.card(), "classes": ["a", "b", "c", "new"], "train": {"validation": 0.1}}
    same = as_trained(whole, card | {"validation": {"n": len(after.x_validation)}})
    assert np.array_equal(same.x_train, after.x_train)
    bare = as_trained(whole, card)
    assert bare.x_validation is None
    assert np.array_equal(bare.rows_train, np.setdiff1d(np.arange(300), [*gone, *held]))


def test_a_class_that_the_edits_leave_no_sample_of_is_named():
    gone = come_to([Change(DROP, tuple(range(1, 300, 3)))])
    held = split(samples(), 0.1)
    for before in (samples(), held):
        after = edits.on_train(before, gone, CLASSES)
        assert edits.emptied(after, CLASSES).startswith("No sample of the class b is left in the training split")
        assert edits.emptied(before, CLASSES) == ""
    kept = int(held.rows_validation[held.y_validation == 1][0])
    spared = come_to([Change(DROP, tuple(i for i in range(1, 300, 3) if i != kept))])
    assert edits.emptied(edits.on_train(held, spared, CLASSES), CLASSES) == "", "the validation set has some"
    relabelled = Change(LABEL, tuple(range(0, 300, 3)), "c", ("a",) * 100)
    two = edits.on_train(samples(), come_to([relabelled, Change(DROP, gone.train.dropped)]), CLASSES)
    assert "No sample of these classes is left in the training split: a, b." in edits.emptied(two, CLASSES)
    assert edits.emptied(dataclasses.replace(two, y_train=None), CLASSES) == ""


def test_the_test_set_has_its_own_edits():
    found = come_to([Change(DROP, (0, 8), split=TEST), Change(LABEL, (1,), "c", ("b",), TEST)])
    after = edits.on_test(samples(), found, CLASSES)
    assert after.x_test[:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert after.y_test.tolist() == [2, 2, 0, 1, 2, 0, 1]
    assert after.x_train is not None
    assert len(after.x_train) == 300


def test_edits_of_other_data_are_refused_and_so_is_dropping_everything():
    for change in (Change(DROP, (300,)), Change(TAG, (9,), "odd", split=TEST)):
        with pytest.raises(DataCorrupt, match="they are of another data"):
            edits.on_test(samples(), come_to([change]), CLASSES)
    with pytest.raises(DataCorrupt, match="'new' is no class of the model"):
        edits.on_train(samples(), come_to([Change(LABEL, (3,), "new", ("a",))]), CLASSES)
    with pytest.raises(SettingError, match="drop every sample of the test set"):
        edits.on_test(samples(), come_to([Change(DROP, tuple(range(9)), split=TEST)]), CLASSES)
    held = split(samples(), 0.1)
    every = tuple(sorted(held.rows_validation.tolist()))
    with pytest.raises(SettingError, match="drop every sample of the validation set"):
        edits.on_train(held, come_to([Change(DROP, every)]), CLASSES)


# ---------------------------------------------------------------- the list


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(tmp_path / "kept" / "mine.json", "mine")


def test_changes_are_added_taken_back_one_by_one_and_undone(place):
    one, two = Change(DROP, (1, 2)), Change(TAG, (2, 3), "odd one")
    assert edit_list.load(place) == ()
    edit_list.add(place, [one, Change(TAG, (2, 3), "  odd\n one ")])
    assert edit_list.load(place) == (one, two)
    before, after = edit_list.take_back(place, one)
    assert edit_list.load(place) == after == (two,)
    with pytest.raises(SettingError, match="taken back already"):
        edit_list.take_back(place, one)
    edit_list.put_back(place, before, after)
    assert edit_list.load(place) == (one, two)
    with pytest.raises(SettingError, match="have been changed since"):
        edit_list.put_back(place, before, after)
    edit_list.restore(place, "train", [1, 2])
    assert edit_list.load(place) == (Change(TAG, (3,), "odd one"),)
    edit_list.restore(place, "test", [3])
    assert len(edit_list.load(place)) == 1
    assert edit_list.clear(place)[1] == edit_list.load(place) == ()


def test_what_is_no_change_is_refused_and_a_damaged_file_left_alone(place, monkeypatch):
    bad = {
        "expected one of": Change("paint", (1,)),
        "one or more samples": Change(DROP, ()),
        "ascending": Change(DROP, (2, 1)),
        "label '': expected 1 to 60": Change(LABEL, (1,), " ", ("a",)),
        "tag 'a;b': expected": Change(TAG, (1,), "a;b"),
        "old label for each": Change(LABEL, (1, 2), "b", ("a",)),
    }
    for said, change in bad.items():
        with pytest.raises(SettingError, match=said):
            edit_list.add(place, [change])
    monkeypatch.setattr(edit_list, "SAMPLES_MAX", 3)
    with pytest.raises(SettingError, match="at most 2,000 and 3"):
        edit_list.add(place, [Change(DROP, (1, 2, 3, 4))])
    place.path.write_text('{"format": 1, "changes": [{"kind": "drop"}]}')
    for act in (lambda: edit_list.load(place), lambda: edit_list.add(place, [Change(DROP, (1,))])):
        with pytest.raises(DataCorrupt, match="not a file of edits"):
            act()
    assert '"kind": "drop"' in place.path.read_text()


def test_other_data_of_the_same_name_have_edits_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path))
    digits = DATASETS.get("digits")
    mine = dataclasses.replace(digits, name="mine", folder=tmp_path, origin="your own: a, SHA-256 1")
    other = dataclasses.replace(mine, origin="your own: a, SHA-256 2")
    edit_list.add(edit_list.place_of(mine), [Change(DROP, (1,))])
    assert edit_list.load(edit_list.place_of(other)) == ()
    assert edit_list.load(edit_list.place_of(mine)) == (Change(DROP, (1,)),)
    assert edit_list.place_of(digits).path == tmp_path / ".edits" / "digits.json"
    assert edit_list.edited(digits, NO_EDITS) is digits


# ---------------------------------------------------------------- CSV


def test_an_export_is_imported_as_the_same_edits():
    known = Known.of(samples(), CLASSES)
    given = [
        Change(LABEL, (3,), 'new, "odd"', ("a",)),
        Change(TAG, (3, 5), "blurred"),
        Change(TAG, (5,), "twice"),
        Change(DROP, (5, 7)),
        Change(LABEL, (2,), "a", ("c",), TEST),
    ]
    text = edit_csv.written(come_to(given), known)
    assert text.splitlines()[:3] == [
        "split,sample,name,label,new_label,tags,dropped",
        'train,3,3.png,a,"new, ""odd""",blurred,0',
        "train,5,5.png,c,,blurred; twice,1",
    ]
    assert come_to(edit_csv.read("\ufeff" + text, known)) == come_to(given)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sample\n1\n", "lacks the columns split"),
        ("split,sample\ntrain,1\n", "asks for no edit"),
        ("split,sample,dropped\ntrain,1,1\ntrain,300,1\n", "line 3: sample '300' of split 'train': expected one of tr"),
        ("split,sample,dropped\nmine,1,1\n", "line 2: sample '1' of split 'mine'"),
        ("split,sample,label,dropped\ntrain,1,c,1\n", "line 2: sample 1 of split train has the label 'b' here, not"),
        ("split,sample,name,dropped\ntrain,1,2.png,1\n", "has the name '1.png' here, not '2.png'"),
        ("split,sample,dropped\ntrain,1,maybe\n", "line 2: dropped is 'maybe': expected 1 or 0"),
        ("split,sample,new_label\ntrain,1," + 61 * "x", "line 2: label 'xxx"),
    ],
)
def test_a_file_that_is_not_of_these_samples_is_refused_with_its_line(text, said):
    with pytest.raises(SettingError, match=said):
        edit_csv.read(text, Known.of(samples(), CLASSES))


def test_a_list_that_is_imported_again_adds_nothing(tmp_path):
    place = Place(tmp_path / "edits.json", "mine")
    given = [Change(LABEL, (3, 4), "b", ("a", "c")), Change(TAG, (7,), "odd"), Change(DROP, (1, 8))]
    given.append(Change(DROP, (1,), split=TEST))
    before, after = edit_list.merge(place, given)
    assert (before, after) == ((), tuple(given))
    assert edit_list.merge(place, given) == (after, after)
    more = [Change(DROP, (1, 2, 8)), Change(LABEL, (4,), "c", ("c",)), Change(TAG, (7,), "odd")]
    assert edit_list.merge(place, more)[1] == (*given, Change(DROP, (2,)), Change(LABEL, (4,), "c", ("c",)))
    again = (*given, Change(LABEL, (5,), "b", ("b",)))  # its own label
    assert edits.news((), again) == tuple(given)


def test_the_stamp_of_the_file_is_another_once_it_was_written(tmp_path):
    place = Place(tmp_path / "edits.json", "mine")
    assert edit_list.stamp(place) is None
    edit_list.add(place, [Change(DROP, (1,))])
    first = edit_list.stamp(place)
    edit_list.add(place, [Change(DROP, (2,))])
    assert first != edit_list.stamp(place) is not None
