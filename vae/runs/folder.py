"""A run is a folder below `checkpoints/.runs/`: read whole, written in one step, passed on under one lock.

plan.json (what is trained), state.json (how it stands), progress.json (where it is just now), epochs.jsonl (a line an
epoch), log.txt (what it printed), request (what was asked of it) and snapshots/ (how its latent space formed).
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock

from ..disk import one_step
from ..disk.saving import saving
from ..errors import FEW, SaveError, UnknownName
from ..saved import checkpoint
from .diagnosis import Diagnosis, of_log
from .os_process import Process

QUEUED, RUNNING, PAUSED, STOPPED, DONE, FAILED = STATES = ("queued", "running", "paused", "stopped", "done", "failed")
PLAN, STATE, PROGRESS, EPOCHS, LOG, REQUEST = (
    "plan.json",
    "state.json",
    "progress.json",
    "epochs.jsonl",
    "log.txt",
    "request",
)
TAIL_BYTES = 64_000


@dataclass(frozen=True)
class State:
    """How a run stands. since, queued: seconds since 1970; pid, began: its process; cause, advice: of a failure."""

    name: str
    since: float
    queued: float = 0.0
    pid: int = 0
    began: str = ""
    cause: str = ""
    advice: str = ""

    @property
    def process(self) -> Process:
        return Process(self.pid, self.began)


@dataclass(frozen=True)
class Run:
    """One run, as it was when read. plan: fields of training.plan.Plan. progress: of its last event, {} before any."""

    folder: Path
    plan: dict[str, Any]
    state: State
    progress: dict[str, Any]
    request: str

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def name(self) -> str:
        """Of the checkpoint it trains."""
        return self.plan["name"]

    @property
    def active(self) -> bool:
        return self.state.name in (QUEUED, RUNNING)

    @property
    def lost(self) -> bool:
        """Whether its process ended without a word."""
        return self.state.name == RUNNING and not self.state.process.alive()

    def epochs(self) -> list[dict[str, Any]]:
        """The figures of every finished epoch, in order; a line that is just being written is left out."""
        return list(_lines(self.folder / EPOCHS))

    def log(self, lines: int = 40) -> str:
        """The last lines that it printed."""
        return _tail(self.folder / LOG, lines)


# ---------------------------------------------------------------- reading


def home() -> Path:
    return checkpoint.root() / ".runs"


def runs() -> list[Run]:
    """All runs, in the order in which they were begun. One whose process is gone is told so: it has failed."""
    found = [read(path.parent) for path in sorted(home().glob(f"[!.]*/{STATE}"))]
    return [_repaired(run) if run.lost else run for run in found if run is not None]


def find(id: str) -> Run:
    """By id, or by the name of its checkpoint (the newest of that name). Raises: UnknownName."""
    every = runs()
    for run in reversed(every):
        if id in (run.id, run.name):
            return run
    raise UnknownName("run", id, {run.name for run in every}, most=FEW)


def waiting(every: list[Run]) -> list[Run]:
    """The queue, the next one first."""
    return sorted((r for r in every if r.state.name == QUEUED), key=lambda r: (r.state.queued, r.id))


def read(folder: Path) -> Run | None:
    """As it stands on the disk. None: it was deleted, perhaps just now."""
    try:
        plan = json.loads((folder / PLAN).read_text("utf-8"))
        state = State(**json.loads((folder / STATE).read_text("utf-8")))
    except FileNotFoundError:
        return None
    return Run(folder, plan, state, _progress(folder), requested(folder))


def requested(folder: Path) -> str:
    """What was asked of it: "pause", "stop" or nothing."""
    try:
        return (folder / REQUEST).read_text("utf-8")
    except FileNotFoundError:
        return ""


def _progress(folder: Path) -> dict[str, Any]:
    try:
        return json.loads((folder / PROGRESS).read_text("utf-8"))
    except FileNotFoundError:
        return {}


def _repaired(run: Run) -> Run:
    try:
        with lock():
            now = read(run.folder)
            if now is None or not now.lost:
                return now or run
            name, why = _lost(now)
            return change(now, name, **why)
    except SaveError:  # the disk is full or read-only: told all the same, and noted once it can be
        name, why = _lost(run)
        return _in_state(run, name, **why)


def _lost(run: Run) -> tuple[str, dict[str, str]]:
    """The state of a run whose process ended without a word, and why."""
    if run.request == "stop":
        return STOPPED, {}
    return FAILED, dataclasses.asdict(of_log(run.log(), run.plan, run.folder))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    if path.exists():
        for line in path.read_text("utf-8").splitlines(keepends=True):
            if line.endswith("\n"):
                yield json.loads(line)


def _tail(path: Path, lines: int) -> str:
    if not path.exists():
        return ""
    with open(path, "rb") as f:
        f.seek(max(0, path.stat().st_size - TAIL_BYTES))
        text = f.read().decode("utf-8", "replace")
    return "\n".join([line.rstrip() for line in text.splitlines() if line.strip()][-lines:])


# ---------------------------------------------------------------- writing


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """Held while a run passes from one state to another. Raises: SaveError: the folder of the runs is read-only."""
    with saving(home()):
        home().mkdir(parents=True, exist_ok=True)
        held = FileLock(home() / ".lock", is_singleton=True, thread_local=True, poll_interval=0.01)
        held.acquire()
    try:
        yield
    finally:
        held.release()


def write(path: Path, data: dict[str, Any] | str, *, flush: bool = True) -> None:
    """JSON, or text as it is, in one step: whoever reads finds the old or the new. flush: it shall also outlive a
    failure of the machine's power. One at a time may write a file: with the lock, or as its run's own process.
    Raises: SaveError."""
    one_step.write(path, (data if isinstance(data, str) else json.dumps(data)).encode(), flush=flush)


def change(run: Run, name: str, **changes: Any) -> Run:
    """Pass into another state; only with the lock. What is not given of process, cause and advice is none.
    Raises: SaveError."""
    changed = _in_state(run, name, **changes)
    write(run.folder / STATE, dataclasses.asdict(changed.state))
    return changed


def _in_state(run: Run, name: str, **changes: Any) -> Run:
    return replace(run, state=replace(State(name, time.time(), run.state.queued), **changes))


def fail(run: Run, found: Diagnosis) -> Run:
    """Pass into failed; only with the lock. Raises: SaveError."""
    return change(run, FAILED, cause=found.cause, advice=found.advice)
