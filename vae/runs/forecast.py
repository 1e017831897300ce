"""The cost of a training, measured by running some of its steps in a separate process.

The figures are cached for ten minutes by plan, machine, device and by whether a training was running meanwhile; the
number of epochs is not part of the key. Every estimate shown anywhere comes from here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..disk.saving import saving
from ..errors import SaveError, ZscopeError
from ..metrics.bounds import evaluate
from ..models.conditions import told
from ..models.tensors import resident
from ..saved import checkpoint
from ..text import _, duration, ngettext, number, significant, size
from ..training import autosave, experiment, held_out, stream
from ..training.job import Job
from ..training.plan import Plan
from . import os_process
from .folder import RUNNING, home, lock, runs, write
from .map_time import map_seconds
from .reporting import peak_bytes

WARM_STEPS, LEAST_STEPS, MEASURE_S = 3, 2, 2.0  # of a large net a few steps take long enough
STREAMED = 64  # batches of a training set that does not fit
EVALUATED, EVALUATED_NLL = 1_000, 50  # test samples that stand for all
FEW, ENOUGH_S = 10, 0.5  # a tenth of them, where that takes so long
FRESH_S = 600.0
LIMIT_S = 120.0  # for reading the data and building the net, too


class Unmeasured(ZscopeError):
    """The trial steps failed; the message says why, as the training itself would."""


@dataclass(frozen=True)
class Forecast:
    """start_s: until the first step; epoch_s: of one epoch, with its evaluation and saving; finish_s: the last
    evaluation; map_s: the map, as it took in earlier runs here, None before any; peak_bytes: of the process while it
    trains, or of the device where that is CUDA; steps: how many were measured; busy: whether a training was running
    meanwhile, which makes everything slower."""

    start_s: float
    epoch_s: float
    finish_s: float
    peak_bytes: int
    device: str
    steps: int
    busy: bool = False
    map_s: float | None = None

    def total_s(self, epochs: int) -> float:
        """From start to end, with the map if its time is known."""
        return self.start_s + epochs * self.epoch_s + self.finish_s + (self.map_s or 0.0)

    def record(self, epochs: int) -> dict[str, Any]:
        return dataclasses.asdict(self) | {"epochs": epochs, "total_s": self.total_s(epochs)}

    def told(self, epochs: int, models: int = 1) -> str:
        """The forecast in sentences. models: how many such trainings run one after the other."""
        total = duration(models * self.total_s(epochs))
        said = [_("About {time}.", time=total)]
        if models > 1:
            said = [
                ngettext(
                    "About {time} for {n} model.",
                    "About {time} for all {n} models, one after the other.",
                    models,
                    time=total,
                )
            ]
        if self.map_s is None:
            said.append(
                _(
                    "This includes loading the data, training and evaluation, but not the map: how long fitting it "
                    "takes has not been measured on this machine yet."
                )
            )
        else:
            said.append(_("This includes loading the data, training, evaluation and the map."))
        epoch = duration(self.epoch_s) if self.epoch_s >= 10 else f"{significant(self.epoch_s, 2)} s"
        facts = {"epoch": epoch, "memory": size(self.peak_bytes), "device": self.device}
        said.append(
            ngettext(
                "Measured on this machine ({device}) in {n} training step: {epoch} per epoch, {memory} of memory.",
                "Measured on this machine ({device}) in {n} training steps: {epoch} per epoch, {memory} of memory.",
                self.steps,
                **facts,
            )
        )
        if self.busy:
            said.append(_("Another training was running meanwhile, so this one may be faster."))
        return " ".join(said)


def of(plan: Plan) -> Forecast:
    """The forecast of a plan, measured now or taken from the cache. Raises: SettingError: invalid plan. Unmeasured."""
    Job.of(plan)
    if (found := known(plan)) is not None:
        return found
    busy = _busy()
    measured = _measured_apart(plan)
    measured["busy"] = busy or _busy()
    file = _file(plan, measured["busy"])
    with contextlib.suppress(SaveError), lock(), saving(file):  # a full disk keeps no forecast, but has it
        file.parent.mkdir(parents=True, exist_ok=True)
        write(file, measured)
    return _with_map(measured, plan)


def known(plan: Any) -> Forecast | None:
    """The cached forecast of a plan, if it is at most ten minutes old: the load of a machine changes. One that was
    measured beside a running training counts only as long as a training runs."""
    for busy in (False, True) if _busy() else (False,):
        path = _file(plan, busy)
        if path.exists() and time.time() - path.stat().st_mtime <= FRESH_S:
            return _with_map(json.loads(path.read_text("utf-8")), plan)
    return None


def outdated(plan: Any) -> tuple[Forecast, float] | None:
    """The forecast of a plan that was measured last, whatever the load was then, and how many seconds ago."""
    files = [path for path in (_file(plan, False), _file(plan, True)) if path.exists()]
    if not files:
        return None
    last = max(files, key=lambda path: path.stat().st_mtime)
    return _with_map(json.loads(last.read_text("utf-8")), plan), time.time() - last.stat().st_mtime


def _with_map(measured: dict[str, Any], plan: Any) -> Forecast:
    return Forecast(**measured, map_s=map_seconds(plan.points))


def _busy() -> bool:
    """Whether a training is running here."""
    return any(run.state.name == RUNNING for run in runs())


def _file(plan: Any, busy: bool) -> Path:
    settings = sorted((k, str(v)) for k, v in plan.settings.items())
    device = plan.device or os.environ.get("ZSCOPE_DEVICE")
    what = [plan.family, plan.dataset, settings, plan.stream_mb, device, platform.node(), busy]
    return home() / ".estimates" / f"{hashlib.sha256(json.dumps(what).encode()).hexdigest()[:16]}.json"


def _measured_apart(plan: Any) -> dict[str, Any]:
    asked = json.dumps(dataclasses.asdict(plan))
    command = [sys.executable, "-c", "from vae.runs.forecast import main; main()"]
    try:
        done = subprocess.run(
            command,
            input=asked,
            capture_output=True,
            text=True,
            env=os_process.environment(),
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Unmeasured(
            _(
                "fewer than {steps} training steps finished within {seconds} s: the data set or the "
                "network is too large.",
                steps=LEAST_STEPS,
                seconds=number(LIMIT_S),
            )
        ) from None
    if done.returncode:
        last = done.stderr.strip().splitlines() or [_("exit status {code}", code=done.returncode)]
        raise Unmeasured(_("trial training failed: {last}", last=last[-1]))
    return json.loads(done.stdout.splitlines()[-1])


# ---------------------------------------------------------------- in the process of its own


def main() -> None:
    plan = Plan(**json.load(sys.stdin))
    try:
        print(json.dumps(measure(plan)))
    except ZscopeError as error:
        sys.exit(str(error))


def measure(plan: Plan) -> dict[str, Any]:
    """The fields of a Forecast, but for the map: some steps, an evaluation of a part, one save, each timed."""
    began = time.perf_counter()
    import torch

    job = Job.of(plan)
    device, samples = job.device, job.load()
    trainer, _history = experiment.prepare(job, samples)
    given, n = experiment.conditions(job, samples), len(samples.x_train)
    batch = min(trainer.h.batch_size, n)
    some = STREAMED * batch if stream.megabytes(plan.stream_mb, samples.x_train, device) else n
    x = resident(samples.x_train[:some], device)
    rows = torch.randperm(len(x), generator=trainer.order).to(device).split(batch)

    def step(i: int) -> float:
        since, chosen = time.perf_counter(), rows[i % len(rows)]
        c = None if given is None else told(trainer.model, given[chosen])
        loss = trainer.train_step(trainer.inputs(x.index_select(0, chosen)), c)
        loss.total.item()  # so that it has been computed
        return time.perf_counter() - since

    trainer.model.train()
    warm: list[float] = []
    while len(warm) < WARM_STEPS and sum(warm) < MEASURE_S:
        warm.append(step(len(warm)))
    start_s = time.perf_counter() - began
    took: list[float] = []
    while len(took) < LEAST_STEPS or sum(took) < MEASURE_S:
        took.append(step(len(warm) + len(took)))
    step_s = statistics.median(took)  # a page that opens meanwhile keeps the machine busy for some of them

    def evaluation_s(some: int, k: int) -> float:
        """Of one sample."""
        seconds, seen = 0.0, 0
        for part in (max(1, some // FEW), some):
            x, y, c = held_out.on_device(job, samples, "test", part)
            assert x is not None  # every data set has a test set
            since = time.perf_counter()
            evaluate(trainer.model, x, y, c=c, k=k)
            seconds, seen = time.perf_counter() - since, len(x)
            if seconds > ENOUGH_S:
                break
        return seconds / seen

    each_s, last_s = evaluation_s(EVALUATED, 0), evaluation_s(EVALUATED_NLL, experiment.NLL_SAMPLES)
    seen = min(n, held_out.SEEN) if samples.x_validation is None else len(samples.x_validation)
    with saving(checkpoint.root()):
        checkpoint.root().mkdir(parents=True, exist_ok=True)
        trial = tempfile.TemporaryDirectory(dir=checkpoint.root(), prefix=".estimate-")
    with trial as folder:
        since = time.perf_counter()
        files = experiment.model_files(trainer, [])
        files_s = time.perf_counter() - since
        checkpoint.save(Path(folder) / "trial", {}, files)
        save_s = time.perf_counter() - since - files_s
    epoch_s = -(-n // batch) * step_s + seen * each_s + files_s
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else peak_bytes()
    return {
        "start_s": start_s,
        "epoch_s": epoch_s + min(save_s, epoch_s / autosave.SPACING),
        "finish_s": len(samples.x_test) * (each_s + last_s),
        "peak_bytes": peak,
        "device": device.type,
        "steps": len(took),
    }
