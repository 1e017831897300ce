"""Sweeps in the app without a browser: the form on Train, one entry among the runs, models behind the picker."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from app.live import background, training_cost
from app.show import cards
from app.state import training_form
from tests.app.panels.test_train_page import asked, button, labels, name_field, page, run_in
from tests.app.views.test_views import opened, state, words
from tests.sweeps.test_sweeps import started, trained
from vae.forming import recording
from vae.runs import control, diagnosis, folder
from vae.runs.forecast import Forecast
from vae.sweeps import comparison, sweeps


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(control, "tend", folder.runs)
    monkeypatch.setattr(training_cost, "look", lambda plan, models=1: f"{models} times {plan.settings.get('beta')}.")
    return tmp_path


def ladder_form():
    at = page()
    next(s for s in at.segmented_control if s.label == "Train").set_value(training_form.SWEEP).run()
    assert not at.exception
    return at


def values(at):
    return next(field for field in at.text_input if field.label == "Values")


# ---------------------------------------------------------------- the form


def test_one_button_queues_a_training_for_every_value(root):
    at = ladder_form()
    assert values(at).value == "0, 0.1, 0.5, 1, 2, 4, 10"
    assert "7 times 10.0." in words(at)
    assert "--over beta=0,0.1,0.5,1,2,4,10" in words(at)
    assert not [n for n in at.number_input if n.label == "beta"]  # set above, not below too
    button(at, "Start").click().run()
    assert not at.exception
    sweep = sweeps.find("digits-beta")
    assert (sweep.family, sweep.values) == ("beta_vae", (0, 0.1, 0.5, 1, 2, 4, 10))
    assert [run.name for run in folder.runs()] == list(sweep.models)
    assert "**digits-beta** :gray[beta-VAE on digits]" in words(at)
    assert name_field(at).placeholder == "digits-beta-b"  # a number would read as a value of beta
    button(at, "Start").click().run()
    assert not at.exception
    assert sweeps.find("digits-beta-b").models[4] == "digits-beta-b-2"
    assert name_field(at).placeholder == "digits-beta-c"


def test_another_setting_has_its_own_values(root):
    at = ladder_form()
    next(s for s in at.selectbox if s.label == "Over").set_value("d").run()
    assert values(at).value == "2, 4, 8, 16, 32"
    values(at).set_value("3, 5").run()
    button(at, "Start").click().run()
    assert [run.plan["settings"]["d"] for run in folder.runs()] == [3, 5]


@pytest.mark.parametrize(
    ("typed", "said"),
    [("1, two", "expected numbers"), ("1", "needs 2 to 10 different values: given 1"), ("-1, 1", "expected 0.0 to")],
)
def test_values_that_cannot_be_are_told_and_nothing_begins(root, typed, said):
    at = ladder_form()
    values(at).set_value(typed).run()
    assert not at.exception
    assert any(said in warning.value for warning in at.warning)
    start = button(at, "Start")
    assert start.disabled == (said == "expected numbers")
    if not start.disabled:
        start.click().run()
    assert folder.runs() == []


def test_the_cost_of_a_ladder_is_of_all_its_models():
    one = Forecast(2.0, 1.0, 8.0, 10**9, "cpu", 50, map_s=0.0)
    assert one.told(20).startswith("About 30 seconds. This includes")
    assert one.told(20, 7).startswith("About 4 minutes for all 7 models, one after the other. This includes")


# ---------------------------------------------------------------- among the runs


def test_a_ladder_is_one_entry_that_shows_its_trainings_when_asked(root):
    started()
    run_in(folder.DONE, "alone")
    at = page()
    assert "sweep, 0 of 3 trained" in words(at)
    assert "The same training with beta = 0, 1, 4." in words(at)
    assert "**a-4**" in words(at)  # while it trains
    next(t for t in at.toggle if t.label == "Show each training").set_value(False).run()
    assert "**a-4**" not in words(at)
    assert "**alone**" in words(at)
    button(at, "Stop all").click().run()
    assert {run.state.name for run in folder.runs()} == {"stopped", "done"}
    assert "Stop all" not in labels(at)
    assert "Deletes sweep **a** and its runs" in asked(at, "Delete sweep")
    assert "The models are kept" in asked(at, "Delete sweep")
    button(at, "Delete sweep").click().run()
    assert sweeps.known() == {}
    assert [run.name for run in folder.runs()] == ["alone"]


def test_ladders_stand_among_the_runs_by_their_newest_and_those_without_any_last(root):
    run_in(folder.DONE, "before")
    started()
    started(name="done")
    for run in folder.runs():
        if run.active:
            control.stop(run.id)
    run_in(folder.DONE, "after")
    bare = sweeps.home() / "bare"
    bare.mkdir()
    record = json.loads((sweeps.home() / "a" / sweeps.RECORD).read_text())
    (bare / sweeps.RECORD).write_text(json.dumps(record | {sweeps.MODELS: ["b-0", "b-1", "b-4"]}))
    at = page()
    order = [re.match(r"\*\*(.*?)\*\* :gray", m.value) for m in at.markdown]
    assert [found[1] for found in order if found] == ["after", "done", "a", "before", "bare"]


def test_a_ladder_that_trains_says_when_it_can_be_looked_through(root):
    started()
    at = page()
    assert "The models can be compared once all" in words(at)
    button(at, "Stop all").click().run()
    assert "The models can be compared once all" not in words(at)


def test_a_page_reads_its_runs_as_often_with_many_ladders_as_with_one(root, monkeypatch):
    started()
    alone = run_in(folder.DONE, "alone")
    read, seen = Path.read_text, []

    def counted(path, *args, **kwargs):
        seen.append(path)
        return read(path, *args, **kwargs)

    monkeypatch.setattr(Path, "read_text", counted)

    def times_read() -> int:
        seen.clear()
        assert "**alone**" in words(page())
        return seen.count(alone.folder / folder.STATE)

    one = times_read()
    for name in ("b", "c"):
        started(name=name)
    for run in sweeps.find("c").runs().values():
        control.stop(run.id)
    assert times_read() == one


def test_what_is_trained_is_looked_through_in_the_background_and_then_opens(root, monkeypatch):
    monkeypatch.setattr(recording, "N_LATENTS", 60)
    sweep = started()
    trained("a-0")
    with folder.lock():
        folder.fail(folder.find("a-1"), diagnosis.Diagnosis("it broke", "mend it"))
    trained("a-4")
    at = page()
    assert "2 of 3 trained, 1 failed" in words(at)
    assert "it broke" in words(at)
    assert "Encoding the samples with each model" in words(at)
    background.once(("sweep", "a", tuple(sweep.states().items())), comparison.look, "a").result(120)
    at.run()
    button(at, "Compare the models").click().run()
    assert state(at).watched == "sweep/a"


# ---------------------------------------------------------------- the picker


def test_the_models_of_a_ladder_stay_behind_it_until_one_is_in_use(root):
    started()
    every = {name: {} for name in ("a-0", "a-1", "a-4", "b")}
    assert list(cards.outside_sweeps(every, "b", "")) == ["b"]
    assert list(cards.outside_sweeps(every, "a-1", "")) == list(every)
    assert list(cards.outside_sweeps(every, "b", "a-4")) == list(every)


def test_names_with_numbers_are_listed_by_their_size():
    card = {"dataset": "digits", "family": "vae"}
    names = ["a-10", "b", "a-2", "a-0.5", "a"]
    assert cards.grouped(dict.fromkeys(names, card)) == ["a", "a-0.5", "a-2", "a-10", "b"]


def test_the_page_of_a_model_leads_to_the_ladder_of_its_data(tiny_checkpoint, monkeypatch):
    sweep = sweeps.Sweep(sweeps.home() / "a", "beta_vae", "digits", "beta", (0.0, 1.0), ("tiny-vae", "tiny-ae"), "")
    monkeypatch.setattr(sweeps, "known", lambda: {"a": sweep})
    monkeypatch.setattr(comparison, "ready", lambda sweep, disk: True)
    at = opened("model", model="tiny-vae")
    assert "one of the 2 models of sweep **a** (beta = 0, 1)" in words(at)
    button(at, "Compare the models").click().run()
    assert state(at).watched == "sweep/a"


@pytest.mark.parametrize(("setting", "told"), [("width", True), ("beta", False)])
def test_a_sweep_is_mentioned_only_to_a_family_that_has_its_setting(tiny_checkpoint, monkeypatch, setting, told):
    sweep = sweeps.Sweep(sweeps.home() / "a", "beta_vae", "digits", setting, (1.0, 2.0), ("a-1", "a-2"), "")
    monkeypatch.setattr(sweeps, "known", lambda: {"a": sweep})
    monkeypatch.setattr(comparison, "ready", lambda sweep, disk: True)
    assert (f"What does {setting} do?" in words(opened("model", model="tiny-vae"))) == told
