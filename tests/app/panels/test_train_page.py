"""The Train page without a browser: what it proposes, starts, shows of every state, and does."""

from __future__ import annotations

import json

import pytest

from app.live import training_cost
from app.panels.train import run_list
from app.state import training_form
from tests.app.views.test_views import opened, words
from vae.errors import SettingError
from vae.registry import DATASETS, FAMILIES
from vae.runs import control, diagnosis, folder, os_process, preview, starting
from vae.runs.os_process import PROJECT
from vae.saved import checkpoint
from vae.settings import knobs
from vae.training.job import Job
from vae.training.plan import Plan
from vae.training.presets import preset, suited
from vae.training.trainer import TrainHparams


@pytest.fixture(autouse=True)
def quiet(monkeypatch):
    """Nothing trains or measures beside these tests."""
    monkeypatch.setattr(control, "tend", folder.runs)
    monkeypatch.setattr(training_cost, "look", lambda plan: f"About {plan.epochs} seconds.")


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


def page():
    at = opened("train")
    assert not at.exception
    return at


def button(at, label: str):
    return next(b for b in at.button if b.label == label)


def name_field(at):
    return next(field for field in at.text_input if field.label == "Name")


def labels(at) -> list[str]:
    return [b.label for b in at.button]


def asked(at, label: str) -> str:
    """The text of the popover that holds that button; "" where it stands on the page and acts at once."""
    held = [p for p in at.get("popover") if label in [b.label for b in p.button]]
    return "\n".join(m.value for m in held[0].markdown) if held else ""


def run_in(state: str, name: str = "a", **changes) -> folder.Run:
    run = starting.start(Plan("vae", "digits", {"lr": 0.01}, 3, name=name), work=False)
    with folder.lock():
        return folder.change(run, state, **changes)


# ---------------------------------------------------------------- the form


def test_a_first_visit_without_a_model_proposes_a_plan_and_starts_it(empty):
    at = page()
    assert "Press **Start**" in words(at)
    assert "About 75 seconds." in words(at)
    button(at, "Start").click().run()
    assert not at.exception
    (run,) = folder.runs()
    assert (run.plan["family"], run.plan["dataset"], run.plan["name"]) == ("vae", "digits", "digits-vae")
    assert (run.plan["epochs"], run.plan["settings"], run.plan["points"]) == (75, {}, 10_000)  # 900 steps
    assert "**digits-vae**" in words(at)
    button(at, "Start").click().run()
    assert [run.name for run in folder.runs()] == ["digits-vae", "digits-vae-2"]


def test_knobs_that_were_turned_and_the_preset_are_in_the_plan(empty):
    at = page()
    next(s for s in at.segmented_control if s.label == "Preset").set_value("quick").run()
    said = [caption.value for caption in at.caption]
    next(n for n in at.number_input if n.label == "latent dimensions, d").set_value(3).run()
    next(s for s in at.selectbox if s.label == "likelihood").set_value("bernoulli").run()
    name_field(at).set_value("mine").run()
    button(at, "Start").click().run()
    (run,) = folder.runs()
    data = DATASETS.get("digits")
    quick = preset("quick", "vae", data, 1437, suited(data, data.load().x_train))
    assert any(quick.reasons["d"] in words and "More settings" in words for words in said), "why is said"
    known = knobs(FAMILIES.get("vae").Hparams) | knobs(TrainHparams)
    chosen = quick.settings | {"d": 3, "likelihood": "bernoulli"}
    assert run.plan["settings"] == {k: v for k, v in chosen.items() if v != known[k]["default"]}
    assert (run.name, run.plan["epochs"], run.plan["points"]) == ("mine", quick.epochs, quick.points)
    assert name_field(at).value == ""


def test_every_setting_of_every_family_has_a_widget_with_its_sentence(empty):
    at = page()
    family = next(s for s in at.selectbox if s.label == "Family")
    for name in ("ladder_vae", "dip_vae"):
        family.set_value(FAMILIES.get(name)).run()
        assert not at.exception
        told = [w.help for kind in (at.number_input, at.selectbox, at.toggle) for w in kind if w.help]
        for setting, k in (knobs(FAMILIES.get(name).Hparams) | knobs(TrainHparams)).items():
            assert any(f"--set {setting}=`" in help and k["help"][1:] in help for help in told), setting


def test_what_a_setting_is_told_in_words_not_in_symbols():
    for family in FAMILIES.all().values():
        for setting, k in (knobs(family.Hparams) | knobs(TrainHparams)).items():
            assert len(k["help"].split()) > 2, (family.name, setting)


def test_the_reference_tells_of_the_shared_settings_what_their_help_tells():
    reference = (PROJECT / "docs" / "reference.md").read_text("utf-8").replace("\\|", "|")
    for setting in ("depth", "likelihood", "sigma", "warmup", "warmup_steps"):
        assert knobs(FAMILIES.get("vae").Hparams)[setting]["help"] in reference, setting


def test_only_families_that_fit_are_offered():
    series = [f.name for f in training_form.fitting(DATASETS.get("ecg_beats"))]
    images = [f.name for f in training_form.fitting(DATASETS.get("digits"))]
    assert "vrnn" in series
    assert "vrnn" not in images
    assert "cvae" in images
    for data in training_form.data_sets():
        for family in training_form.fitting(data):
            for name in training_form.PRESETS:
                start = training_form.preset(name, family, data, None)
                made = training_form.plan(
                    family, data, training_form.defaults(family, start), start.epochs, 0, points=start.points, name="a"
                )
                try:
                    Job.of(made)
                except SettingError as error:
                    pytest.fail(f"{family.name} on {data.name}, {name}: {error}")


def test_a_name_that_cannot_be_is_told_before_the_start(empty):
    run_in(folder.PAUSED, "taken")
    at = page()
    for name, said in (("taken", "is paused"), ("../a", "expected letters")):
        name_field(at).set_value(name).run()
        assert any(said in warning.value for warning in at.warning)
        button(at, "Start").click().run()
        assert any(said in error.value for error in at.error)
    assert len(folder.runs()) == 1


@pytest.mark.parametrize(
    ("label", "value", "said"),
    [
        ("learning rate", 1000.0, r"lr=1000.0: expected 1e-07 to 1.0"),
        ("latent dimensions, d", 0, r"d=0: expected 1 to 4096"),
        ("sigma", -1.0, r"sigma=-1.0: expected 0.0 to 10.0"),
        ("Epochs", 0, r"epochs=0: expected 1 to 1000000"),
        ("Seed", -1, r"seed=-1: expected 0 to"),
        ("Map points", 1, r"points=1: expected 2 to"),
    ],
)
def test_a_value_out_of_its_range_is_told_with_the_range_and_nothing_starts(empty, label, value, said):
    at = page()
    field = next(n for n in at.number_input if n.label == label)
    assert not field.proto.has_min  # else a browser keeps it back
    assert not field.proto.has_max
    field.set_value(value).run()
    assert any(said in warning.value for warning in at.warning)
    button(at, "Start").click().run()
    assert any(said in error.value for error in at.error)
    assert folder.runs() == []


def test_a_small_number_can_be_stepped_and_stays_short(empty):
    at = page()
    steps = {n.label: n.step for n in at.number_input}
    assert steps["learning rate"] == pytest.approx(1e-4)
    assert steps["sigma"] == pytest.approx(0.1)
    assert steps["latent dimensions, d"] == 1
    next(n for n in at.number_input if n.label == "learning rate").set_value(0.0011999999999999999).run()
    button(at, "Start").click().run()
    assert folder.runs()[0].plan["settings"] == {"lr": 0.0012}


def test_a_name_is_kept_while_one_looks_elsewhere_and_gone_once_it_is_used(empty):
    at = page()
    name_field(at).set_value("fd").run()
    run = run_in(folder.STOPPED, "other")
    (run.folder / folder.PROGRESS).write_text('{"epoch": 1}')
    at.run()
    button(at, "Watch it form").click().run()
    assert "Name" not in [field.label for field in at.text_input]
    button(at, "All runs").click().run()
    assert name_field(at).value == "fd"
    assert "--name fd" in words(at)
    before = name_field(at).proto.id
    button(at, "Start").click().run()
    assert name_field(at).value == ""
    assert name_field(at).proto.id != before  # a browser goes on showing what was typed into the same field
    assert "--name digits-vae" in words(at)


def test_a_start_is_told_with_where_to_see_it(empty):
    at = page()
    assert not at.toast
    button(at, "Start").click().run()
    assert [t.value for t in at.toast] == ["**digits-vae** is starting: it is the first card under *Runs*."]
    button(at, "Start").click().run()
    assert [t.value for t in at.toast] == [
        "**digits-vae-2** is queued behind 1 other training: it is the first card under *Runs*."
    ]
    at.run()
    assert not at.toast


def test_free_names_count_on():
    assert control.free_name("a", ["b"]) == "a"
    assert control.free_name("a", ["a", "a-2"]) == "a-3"
    assert control.free_name("a-2", ["a", "a-2"]) == "a-3"
    assert control.free_name("a" * 64, ["a" * 64]) == "a" * 62 + "-2"


# ---------------------------------------------------------------- the runs


def test_every_state_shows_itself_and_what_may_be_done(empty):
    me = os_process.own()
    failed = diagnosis.Diagnosis("elbo_nats is nan by step 3.", diagnosis.advice("elbo_nats is nan", {"settings": {}}))
    run_in(folder.QUEUED, "first")
    run_in(folder.QUEUED, "second")
    for state in (folder.PAUSED, folder.STOPPED, folder.DONE):
        run_in(state, state)
    broken = run_in(folder.FAILED, "broken", cause=failed.cause, advice=failed.advice)
    (broken.folder / folder.LOG).write_text("epoch 1\nerror: elbo_nats is nan by step 3.\n")
    going = run_in(folder.RUNNING, "going", pid=me.pid, began=me.began)
    now = {
        "stage": "training",
        "epoch": 2,
        "epochs": 3,
        "step": 5,
        "steps": 10,
        "elapsed_s": 61.0,
        "seconds_left": 30.0,
    }
    (going.folder / folder.PROGRESS).write_text(json.dumps(now | {"metrics": {"elbo_nats": 12.34}}))
    at = page()
    text = words(at)
    for name in ("first", "second", "paused", "stopped", "done", "broken", "going"):
        assert f"**{name}** :gray[Variational autoencoder on digits]" in text
    assert "queued, number 2" in text
    assert (
        "epoch 2 of 3 · training ELBO 12.3 nats · 61 seconds so far · 30 seconds left"
        in at.get("progress")[0].proto.text
    )
    assert "elbo_nats is nan by step 3." in text
    assert "error: elbo_nats is nan" in text  # the log
    assert labels(at).count("Pause") == 3
    assert labels(at).count("Resume") == 3
    assert labels(at).count("Stop") == 4  # also the paused one
    assert "Resume with lr 0.001" in labels(at)
    assert labels(at).count("Delete run") == 6  # all but the running one


def test_a_run_whose_checkpoint_is_gone_says_that_it_starts_anew(empty):
    failed = diagnosis.Diagnosis("elbo_nats is nan by step 3.", diagnosis.advice("elbo_nats is nan", {"settings": {}}))
    run = run_in(folder.FAILED, cause=failed.cause, advice=failed.advice)
    (run.folder / folder.EPOCHS).write_text('{"epoch": 1}\n')
    at = page()
    assert {"Restart", "Restart with lr 0.001"} <= set(labels(at))
    assert not [label for label in labels(at) if label.startswith("Resume")]
    assert "The checkpoint of this run was deleted" in words(at)
    assert "at the first epoch" in button(at, "Restart").help
    button(at, "Restart").click().run()
    assert folder.find(run.id).state.name == folder.QUEUED
    assert run.epochs() == []


def test_a_failure_promises_no_saved_epoch_that_is_not_there(empty):
    run_in(folder.FAILED, cause="It was killed.", advice=f"{diagnosis.AGAIN} If it happens again: a smaller width.")
    at = page()
    assert [e.value for e in at.error] == ["It was killed.  \n**If it happens again: a smaller width.**"]
    checkpoint.save(empty / "a", {"name": "a"}, {})
    at.run()
    assert diagnosis.AGAIN in at.error[0].value


@pytest.mark.parametrize("state", [folder.PAUSED, folder.STOPPED, folder.FAILED])
def test_what_a_run_that_stands_has_learnt_can_be_looked_at(empty, tiny_root, monkeypatch, state):
    run = run_in(state)
    (run.folder / folder.EPOCHS).write_text('{"epoch": 4}\n')
    at = page()
    assert "Map this epoch" not in labels(at)  # no epoch is saved
    tiny = checkpoint.read(tiny_root / "tiny-vae")
    unmapped = {file: data for file, data in tiny.files.items() if file != checkpoint.ATLAS}
    checkpoint.save(empty / "a", tiny.config | {"name": "a"}, unmapped)
    asked_for = []
    monkeypatch.setattr(preview, "ask", asked_for.append)
    at.run()
    button(at, "Map this epoch").click().run()
    assert asked_for == [run.id]
    folder.write(run.folder / preview.NOTE, {"name": "a-epoch4", "epoch": 4, "pid": 0, "began": ""})
    checkpoint.save(empty / "a-epoch4", tiny.config | {"name": "a-epoch4", "epochs_done": 4}, tiny.files)
    at.run()
    assert "Map this epoch" not in labels(at)  # it has learnt nothing since
    button(at, "Open epoch 4 in Explore").click().run()
    assert not at.exception
    assert at.session_state["zscope.studio"].model == "a-epoch4"


def test_a_paused_run_can_be_stopped(empty):
    run = run_in(folder.PAUSED)
    at = page()
    button(at, "Stop").click().run()
    assert folder.find(run.id).state.name == folder.STOPPED


def test_a_finished_run_whose_model_was_deleted_says_so(empty):
    run_in(folder.DONE)
    checkpoint.save(empty / "a", {"name": "a"}, {})
    at = page()
    assert "The model of this run was deleted" not in words(at)
    checkpoint.delete("a")
    at.run()
    assert "The model of this run was deleted" in words(at)


def test_a_run_that_trains_is_shown_however_many_wait(empty, monkeypatch):
    monkeypatch.setattr(run_list, "SHOWN", 1)
    for name, state in (("oldest", folder.STOPPED), ("older", folder.PAUSED), ("waits", folder.QUEUED)):
        run_in(state, name)
    run_in(folder.QUEUED, "last")
    text = words(page())
    assert ["**oldest**" in text, "**waits**" in text, "**last**" in text] == [False, True, True]
    assert "2 older runs" in text


def test_buttons_do_what_they_say(empty):
    run = run_in(folder.PAUSED)
    at = page()
    button(at, "Resume").click().run()
    assert folder.find(run.id).state.name == folder.QUEUED
    button(at, "Pause").click().run()
    assert folder.find(run.id).state.name == folder.PAUSED
    button(at, "Delete run").click().run()
    assert folder.runs() == []
    assert "Press **Start**" in words(at)


def test_nothing_is_deleted_before_it_was_asked_what_goes_and_what_stays(empty):
    run = run_in(folder.STOPPED)
    at = page()
    assert "Deletes run **a** with its log, curves and snapshots" in asked(at, "Delete run")
    assert "no model" in asked(at, "Delete run")
    assert "Delete run and model" not in labels(at)
    checkpoint.save(empty / "a", {"name": "a"}, {})
    at.run()
    assert "**a** is kept unless" in asked(at, "Delete run and model")
    with folder.lock():
        folder.change(run, folder.DONE)
    at.run()
    assert "**a** is kept." in asked(at, "Delete run")
    assert "Delete run and model" not in labels(at)


def test_a_button_that_comes_too_late_is_told(empty):
    run = run_in(folder.QUEUED)
    at = page()
    with folder.lock():
        folder.change(run, folder.DONE)
    button(at, "Pause").click().run()
    at.run()
    assert not at.exception
    assert any("cannot pause" in warning.value for warning in at.warning)


def test_a_finished_run_opens_on_explore(tiny_root, monkeypatch, tmp_path):
    import shutil

    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    run_in(folder.DONE, "tiny-vae")
    for name in ("tiny-ae", "tiny-vae"):
        shutil.copytree(tiny_root / name, tmp_path / name)
    at = page()
    assert at.session_state["zscope.studio"].model == "tiny-ae"
    button(at, "Open in Explore").click().run()
    assert not at.exception
    assert at.session_state["zscope.studio"].model == "tiny-vae"
