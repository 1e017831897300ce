"""kill -9 of trainers, workers and of what looks at them, at random moments: nothing is lost, broken or left over."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vae.runs import control, folder, starting
from vae.saved import checkpoint
from vae.training.plan import Plan

KILLS = int(os.environ.get("KILLS", "50"))
SETTINGS = {"net": "mlp", "width": "8", "d": "2", "batch_size": "1437"}
LOOKS = (
    "import time\nfrom vae.runs import control\nwhile True: control.tend(); time.sleep(0.1)"  # as the Train page does
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(3600),
    pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks for processes in /proc"),
]


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    yield tmp_path
    for pid in processes(tmp_path):
        os.kill(pid, signal.SIGKILL)


def processes(root: Path, word: str = "vae") -> list[int]:
    """Of these checkpoints' trainers and workers, by their command line and their environment."""
    found = []
    for folder_ in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder_ / "cmdline").read_bytes().decode().split("\0")
            ours = f"ZSCOPE_CHECKPOINTS={root}" in (folder_ / "environ").read_bytes().decode().split("\0")
        except OSError:
            continue
        if ours and word in command and int(folder_.name) != os.getpid():
            found.append(int(folder_.name))
    return found


def trainers(root: Path) -> list[int]:
    return processes(root, "--run")


def workers(root: Path) -> list[int]:
    return processes(root, "work")


def wait_until(true, seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.02)


def saved(root: Path, name: str) -> int:
    """Epochs of a whole, verified checkpoint; 0 before there is one."""
    if name not in checkpoint.checkpoints():
        return 0
    one = checkpoint.read(checkpoint.find(name))
    assert [r["epoch"] for r in one.history()] == list(range(1, one.config["epochs_done"] + 1))
    return one.config["epochs_done"]


def wait_for_an_epoch(root: Path) -> None:
    """Or until nothing trains any more."""
    before = saved(root, "one") + saved(root, "two")
    wait_until(lambda: saved(root, "one") + saved(root, "two") > before or not trainers(root))


def test_fifty_kills(root, capsys):
    """Two long runs take turns while somebody looks at them all the time; one of three kinds of process is killed."""
    rng = random.Random(0)
    runs = [starting.start(Plan("vae", "digits", SETTINGS, 1_000_000, name=n), work=False) for n in ("one", "two")]
    looker = begin_looking()
    done, killed = {"one": 0, "two": 0}, {"trainer": 0, "worker": 0, "looker": 0}
    try:
        while sum(killed.values()) < KILLS:
            wait_until(lambda: trainers(root) and workers(root))
            if rng.random() < 0.7:  # mostly once it trains, else while it begins
                wait_for_an_epoch(root)
            time.sleep(rng.uniform(0, 0.3))
            what = rng.choice(list(killed))
            victims = {"trainer": trainers(root), "worker": workers(root), "looker": [looker.pid]}[what]
            if not victims:
                continue
            os.kill(rng.choice(victims), signal.SIGKILL)
            killed[what] += 1
            if what == "looker":
                looker.wait()
                looker = begin_looking()
            for run in runs:
                epochs = saved(root, run.name)
                assert epochs >= done[run.name], "a saved epoch was lost"
                done[run.name] = epochs
                state = folder.find(run.id).state.name  # readable, and never done or stopped
                assert state in (folder.QUEUED, folder.RUNNING, folder.FAILED)
                if state == folder.FAILED:
                    control.resume(run.id, work=False)
            settle = time.monotonic() + 20
            while len(trainers(root)) > 1 and time.monotonic() < settle:
                time.sleep(0.05)  # of two that were begun for one run, one finds it taken and leaves
            assert len(trainers(root)) <= 1, "two at once"
        for run in runs:
            if folder.find(run.id).active:
                control.pause(run.id)
        wait_until(lambda: not any(folder.find(r.id).active for r in runs))
        wait_until(lambda: not processes(root))  # no orphans: all have ended by themselves
    finally:
        looker.kill()
        looker.wait()
    assert min(done.values()) > 0
    assert min(killed.values()) > 0
    for run in runs:
        assert folder.find(run.id).state.name in (folder.PAUSED, folder.FAILED)
        assert saved(root, run.name) >= done[run.name]
    left = {p.name for p in root.iterdir()} - {"one", "two", ".lock", ".runs"}
    assert not {name for name in left if not name.endswith(".partial")}, left  # a partial is swept by the next save
    with capsys.disabled():
        print(f"\nkilled {killed}; epochs saved {done}; left beside: {sorted(left)}")


def begin_looking() -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", LOOKS], stderr=subprocess.DEVNULL)
