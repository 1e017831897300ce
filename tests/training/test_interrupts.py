"""Training that is killed or interrupted: nothing but the current epoch is lost, and what to do is said."""

from __future__ import annotations

import _thread
import os
import shlex
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

import vae
from vae.__main__ import main, parser
from vae.saved import checkpoint
from vae.training import experiment
from vae.training.experiment import Plan

PROJECT = Path(vae.__file__).resolve().parents[1]
TINY = {"net": "mlp", "width": "8", "d": "2"}


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def interruptible():
    """Ctrl-C acts as in a terminal, here and in children; what a shell starts in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


KILLS = """
    # Trains in a child, kills it at a random moment, checks what it left; then goes on with --resume. Imports once.
    import os, random, signal, sys, time
    import torch
    torch.set_num_threads(1)
    import vae.commands.training
    from vae.saved import checkpoint
    from vae.training import autosave, experiment
    from vae.__main__ import main
    from vae.registry import DATASETS

    autosave.SPACING = 1.0  # so that a save comes every few epochs
    DATASETS.get("digits").load()
    plan = ["train", "vae", "digits", "--epochs", "100000", "--name", "a"]
    plan += [s for k in ("net=mlp", "width=8", "d=2", "batch_size=1437") for s in ("--set", k)]
    random.seed(int(sys.argv[1]))

    def stamp():
        try:
            return (checkpoint.root() / "a" / "config.json").stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def to(epoch, name, **options):
        events = experiment.train(experiment.Plan("vae", "digits", settings, 100000, 0, name), **options)
        for event in events:
            if event.kind == "epoch" and event.epoch == epoch:
                events.close()
        return checkpoint.read(checkpoint.root() / name).files["model.safetensors"]

    settings = {"net": "mlp", "width": "8", "d": "2", "batch_size": "1437"}
    to(1, "straight")  # what is imported on the way need not be again after a fork
    done, kills = 0, 0
    while kills < 6:
        child = os.fork()
        if not child:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            os._exit(main(plan + ["--resume"] * ("a" in checkpoint.checkpoints())))
        deadline, begun = time.time() + 30, stamp()
        while stamp() == begun and time.time() < deadline:
            time.sleep(0.002)  # left alone until it saves, and from then on it saves about 10 times a second
        time.sleep(random.uniform(0.0, 0.3))
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "training ended by itself"
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        saved = checkpoint.read(checkpoint.checkpoints()["a"])
        assert saved.config["epochs_done"] == len(saved.history()) >= max(1, done)
        assert [r["epoch"] for r in saved.history()] == list(range(1, len(saved.history()) + 1))
        done, kills = saved.config["epochs_done"], kills + 1

    assert to(done + 1, "a", resume=True) == to(done + 1, "straight", resume=True), "not the run that was never killed"
    assert sorted(p.name for p in checkpoint.root().iterdir() if p.name != ".lock") == ["a", "straight"], "litter"
    print(done)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_sigkill_at_any_moment_leaves_a_whole_checkpoint_that_goes_on(root):
    """6 times; the last run on the pieces equals, bit for bit, one that was never killed."""
    command = [sys.executable, "-c", textwrap.dedent(KILLS), "0"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False, timeout=150)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) > 6, "hardly an epoch was saved: the test says nothing"


def test_ctrl_c_loses_at_most_the_epoch_and_says_how_to_go_on(root):
    settings = [s for k, v in (TINY | {"batch_size": "8"}).items() for s in ("--set", f"{k}={v}")]
    command = [sys.executable, "-m", "vae", "train", "vae", "digits", "--epochs", "9999", "--name", "a", *settings]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=PROJECT)
    lines = []
    for line in process.stderr:
        lines.append(line)
        if line.startswith("epoch 2/"):
            process.send_signal(signal.SIGINT)
            break
    rest = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) == 130
    assert "Traceback" not in rest
    saved = checkpoint.read(root / "a")
    printed = [line for line in "".join([*lines, rest]).splitlines() if line.startswith("epoch ")]
    assert saved.config["epochs_done"] == len(saved.history()) >= max(2, len(printed))
    said = next(line for line in rest.splitlines() if "To resume: " in line)
    arguments = shlex.split(said.split("To resume: ")[1])[3:]
    assert arguments[-1] == "--resume"
    args = parser().parse_args(arguments)
    plan = Plan(args.family, args.dataset, dict(args.settings), args.epochs, args.seed, args.name)
    events = experiment.train(plan, resume=True)
    assert next(e for e in events if e.kind == "epoch").epoch == 1 + len(saved.history())
    events.close()


def test_a_finished_training_says_what_to_do_next(root, capsys):
    settings = [s for k, v in TINY.items() for s in ("--set", f"{k}={v}")]
    assert main(["train", "vae", "digits", "--epochs", "1", "--name", "a", "--points", "40", *settings]) == 0
    said = capsys.readouterr().err
    assert "python -m vae eval a --metrics all" in said
    assert "choose a at the top" in said


def test_ctrl_c_before_the_first_epoch_does_not_offer_to_resume(root, capsys):
    settings = [s for k, v in (TINY | {"batch_size": "1"}).items() for s in ("--set", f"{k}={v}")]
    timer = threading.Timer(0.3, _thread.interrupt_main)
    timer.start()
    try:
        code = main(["train", "vae", "digits", "--epochs", "1", "--name", "a", *settings])
    finally:
        timer.join()
    assert code == 130
    said = capsys.readouterr().err
    assert "nothing is saved. To start again: python -m vae train vae digits" in said
    assert "--resume" not in said
    assert checkpoint.checkpoints() == {}
