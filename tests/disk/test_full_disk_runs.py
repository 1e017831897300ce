"""Trainings on a disk that becomes full: the last epoch is kept, the run says why it failed, and goes on later."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.runs.test_reporting import TINY
from tests.runs.test_reporting import plan as planned
from tests.small_disk import disk  # noqa: F401  a fixture
from vae.__main__ import main
from vae.errors import SaveError
from vae.runs import control, diagnosis, folder, forecast, os_process, reporting, starting, worker
from vae.runs.folder import DONE, FAILED, QUEUED, RUNNING
from vae.saved import checkpoint
from vae.training import autosave, experiment

SETTINGS = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]
TRAIN = ["train", "vae", "digits", *SETTINGS, "--epochs", "3", "--points", "3", "--name", "a", "--device", "cpu"]


def at_epoch(monkeypatch, epoch: int, act) -> None:
    """Calls act() in this training just before it saves that epoch."""
    original = experiment.model_files

    def files(trainer, history):
        if len(history) == epoch:
            act()
        return original(trainer, history)

    monkeypatch.setattr(experiment, "model_files", files)
    monkeypatch.setattr(autosave, "SPACING", 0.0)


def test_training_on_a_full_disk_ends_with_a_sentence_and_its_last_epoch(disk, monkeypatch, capsys):  # noqa: F811
    with monkeypatch.context() as patch:
        at_epoch(patch, 2, disk.fill)
        assert main(TRAIN) == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert re.search(r"error: cannot write .*/a: the disk is full \(.* free in .*\)\. The checkpoint saved there", said)
    assert re.search(r"1 finished epoch is saved\. To resume: python -m vae train .* --resume", said)
    assert [r["epoch"] for r in checkpoint.read(checkpoint.find("a")).history()] == [1]
    assert not [name for name in disk.files() if "partial" in name]
    disk.empty()
    assert main([*TRAIN, "--resume"]) == 0
    assert [r["epoch"] for r in checkpoint.read(checkpoint.find("a")).history()] == [1, 2, 3]


def test_a_run_on_a_full_disk_fails_with_a_cause_and_is_resumed(disk, monkeypatch):  # noqa: F811
    run = starting.start(planned("a", 3), work=False)

    def train(resume: bool) -> None:
        reporting.train(planned("a", 3), run.id, resume=resume, say=lambda text: None, figures=lambda m: iter(()))

    with monkeypatch.context() as patch:
        at_epoch(patch, 2, disk.fill)
        with pytest.raises(SaveError):
            train(False)
    failed = folder.find(run.id)
    assert failed.state.name == FAILED, "the spare file left no room for the state"
    assert json.loads((run.folder / folder.STATE).read_text())["name"] == FAILED
    assert "the disk is full" in failed.state.cause
    assert "The checkpoint saved there before is unchanged." in failed.state.cause
    assert failed.state.advice == f"Free some disk space. {diagnosis.AGAIN}"
    assert [r["epoch"] for r in failed.epochs()] == [1]
    assert not [name for name in disk.files() if "partial" in name or reporting.SPARE in name]
    disk.empty()
    control.resume(run.id, work=False)
    train(True)
    done = folder.find(run.id)
    assert (done.state.name, [r["epoch"] for r in done.epochs()]) == (DONE, [1, 2, 3])


def test_notes_that_cannot_be_written_do_not_end_a_training(disk, monkeypatch):  # noqa: F811
    run = starting.start(planned("a", 1), work=False)
    with reporting.claimed(run.folder) as claimed:
        notes = reporting.Notes(claimed, False, lambda text: None)
        disk.fill()
        notes.stage("encoding")
        disk.empty()
        notes.stage("measuring trust")
    assert folder.read(run.folder).progress["stage"] == "measuring trust"


def test_a_run_that_was_lost_on_a_full_disk_is_told_though_nothing_can_be_written(disk):  # noqa: F811
    run = starting.start(planned("a", 3), work=False)
    with folder.lock():
        folder.change(run, RUNNING, pid=2**22 + 1, began="long ago")
    disk.fill()
    for _look in range(2):
        found = folder.find(run.id)
        assert found.state.name == FAILED
        assert "could not say why, as the disk is full" in found.state.cause
        assert "Free some disk space" in found.state.advice
    assert main(["runs", "list"]) == 0
    assert main(["runs", "show", "a"]) == 0


def test_what_waits_says_that_it_waits_for_space_and_begins_once_there_is_some(disk, monkeypatch, capsys):  # noqa: F811
    run = starting.start(planned("a", 3), work=False)
    assert control.blocked(folder.runs()) == ""
    disk.fill()
    begun, naps = [], []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        if naps.count(worker.FULL_S) == 2 and seconds == worker.FULL_S:
            disk.empty()

    def detached(arguments, log):
        begun.append(arguments)
        return subprocess.Popen([sys.executable, "-c", ""])

    monkeypatch.setattr(worker.time, "sleep", nap)
    monkeypatch.setattr(os_process, "detached", detached)
    assert "queued trainings wait for space" in control.blocked(folder.runs())
    worker.work()
    assert naps.count(worker.FULL_S) == 2
    assert len(begun) == 1
    assert folder.find(run.id).state.name == FAILED  # the process that was begun here does nothing


def test_a_process_begins_without_a_log_where_there_is_no_room_for_one(tmp_path):
    process = os_process.detached(["-c", "print(1)"], tmp_path / "missing" / "log.txt")
    assert process.wait(60) == 0


def test_a_forecast_is_given_though_it_cannot_be_stored(disk, monkeypatch):  # noqa: F811
    measured = {"start_s": 1.0, "epoch_s": 1.0, "finish_s": 1.0, "peak_bytes": 1, "device": "cpu", "steps": 5}
    monkeypatch.setattr(forecast, "_measured_apart", lambda plan: measured)
    disk.fill()
    assert forecast.of(planned("a", 3)).total_s(3) == 5.0
    disk.empty()
    assert forecast.of(planned("a", 3)).total_s(3) == 5.0
    assert forecast.known(planned("a", 3)) is not None


def test_a_layout_that_has_no_room_for_a_log_says_why(disk, monkeypatch):  # noqa: F811
    run = starting.start(planned("a", 3), work=False)
    (run.folder / "snapshots").mkdir()
    disk.fill()
    from app.live import theatre

    failed = subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"])
    failed.wait()
    monkeypatch.setitem(theatre._layers, run.folder, (failed, theatre.time.monotonic()))
    assert "as the disk is full" in theatre.lay(f"run/{run.id}")


@pytest.mark.parametrize(
    ("error", "cause", "advice"),
    [
        (
            OSError(28, "No space left on device", "/a/b"),
            "cannot write /a/b: the disk is full (",
            "Free some disk space",
        ),
        (OSError(122, "Disk quota exceeded", "/a/b"), "your disk quota is used up", "Free some disk space"),
        (PermissionError(13, "Permission denied", "/a/b"), "Permission denied", "write permission"),
    ],
)
def test_an_error_of_the_disk_is_diagnosed(error, cause, advice):
    found = diagnosis.of_error(error, {})
    assert cause in found.cause
    assert advice in found.advice
    assert advice in diagnosis.of_log(f"error: {found.cause}", {}).advice


def test_the_command_line_has_no_traceback_for_a_disk(monkeypatch, capsys):
    from vae.commands import listing

    def full(args):
        raise OSError(28, "No space left on device", "/dev/stdout")

    monkeypatch.setattr(listing, "show", full)
    assert main(["list", "families"]) == 1
    assert "error: cannot write /dev/stdout: the disk is full" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_is_full_ends_without_a_traceback():
    with open("/dev/full", "w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "vae", "list", "families"],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "the disk is full" in done.stderr


def test_queued_is_what_a_run_stays_when_the_disk_is_full(disk, monkeypatch):  # noqa: F811
    run = starting.start(planned("a", 3), work=False)
    disk.fill()
    monkeypatch.setattr(os_process, "detached", lambda *a: pytest.fail("it was begun, and could not say how it ended"))
    with folder.lock(), pytest.raises(SaveError):
        worker._launch(run)
    assert folder.find(run.id).state.name == QUEUED
