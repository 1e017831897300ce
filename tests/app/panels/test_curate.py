"""Curate on Explore: a selection relabelled, dropped and tagged; each change taken back and undone; used on Train."""

from __future__ import annotations

import numpy as np
import pytest

from app.live.engines import engine as opened_engine
from app.panels.explore import curate
from app.show import cards, nats, records
from app.state import studio
from tests.app.views.test_views import opened, words
from vae.data import edit_list
from vae.data.edits import DROP, LABEL, TAG, TEST, Change, come_to
from vae.registry import DATASETS
from vae.studies import curation


@pytest.fixture
def engine(tiny_checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path))
    return opened_engine("tiny-vae")


def stored(engine) -> tuple[Change, ...]:
    return edit_list.load(curation.place(engine.card))


def page(*rows: int):
    """Explore with the group tool, and these rows selected."""
    at = opened(model="tiny-vae", tool="group")
    at.session_state["zscope.studio"] = studio.select(at.session_state["zscope.studio"], rows)
    return at.run()


def press(at, key: str):
    at.button(key=f"explore.curate.{key}").click().run()
    assert not at.exception
    return at


def test_a_selection_is_relabelled_dropped_tagged_and_each_change_taken_back(engine, monkeypatch):
    drawn = []
    monkeypatch.setattr("app.panels.explore.map.latent_map", lambda *_name, **what: drawn.append(what["edited"]))
    at = page(2, 3)
    assert drawn[-1] is None, "nothing differs from the map as it came"
    other = next(name for k, name in enumerate(engine.atlas.classes) if k not in engine.atlas.labels[[2, 3]])
    at.selectbox(key=curate.LABEL).set_value(other).run()
    press(at, "relabel")
    assert drawn[-1]["labels"]
    assert drawn[-1]["classes"] == list(engine.atlas.classes)
    assert drawn[-1]["dropped"] == ""
    at.text_input(key=curate.WORD).set_value(" odd  one ")
    press(at, "tag.go")
    press(at, "drop")
    samples = tuple(sorted(engine.atlas.index[[2, 3]].tolist()))
    assert [(one.kind, one.value, one.samples) for one in stored(engine)] == [
        (LABEL, other, samples),
        (TAG, "odd one", samples),
        (DROP, "", samples),
    ]
    assert drawn[-1]["dropped"]
    assert "2 dropped, 0 relabelled, 2 tagged." in words(at)
    press(at, "1.back")
    assert [one.kind for one in stored(engine)] == [LABEL, DROP]
    assert "Undo: taken back: 2 samples tagged odd one" in at.button(key="explore.curate.undo").label
    press(at, "undo")
    assert [one.kind for one in stored(engine)] == [LABEL, TAG, DROP]
    press(at, "restore")
    assert stored(engine) == ()
    press(at, "undo")
    press(at, "clear")
    assert stored(engine) == ()
    assert "No edits yet" in words(at)
    assert drawn[-1] is None


def test_the_first_of_the_selected_samples_are_seen_before_they_are_dropped(engine, monkeypatch):
    seen = []
    monkeypatch.setattr("app.panels.explore.curate.st.image", lambda pictures, **_how: seen.append(pictures))
    at = page(5, 2)
    rows = np.array(at.session_state["zscope.studio"].selected)
    expected = engine.atlas.thumbnails(rows).transpose(0, 2, 3, 1)
    np.testing.assert_array_equal(np.stack(seen[-1]), expected)
    at = page(*range(curate.SEEN + 5))
    assert len(seen[-1]) == curate.SEEN
    assert f"The first {curate.SEEN} of {curate.SEEN + 5}" in words(at)


def test_several_steps_are_undone_and_redone_until_another_page_changes_the_list(engine):
    at = page(2, 3)
    for word in ("one", "two", "three"):
        at.text_input(key=curate.WORD).set_value(word)
        press(at, "tag.go")

    def tags():
        return [one.value for one in stored(engine)]

    press(press(at, "undo"), "undo")
    assert tags() == ["one"]
    assert "Undo: 2 samples tagged one" in at.button(key="explore.curate.undo").label
    assert "Redo: 2 samples tagged two" in at.button(key="explore.curate.redo").label
    press(at, "redo")
    assert tags() == ["one", "two"]
    press(at, "drop")
    assert not [one for one in at.button if one.key == "explore.curate.redo"], "another change ends what was undone"
    press(at, "restore")
    press(at, "restore")  # changes nothing, and is no step
    press(at, "undo")
    assert tags() == ["one", "two", ""]
    edit_list.add(curation.place(engine.card), [Change(TAG, (9,), "elsewhere")])
    press(at, "undo")
    assert tags() == ["one", "two", "", "elsewhere"]
    assert any("changed since, by another page" in one.value for one in at.warning)
    assert not [one for one in at.button if one.key == "explore.curate.undo"]


def test_a_file_that_is_imported_again_adds_nothing(engine):
    at = page(2)
    sample = curation.numbers(engine.atlas, [2])[0]
    text = f"split,sample,tags,dropped\ntrain,{sample},odd,1\n"
    for _again in range(2):
        uploader = next(one for one in at.get("file_uploader") if one.label == "Import edits")
        uploader.upload("edits.csv", text.encode(), "text/csv").run()
        assert not at.exception
    assert [one.kind for one in stored(engine)] == [DROP, TAG]
    assert any("are here already" in one.value for one in at.warning)


def test_the_worst_samples_are_selected_without_those_that_are_dropped(engine):
    worst = curation.worst(engine, "error", 4)
    edit_list.add(curation.place(engine.card), [Change(DROP, curation.numbers(engine.atlas, worst[:1]))])
    at = page()
    at.selectbox(key="explore.worst.by").set_value("error")
    at.number_input(key="explore.worst.count").set_value(3)
    at.button(key="explore.worst.go").click().run()
    assert not at.exception
    assert at.session_state["zscope.studio"].selected == tuple(sorted(worst[1:]))


def test_the_file_is_read_once_for_all_runs_until_it_changes(engine, monkeypatch):
    read, load = [], edit_list.load
    monkeypatch.setattr(edit_list, "load", lambda place: read.append(place) or load(place))
    at = page(2, 3)
    at.run()
    assert len(read) == 1
    press(at, "drop")
    assert len(read) == 3, "to add to it, and to show it"


def test_what_is_asked_in_vain_is_said(engine):
    at = page(2)
    own_label = engine.atlas.classes[engine.atlas.labels[2]]
    at.selectbox(key=curate.LABEL).set_value(own_label).run()
    press(at, "relabel")
    assert any("have this label already" in one.value for one in at.warning)
    press(at, "tag.go")
    assert any("tag ''" in one.value for one in at.warning)
    assert stored(engine) == ()


def test_a_click_on_a_change_selects_its_samples(engine):
    edit_list.add(curation.place(engine.card), [Change(DROP, curation.numbers(engine.atlas, [4, 6]))])
    at = page(2)
    press(at, "0.again")
    assert at.session_state["zscope.studio"].selected == (4, 6)


def test_visitors_change_no_data_also_where_the_right_is_gone_before_the_click(engine, monkeypatch):
    at = page(2)
    monkeypatch.setenv("ZSCOPE_PUBLIC", "train")
    press(at, "drop")
    assert any("cannot change its models and data" in one.value for one in at.warning)
    assert stored(engine) == ()
    assert not [one for one in page(2).button if one.key == "explore.curate.drop"]


def test_train_uses_the_edits_unless_told_otherwise(engine):
    at = opened("train")
    assert not [one for one in at.checkbox if one.label == "Use the edits"]
    edit_list.add(curation.place(engine.card), [Change(DROP, (1, 2))])
    at = opened("train")
    assert "Edited data: trains on 1,435 of 1,437, 2 dropped, 0 relabelled." in words(at)
    assert "--without-edits" not in words(at)
    next(one for one in at.checkbox if one.label == "Use the edits").uncheck().run()
    assert "--without-edits" in words(at)
    assert "As it came, without 2 edits." in words(at)


def test_train_names_the_classes_that_the_edits_leave_no_sample_of(engine):
    labels = DATASETS.get("digits").load().y_train
    edit_list.add(curation.place(engine.card), [Change(DROP, tuple(np.flatnonzero(labels == 4).tolist()))])
    at = opened("train")
    assert "No sample of the class 4 is left in the training split" in words(at)
    next(one for one in at.checkbox if one.label == "Use the edits").uncheck().run()
    assert "No sample of the class" not in words(at)


def test_compare_says_that_two_models_were_trained_on_different_edits(engine):
    plain, entry = engine.card, come_to([Change(DROP, (0, 5)), Change(LABEL, (7,), "1", ("3",))]).card()
    other = plain | {"edits": entry, "name": "edited"}
    said = nats.edited_for_training(plain, other)
    assert "different edits of the training split" in said
    assert "tiny-vae: 0 dropped, 0 relabelled; edited: 2 dropped, 1 relabelled." in said
    assert nats.edited_for_training(other, other) == nats.edited_for_training(plain, plain) == ""


def test_metrics_on_test_sets_that_were_edited_differently_are_not_compared(engine):
    plain, test = engine.card, come_to([Change(DROP, (0,), split=TEST)]).card()
    train = plain | {"edits": come_to([Change(DROP, (0,))]).card()}
    edited = plain | {"edits": test, "name": "edited"}
    assert not nats.not_comparable(plain, train)
    assert cards.comparable("mse", plain, train)
    assert "edited differently. tiny-vae: 0 test samples edited; edited: 1 test sample" in nats.not_comparable(
        plain, edited
    )
    assert not any(cards.comparable(key, plain, edited) for key in ("mse", "elbo_nats", "active_units"))
    assert cards.comparable("mse", edited, edited)
    assert f"edited: 0 dropped, 0 relabelled, 1 in the test set (digest {test['digest'][:8]})" in records.counts(edited)
