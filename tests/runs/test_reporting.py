"""A training as a run: what it notes, pause and stop, going on bit for bit, how it ends; and its snapshots."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

import vae
from vae.atlas import building
from vae.errors import NotMeasurable, SettingError
from vae.forming import recording, snapshots
from vae.registry import DATASETS
from vae.runs import (
    control,
    diagnosis,
    folder,
    forecast,
    map_time,
    os_process,
    preview,
    preview_map,
    reporting,
    starting,
    worker,
)
from vae.runs.folder import DONE, FAILED, PAUSED, QUEUED, RUNNING, STOPPED
from vae.saved import checkpoint
from vae.training import experiment
from vae.training.job import Job
from vae.training.plan import Plan
from vae.training.trainer import Diverged

TINY = {"net": "mlp", "width": "8", "d": "2", "batch_size": "479"}
MAPPED = 3  # points of a map that is laid without UMAP, which takes seconds in each process that begins


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


def plan(name: str, epochs: int = 4, family: str = "vae", **settings) -> Plan:
    return Plan(family, "digits", TINY | settings, epochs, name=name, points=MAPPED)


def train(run: folder.Run, ask: str = "", at: int = 0, *, resume: bool = False) -> folder.Run:
    """The run, trained in this process; `ask` is asked of it when it tells of that epoch."""

    def say(text: str) -> None:
        if ask and text.startswith(f"epoch {at}/"):
            folder.write(run.folder / folder.REQUEST, ask)

    p = {k: run.plan[k] for k in ("family", "dataset", "settings", "epochs", "seed", "name", "device", "points")}
    reporting.train(Plan(**p), run.id, resume=resume, say=say, figures=lambda metrics: iter(()))
    return folder.find(run.id)


def model(name: str) -> bytes:
    return checkpoint.read(checkpoint.find(name)).files[checkpoint.MODEL]


def wait_until(true, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.05)


# ---------------------------------------------------------------- in this process


def test_a_run_is_told_while_it_trains_and_equals_the_plain_training(root):
    run = train(starting.start(plan("told"), work=False))
    for _ in experiment.train(plan("plain")):
        pass
    assert model("told") == model("plain")
    assert run.state.name == DONE
    assert [record["epoch"] for record in run.epochs()] == [1, 2, 3, 4]
    assert run.epochs() == checkpoint.read(root / "told").history()
    assert run.progress["epoch"] == run.progress["epochs"] == 4
    assert run.progress["metrics"]["nll_nats"] is not None
    assert {"training", "laying out the map"} <= set(run.progress["stages_s"])
    assert run.progress["stages_bytes"]["training"] > 1e7
    assert map_time.map_seconds(MAPPED) == pytest.approx(sum(run.progress["stages_s"][m] for m in map_time.MAPPING))


def test_a_paused_run_goes_on_bit_for_bit(root):
    straight = train(starting.start(plan("straight"), work=False))
    run = train(starting.start(plan("paused"), work=False), "pause", 2)
    assert run.state.name == PAUSED
    assert run.request == ""
    assert [record["epoch"] for record in run.epochs()] == [1, 2]
    assert checkpoint.read(root / "paused").config["epochs_done"] == 2
    run = train(control.resume(run.id, work=False), resume=True)
    assert run.state.name == DONE
    assert model("paused") == model("straight")
    figures = [[{k: v for k, v in r.items() if "_s" not in k[-7:]} for r in one.epochs()] for one in (run, straight)]
    assert [r["elbo_nats"] for r in figures[0]] == [r["elbo_nats"] for r in figures[1]]


def test_snapshots_that_a_killed_run_took_of_unsaved_epochs_come_again(root):
    """With figures of the epochs as they are trained now, perhaps at another learning rate."""
    run = train(starting.start(plan("killed"), work=False), "pause", 2)
    unsaved = run.folder / snapshots.FOLDER / "000009.npz"
    unsaved.write_bytes(b"of an epoch that was never saved")
    run = train(control.resume(run.id, work=False), resume=True)
    assert not unsaved.exists()
    assert {1, 4} <= set(snapshots.kept(run.folder))


def test_a_stopped_run_keeps_its_last_epoch_with_a_map(root):
    run = train(starting.start(plan("stopped", epochs=1000), work=False), "stop", 3)
    assert run.state.name == STOPPED
    saved = checkpoint.read(root / "stopped")
    assert saved.config["epochs_done"] == 3
    assert checkpoint.ATLAS in saved.files
    assert checkpoint.RESUME in saved.files


def test_a_paused_run_can_be_looked_at_without_being_touched(root):
    run = starting.start(plan("looked"), work=False)
    with pytest.raises(SettingError, match="no saved epoch yet"):
        preview_map.draw(run.id)
    train(run, "pause", 2)
    before = (root / "looked" / "config.json").read_bytes()
    drawn = preview_map.draw(run.id)
    assert drawn.path == root / "looked-epoch2"
    assert vae.load("looked-epoch2").atlas.n == MAPPED
    assert vae.load("looked-epoch2").card["title"].endswith("epoch 2 of 4")
    assert checkpoint.RESUME not in drawn.files
    assert (root / "looked" / "config.json").read_bytes() == before
    assert preview.asked(run) is None
    name = preview.ask(run.id)
    assert (name, preview.asked(run)["epoch"], preview.asked(run)["ready"]) == ("looked-epoch2", 2, True)
    wait_until(lambda: not preview.asked(run)["drawing"])


def test_a_run_whose_checkpoint_is_gone_starts_anew_and_nothing_of_the_attempt_before_is_mixed_in(monkeypatch):
    monkeypatch.setattr(recording, "SHARE", 1.0)
    run = train(starting.start(plan("gone", epochs=5), work=False), "pause", 3)
    assert not control.anew(run, checkpoint.checkpoints())
    folder.write(run.folder / preview.NOTE, {"name": "gone-epoch3", "epoch": 3, "pid": 0, "began": ""})
    elapsed_s = run.progress["elapsed_s"]
    before = snapshots.load(snapshots.kept(run.folder)[1])
    assert (list(snapshots.kept(run.folder)), len(run.epochs())) == ([1, 2, 3], 3)
    checkpoint.delete("gone")
    assert control.anew(run, checkpoint.checkpoints())
    run = control.resume(run.id, work=False)
    assert (run.state.name, run.epochs(), run.progress, preview.asked(run)) == (QUEUED, [], {}, None)
    assert snapshots.kept(run.folder) == {}
    run = train(run, "pause", 1)
    assert (list(snapshots.kept(run.folder)), len(run.epochs())) == ([1], 1)
    assert (snapshots.load(snapshots.kept(run.folder)[1]).mu == before.mu).all()  # the same training, from its start
    assert run.progress["elapsed_s"] < elapsed_s
    assert [path.name for path in run.folder.glob(".*.partial")] == []


def test_a_checkpoint_that_goes_while_its_run_waits_leaves_nothing_to_mix_either(monkeypatch):
    run = train(starting.start(plan("goes"), work=False), "pause", 2)
    control.resume(run.id, work=False)
    assert len(run.epochs()) == 2  # it goes on from there
    checkpoint.delete("goes")
    begun, begin = [], os_process.detached

    def nothing(arguments, log):
        begun.append(arguments)
        return begin(["-c", ""], log)

    monkeypatch.setattr(os_process, "detached", nothing)
    worker.work()
    assert "--resume" not in begun[0]
    assert (run.epochs(), snapshots.kept(run.folder)) == ([], {})


def test_an_epoch_that_was_saved_and_not_told_is_told_when_it_goes_on():
    run = train(starting.start(plan("untold"), work=False), "pause", 2)
    (run.folder / folder.EPOCHS).write_text("")  # as after a kill between the two
    run = train(control.resume(run.id, work=False), resume=True)
    assert [record["epoch"] for record in run.epochs()] == [1, 2, 3, 4]


def test_a_diverged_run_says_why_and_what_to_change(monkeypatch):
    digits = DATASETS.get("digits")
    samples = digits.load()
    x = np.full(samples.x_train.shape, np.nan, np.float32)
    broken = dataclasses.replace(digits, load=lambda: dataclasses.replace(samples, x_train=x))
    monkeypatch.setitem(DATASETS.all(), "digits", broken)
    run = starting.start(plan("diverged"), work=False)
    with pytest.raises(Diverged):
        train(run)
    state = folder.find(run.id).state
    assert state.name == FAILED
    assert "by step" in state.cause
    assert "lr 0.0001" in state.advice


def test_two_processes_never_train_one_run():
    run = starting.start(plan("once"), work=False)
    with reporting.claimed(run.folder) as mine:
        assert mine.state.name == RUNNING
        assert mine.state.process == os_process.own()
        with pytest.raises(SettingError, match="trained by another process"), reporting.claimed(run.folder):
            pass
    with pytest.raises(SettingError, match="was deleted"), reporting.claimed(folder.home() / "nothing"):
        pass


# ---------------------------------------------------------------- snapshots


@pytest.mark.parametrize("family", ["vae", "ae", "cvae", "ladder_vae", "vq_vae"])
def test_snapshots_change_nothing_and_hold_what_they_say(tmp_path, monkeypatch, family):
    monkeypatch.setattr(recording, "SHARE", 1.0)
    settings = {"batch_size": "479"} if family == "vq_vae" else TINY
    watched = Plan(family, "digits", settings, 3, name="watched", points=MAPPED)
    shots = recording.Snapshots(tmp_path / "run", Job.of(watched))
    events = experiment.train(watched, watch=shots.take)
    while next(events).epoch < 3:
        pass
    events.close()
    events = experiment.train(Plan(family, "digits", settings, 3, name="alone", points=MAPPED))
    for event in events:
        if event.kind == "epoch" and event.epoch == 3:
            break
    events.close()
    if "watched" in checkpoint.checkpoints() and checkpoint.read(checkpoint.find("watched")).config["epochs_done"] == 3:
        assert model("watched") == model("alone")
    kept = snapshots.kept(tmp_path / "run")
    assert list(kept)[:2] == [1, 2]
    fixed, shot = snapshots.fixed(tmp_path / "run"), snapshots.load(kept[2])
    d = shot.mu.shape[1]
    assert shot.mu.shape == (1293, d)
    assert fixed.rows.shape == fixed.labels.shape == (1293,)
    assert fixed.split == snapshots.VALIDATION
    assert shot.again.shape == fixed.shown.shape == (16, 1, 8, 8)
    assert shot.drawn.shape == (64, 1, 8, 8)
    assert fixed.drawn_from == {"ae": "codes", "ladder_vae": "prior", "vq_vae": "prior"}.get(family, "grid")
    assert shot.again.dtype == shot.drawn.dtype == np.uint8
    assert not np.array_equal(snapshots.load(kept[1]).mu, shot.mu)
    if family == "vae":
        assert shot.rate_per_dim_nats.shape == (d,)
        assert set(shot.figures) == {k for k in snapshots.FIGURES if not k.startswith("test")}
    if family == "ae":
        assert "elbo_nats" not in shot.figures


def test_a_net_that_diverged_is_told_and_its_snapshot_has_numbers(tiny_checkpoint, monkeypatch):
    samples, net, far = DATASETS.get("digits").load(), vae.load("tiny-vae").model, 1e9
    infer = net.infer

    def diverged(x, y=None):
        posterior = infer(x, y)
        return dataclasses.replace(posterior, mu=posterior.mu * far)

    monkeypatch.setattr(net, "infer", diverged)
    mu = recording.Look(Job.of(Plan("vae", "digits", {}, device="cpu")), samples).at(net)["mu"]
    assert np.isfinite(mu).all()
    assert np.abs(mu).max() > 1e8
    z = np.zeros((10, 2), np.float32)
    z[3, 0], z[5, 1] = np.float32(1e31), np.nan
    said = "the training diverged: 2 of 10 latents exceed 1e30 or are not finite"
    with pytest.raises(NotMeasurable, match=said) as told:
        building.build(samples, (), lambda x, y: (z, z), lambda z, y: z, lambda x: x, n=10)
    found = diagnosis.of_error(told.value, {"settings": {"lr": "1"}})
    assert "Train again with a tenth of the learning rate: lr 0.1" in found.advice


def test_snapshots_are_of_the_first_the_last_and_evenly_spread_epochs():
    assert snapshots.epochs_wanted(1) == {1}
    assert snapshots.epochs_wanted(5) == {1, 2, 3, 4, 5}
    wanted = sorted(snapshots.epochs_wanted(1000))
    assert (len(wanted), wanted[0], wanted[-1]) == (snapshots.MOST, 1, 1000)
    assert np.diff(wanted).max() - np.diff(wanted).min() <= 1


@pytest.mark.parametrize(("free_s", "kept"), [(0.0, [1, 6]), (60.0, [1, 2, 3, 4, 5, 6])])
def test_a_training_faster_than_its_snapshots_has_fewer_unless_all_of_them_take_no_time(
    tmp_path, monkeypatch, free_s, kept
):
    """With no time at all for them, only the first and the last epoch have one."""
    monkeypatch.setattr(recording, "SHARE", 0.0)
    monkeypatch.setattr(recording, "FREE_S", free_s)
    shots = recording.Snapshots(tmp_path / "run", Job.of(plan("rare", epochs=6)))
    events = experiment.train(plan("rare", epochs=6), watch=shots.take)
    for event in events:
        if event.kind == "epoch" and event.epoch == 6:
            break
    events.close()
    assert list(snapshots.kept(tmp_path / "run")) == kept


# ---------------------------------------------------------------- processes of their own


def test_the_queue_is_worked_in_order_and_the_worker_leaves(root):
    first, second = (starting.start(plan(name, epochs=2), work=False) for name in ("first", "second"))
    control.tend()
    begun = list(control._begun)
    wait_until(control.working)
    control.tend()
    assert control._begun == begun  # no second one
    wait_until(lambda: all(not run.active for run in folder.runs()))
    states = [folder.find(run.id).state for run in (first, second)]
    assert [state.name for state in states] == [DONE, DONE], folder.find(first.id).log()
    assert states[0].since < folder.find(second.id).state.since
    wait_until(lambda: not control.working())
    assert set(checkpoint.checkpoints()) == {"first", "second"}


def test_the_trainer_outlives_its_worker_and_a_killed_trainer_goes_on(root):
    """The worker is killed: the trainer goes on. The trainer is killed: the run has failed, says so, and goes on."""
    run = starting.start(plan("alone", epochs=100_000), work=False)
    begun = subprocess.Popen([sys.executable, "-m", "vae", "runs", "work"], start_new_session=True)
    try:
        wait_until(lambda: len(folder.find(run.id).epochs()) > 1)
        begun.kill()
        begun.wait()
        told = len(folder.find(run.id).epochs())
        wait_until(lambda: len(folder.find(run.id).epochs()) > told)
        assert folder.find(run.id).state.name == RUNNING
        assert not control.working()
        process = folder.find(run.id).state.process
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: not process.alive())
        failed = folder.find(run.id)
        assert failed.state.name == FAILED
        saved = checkpoint.read(root / "alone").config["epochs_done"]
        assert 1 <= saved <= len(failed.epochs())  # those after the last save are trained again
        control.resume(run.id)
        wait_until(lambda: checkpoint.read(root / "alone").config["epochs_done"] > saved)
        control.pause(run.id)
        wait_until(lambda: folder.find(run.id).state.name == PAUSED)
        wait_until(lambda: not control.working())
        assert [r["epoch"] for r in folder.find(run.id).epochs()] == list(
            range(1, len(folder.find(run.id).epochs()) + 1)
        )
    finally:
        folder.find(run.id).state.process.end()
        begun.kill()
        begun.wait()


def test_a_worker_tells_of_a_process_that_ended_without_a_word(monkeypatch):
    run = starting.start(plan("crash"), work=False)
    code = "import os, sys; sys.stderr.write('MemoryError: much'); sys.stderr.flush(); os._exit(3)"
    begin = os_process.detached
    monkeypatch.setattr(os_process, "detached", lambda arguments, log: begin(["-c", code], log))
    worker.work()
    state = folder.find(run.id).state
    assert (state.name, state.cause) == (FAILED, "much")
    assert "smaller batch_size" in state.advice


def test_an_estimate_is_measured_once(monkeypatch):
    """In a process of its own."""
    one = plan("once")
    found = forecast.of(one)
    assert found.steps >= forecast.LEAST_STEPS
    assert found.map_s is None
    assert 1e7 < found.peak_bytes < 1e11
    monkeypatch.setattr(forecast, "_measured_apart", None)
    assert forecast.of(one) == found
    assert found.total_s(20) - found.total_s(10) == pytest.approx(10 * found.epoch_s)
    assert "per epoch" in found.told(20)
    with pytest.raises(SettingError, match="unknown setting"):
        forecast.of(plan("none", nonsense="1"))


def test_an_estimate_is_of_the_right_size(monkeypatch):
    """Measured here, for less long than in a process of its own, and whatever else this machine does."""
    monkeypatch.setattr(forecast, "MEASURE_S", 0.3)
    monkeypatch.setattr(time, "perf_counter", time.process_time)
    slow = forecast.measure(plan("slow", depth="6", width="512", batch_size="64"))
    quick = forecast.measure(plan("quick", batch_size="1437"))
    assert slow["steps"] >= forecast.LEAST_STEPS
    assert slow["epoch_s"] > 2 * quick["epoch_s"]


def test_a_trial_that_fails_says_why():
    with pytest.raises(forecast.Unmeasured, match=r"trial training failed: .*cuda"):
        forecast.of(Plan("vae", "digits", TINY, 1, device="cuda"))
    assert torch.get_num_threads() == 1
