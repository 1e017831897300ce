"""Runs as folders: states and who may pass into which, the queue, processes that are gone, causes and advice."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import time

import pytest

from vae.__main__ import main
from vae.errors import SettingError, UnknownName
from vae.runs import control, diagnosis, folder, os_process, starting
from vae.runs.folder import DONE, FAILED, PAUSED, QUEUED, RUNNING, STOPPED
from vae.saved import checkpoint
from vae.training.plan import Plan

SPEC = {"shape": [1, 8, 8], "n_data": 1, "n_classes": 0, "modality": "image"}
SPARE = {"hparams": {}, "spec": SPEC, "classes": []}  # of a card, beside names


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


def queued(name: str = "a", **settings) -> folder.Run:
    """A run that nobody works on."""
    return starting.start(Plan("vae", "digits", {"net": "mlp", "width": "8", **settings}, 3, name=name), work=False)


def running(run: folder.Run, process: os_process.Process) -> folder.Run:
    with folder.lock():
        return folder.change(run, RUNNING, pid=process.pid, began=process.began)


def now(run: folder.Run) -> folder.State:
    return folder.find(run.id).state


@pytest.fixture
def sleeper():
    """A process of its own that does nothing, long."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as begun:
        yield os_process.Process(begun.pid, os_process.began(begun.pid))
        begun.kill()


# ---------------------------------------------------------------- states


def test_a_run_holds_its_plan_and_waits():
    run = queued(lr="0.01")
    assert run.state.name == QUEUED
    assert run.plan["settings"]["lr"] == "0.01"
    assert run.plan["command"].startswith("python -m vae train vae digits --set net=mlp")
    assert control.working() is False


def test_the_queue_is_in_the_order_of_asking_and_a_resumed_run_goes_to_its_end():
    a, b, c = queued("a"), queued("b"), queued("c")
    assert [r.name for r in folder.waiting(folder.runs())] == ["a", "b", "c"]
    control.pause(b.id)
    assert [r.name for r in folder.waiting(folder.runs())] == ["a", "c"]
    control.resume(b.id, work=False)
    assert [r.name for r in folder.waiting(folder.runs())] == ["a", "c", "b"]
    assert [r.id for r in folder.runs()] == [a.id, b.id, c.id]


def test_what_may_follow_which_state(sleeper):
    run = queued()
    with pytest.raises(SettingError, match=r"cannot resume .* it is queued, expected paused or stopped or failed"):
        control.resume(run.id, work=False)
    running(run, sleeper)
    assert control.pause(run.id).request == "pause"
    assert now(run).name == RUNNING  # until its process has done so
    assert control.stop(run.id).request == "stop"
    with pytest.raises(SettingError, match=r"cannot delete .* it is running"):
        control.delete(run.id)
    assert (run.folder / folder.STATE).exists()
    with folder.lock():
        folder.change(folder.find(run.id), DONE)
    for act in (control.pause, control.stop, control.resume):
        with pytest.raises(SettingError, match="it is done"):
            act(run.id)
    control.delete(run.id)
    assert folder.runs() == []
    assert [p.name for p in folder.home().iterdir() if p.name not in (".lock", ".work.lock")] == []
    with pytest.raises(UnknownName, match=r"unknown run .*Known: none"):
        folder.find(run.id)


def test_stopping_now_ends_the_process_and_the_run_is_stopped_not_failed(sleeper):
    run = running(queued(), sleeper)
    control.stop(run.id, now=True)
    assert not sleeper.alive()
    assert now(run).name == STOPPED


def test_names_that_are_taken_and_plans_that_no_training_takes_are_refused(tiny_root, monkeypatch):
    queued("a")
    with pytest.raises(SettingError, match=r"trains 'a' and is queued\. Choose another name, for example a-2"):
        queued("a")
    for plan, said in (
        (Plan("vae", "digits", {}, 0), "epochs=0"),
        (Plan("vae", "digits", {"d": "0"}), "d='0'|d=0"),
        (Plan("vae", "digits", {"nonsense": "1"}), "unknown setting 'nonsense'"),
        (Plan("vrnn", "digits", {}), "vrnn models samples of layout line, not image"),
        (Plan("vae", "digits", {}, name="../a"), "expected letters"),
    ):
        with pytest.raises(SettingError, match=said):
            starting.start(plan, work=False)
    assert len(folder.runs()) == 1
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tiny_root))
    with pytest.raises(
        SettingError, match=r"Checkpoint 'tiny-vae' already exists\. Choose another name, for example tiny-vae-2"
    ):
        control.refuse_taken("tiny-vae")


def test_a_finished_run_frees_its_name_only_with_its_checkpoint(root):
    run = queued("a")
    with folder.lock():
        folder.change(run, DONE)
    checkpoint.save(root / "a", {"name": "a"}, {})
    with pytest.raises(SettingError, match="Checkpoint 'a' already exists"):
        queued("a")
    control.delete(run.id, model=True)
    assert checkpoint.checkpoints() == {}
    assert queued("a").state.name == QUEUED


def test_a_run_that_is_gone_is_told_in_a_line():
    runs = [queued(f"model-{i}") for i in range(9)]
    with pytest.raises(UnknownName) as told:
        folder.find("20261122-130900-123-model-7")
    assert "and 6 others" in str(told.value)
    assert not [run.id for run in runs if run.id in str(told.value)]


def test_a_line_that_is_being_written_is_left_out():
    run = queued()
    (run.folder / folder.EPOCHS).write_text('{"epoch": 1}\n{"epoch": 2}\n{"epo')
    assert [record["epoch"] for record in run.epochs()] == [1, 2]


# ---------------------------------------------------------------- processes that are gone


def test_a_run_whose_process_is_gone_has_failed_and_can_go_on(sleeper):
    run = running(queued(), sleeper)
    assert now(run).name == RUNNING
    os.kill(sleeper.pid, 9)
    wait_until(lambda: not sleeper.alive())
    assert now(run).name == FAILED
    assert now(run).cause == diagnosis.GONE
    assert control.resume(run.id, work=False).state.name == QUEUED
    assert now(run).cause == ""


def test_another_process_with_the_number_of_a_dead_one_is_not_taken_for_it(sleeper):
    """And is never ended in its place."""
    recycled = os_process.Process(sleeper.pid, "an earlier boot 123")
    run = running(queued(), recycled)
    recycled.end(grace_s=0.1)
    assert sleeper.alive()
    assert now(run).name == FAILED


def test_a_process_that_has_ended_and_was_not_asked_about_yet_is_gone():
    begun = subprocess.Popen([sys.executable, "-c", ""])
    process = os_process.Process(begun.pid, os_process.began(begun.pid))
    wait_until(lambda: not process.alive())
    assert begun.wait() == 0


def test_whoever_starts_a_process_may_go_and_it_stays(tmp_path):
    said = "import time; print('here', flush=True); time.sleep(600)"
    code = "import os; from pathlib import Path; from vae.runs.os_process import detached\n"
    code += f"print(detached(['-c', {said!r}], Path({str(tmp_path / 'log')!r})).pid, flush=True); os._exit(0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    process = os_process.Process(int(done.stdout), os_process.began(int(done.stdout)))
    try:
        wait_until(lambda: (tmp_path / "log").read_text() == "here\n")
        assert process.alive()
        assert os.getsid(process.pid) == process.pid  # closing the terminal does not reach it
    finally:
        process.end()
    assert not process.alive()


def wait_until(true, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


# ---------------------------------------------------------------- causes and advice


@pytest.mark.parametrize(
    ("log", "cause", "advice"),
    [
        (
            "epoch 1/3\nerror: elbo_nats is nan by step 12: try a lower lr, or a smaller clip.",
            "elbo_nats is nan",
            "0.001",
        ),
        (
            "error: 9 of 9 latents are no numbers: the training diverged.",
            "diverged",
            "Train again with a tenth of the learning rate",
        ),
        ("RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory", "can't allocate", "batch_size (64"),
        ("torch.OutOfMemoryError: CUDA out of memory. Tried", "CUDA out of memory", "batch_size (64 instead of 128)"),
        ("error: could not save /a/b: No space left on device.", "No space left", "Free some disk space"),
        ("error: MNIST (mnist) is not on this machine and could not be downloaded.", "MNIST", "Get the data"),
        ("epoch 1/3\nepoch 2/3", diagnosis.GONE, "Resume"),
        ("", diagnosis.GONE, "Resume"),
    ],
)
def test_a_log_tells_the_cause_and_what_to_change(log, cause, advice):
    found = diagnosis.of_log(log, {"settings": {"lr": "0.01"}})
    assert cause in found.cause
    assert advice in found.advice


def test_a_killed_process_is_told_from_one_that_said_why():
    assert "signal 9" in diagnosis.of_exit(-9, "", {}).cause
    assert "smaller batch_size" in diagnosis.of_exit(-9, "", {}).advice
    assert "SIGSEGV" in diagnosis.of_exit(-11, "", {}).cause
    assert diagnosis.of_exit(1, "error: it is nan now", {}).cause == "it is nan now"


def test_an_error_is_told_as_its_log_is():
    for error in (MemoryError("no more"), OSError(28, "No space left on device")):
        found = diagnosis.of_error(error, {})
        assert found.advice == diagnosis.of_log(f"{type(error).__name__}: {error}", {}).advice
        assert found.advice != diagnosis.of_log("", {}).advice


# ---------------------------------------------------------------- the command line


def test_the_command_line_lists_shows_and_steers(capsys, monkeypatch):
    monkeypatch.setattr(control, "tend", folder.runs)
    run = queued("a")
    assert main(["runs", "pause", "a"]) == 0
    assert now(run).name == PAUSED
    with folder.lock():
        folder.fail(folder.find("a"), diagnosis.Diagnosis("it broke", "mend it"))
    assert main(["runs", "show", "a"]) == 0
    said = capsys.readouterr().out
    assert "cause: it broke" in said
    assert "advice: mend it" in said
    assert main(["runs", "resume", "a", "--lr", "1e-4"]) == 0
    assert folder.find("a").plan["settings"]["lr"] == 1e-4
    assert "lr=0.0001" in folder.find("a").plan["command"]
    capsys.readouterr()
    assert main(["runs", "list", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)[0]
    assert (record["name"], record["state"], record["place_in_queue"]) == ("a", "queued", 1)
    assert main(["runs", "stop", "a"]) == 0
    assert now(run).name == STOPPED
    assert main(["runs", "delete", "a"]) == 0
    assert main(["runs", "delete", "a"]) == 1
    assert "unknown run 'a'" in capsys.readouterr().err


def test_the_time_left_is_that_of_a_run_that_trains(capsys, monkeypatch, sleeper):
    monkeypatch.setattr(control, "tend", folder.runs)
    run = queued("a")  # resumed: its progress is from before
    folder.write(run.folder / folder.PROGRESS, {"epoch": 1, "epochs": 3, "seconds_left": 1260.0})
    assert main(["runs", "show", "a"]) == 0
    assert "left" not in capsys.readouterr().out
    running(run, sleeper)
    assert main(["runs", "show", "a"]) == 0
    assert "21 minutes left" in capsys.readouterr().out


def test_the_command_line_says_that_a_resumed_run_starts_anew(root, capsys, monkeypatch):
    monkeypatch.setattr(control, "tend", folder.runs)
    for name, saved in (("kept", True), ("gone", False), ("never", False)):
        run = queued(name)
        if name != "never":
            (run.folder / folder.EPOCHS).write_text('{"epoch": 1}\n')
        if saved:
            checkpoint.save(root / name, {k: run.plan[k] for k in ("name", "family", "dataset", "seed")} | SPARE, {})
        with folder.lock():
            folder.change(run, STOPPED)
        said = f"checkpoint {name} no longer exists"
        assert main(["runs", "show", name]) == 0
        assert (said in capsys.readouterr().out) == (name == "gone")
        assert main(["runs", "resume", name]) == 0
        out = capsys.readouterr().out
        assert (f"{said}: {run.id} starts again from the first epoch\n" in out) == (name == "gone")
        assert f"{run.id}: queued" in out
        assert (run.epochs() == []) == (name != "kept")


def test_the_command_line_promises_no_saved_epoch_that_is_not_there(root, capsys, monkeypatch):
    monkeypatch.setattr(control, "tend", folder.runs)
    run = queued("a")
    with folder.lock():
        folder.fail(run, diagnosis.Diagnosis("it was killed", diagnosis.AGAIN))
    for promised in (False, True):
        assert main(["runs", "show", "a"]) == 0
        out = capsys.readouterr().out
        assert "cause: it was killed" in out
        assert (f"advice: {diagnosis.AGAIN}" in out) == promised
        checkpoint.save(root / "a", {"name": "a"}, {})


def test_the_command_line_says_how_a_stopped_run_gets_a_map(root, capsys):
    for name in ("saved", "fresh"):
        run = queued(name)
        if name == "saved":
            checkpoint.save(root / name, {k: run.plan[k] for k in ("name", "family", "dataset", "seed")} | SPARE, {})
        control.pause(run.id)
        assert main(["runs", "stop", name]) == 0
        out = capsys.readouterr().out
        assert f"{run.id}: stopped" in out
        assert (f"python -m vae runs map {run.id}" in out) == (name == "saved")


def test_reading_and_steering_runs_needs_no_torch():
    code = "import sys; from vae.runs import control, worker; control.tend(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_state_is_whole_whenever_it_is_read():
    """Written over and over in a process beside us while we read."""
    run = queued()
    code = "import sys, dataclasses; from pathlib import Path; from vae.runs import folder\n"
    code += "run = folder.read(Path(sys.argv[1]))\nwhile True: run = folder.change(run, 'paused', cause='x' * 5000)"
    writer = subprocess.Popen([sys.executable, "-c", code, str(run.folder)])
    try:
        wait_until(lambda: folder.read(run.folder).state.name == PAUSED)
        for _ in range(300):
            assert folder.read(run.folder).state.name == PAUSED
    finally:
        writer.kill()
        writer.wait()
    assert dataclasses.asdict(now(run))["cause"] in ("x" * 5000, "")
