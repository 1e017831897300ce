"""Sweeps: the same training repeated at several values of one setting, and the models that come of it.

A sweep is a folder below `checkpoints/.ladders/`. Its ladder.json lists the models and their values; what the models
make of the same samples is stored beside it (vae.sweeps.comparison). Its models are ordinary checkpoints, trained by
ordinary runs. The names on disk are those of older versions, so that their sweeps open.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count, islice, product
from pathlib import Path
from string import ascii_lowercase

from ..disk.saving import saving
from ..errors import SettingError, UnknownName, ZscopeError
from ..registry import FAMILIES
from ..runs import control, starting
from ..runs.folder import DONE, RUNNING, Run, runs, write
from ..saved import checkpoint, folders, names
from ..saved.names import NAME
from ..settings import configure, knobs
from ..text import _
from ..training.job import Job
from ..training.plan import Plan

FOLDER, RECORD, MODELS = ".ladders", "ladder.json", "rungs"  # on disk
MOST = 10
OVER = {"beta": (0.0, 0.1, 0.5, 1.0, 2.0, 4.0, 10.0), "d": (2.0, 4.0, 8.0, 16.0, 32.0)}  # what is proposed
GONE = "gone"  # the state of a model whose checkpoint and run were deleted


@dataclass(frozen=True)
class Disk:
    """All runs and checkpoints as they were when read, so that several sweeps need to read them only once."""

    runs: Sequence[Run]
    checkpoints: Mapping[str, Path]


@dataclass(frozen=True)
class Sweep:
    """models: names of the checkpoints. values: what each has for `setting`, in the same order, ascending."""

    folder: Path
    family: str
    dataset: str
    setting: str
    values: tuple[float, ...]
    models: tuple[str, ...]
    command: str

    @property
    def name(self) -> str:
        return self.folder.name

    def runs(self, disk: Disk | None = None) -> dict[str, Run]:
        """model -> its newest run, for models that have one."""
        return {run.name: run for run in (disk.runs if disk else runs()) if run.name in self.models}

    def states(self, disk: Disk | None = None) -> dict[str, str]:
        """model -> the state of its run; DONE or GONE for a model without a run."""
        disk = disk or read()
        begun, known = self.runs(disk), disk.checkpoints
        return {n: begun[n].state.name if n in begun else DONE if n in known else GONE for n in self.models}

    def running(self, disk: Disk | None = None) -> bool:
        """True if one of its models is queued or training."""
        return any(run.active for run in self.runs(disk).values())


# ---------------------------------------------------------------- reading


def home() -> Path:
    """The folder of the sweeps trained here."""
    return checkpoint.root() / FOLDER


def read() -> Disk:
    """The runs and checkpoints that are there now."""
    return Disk(runs(), checkpoint.checkpoints())


def known() -> dict[str, Sweep]:
    """name -> sweep, of all that exist."""
    found = [p for base in (folders.packed(), checkpoint.root()) if base for p in base.glob(f"{FOLDER}/[!.]*/{RECORD}")]
    return {name: _read(path) for name, path in sorted({path.parent.name: path for path in found}.items())}


def find(name: str) -> Sweep:
    """The sweep of that name. Raises: UnknownName, which lists those that exist."""
    found = known()
    if name not in found:
        raise UnknownName(_("sweep"), name, found)
    return found[name]


def of_model(name: str) -> Sweep | None:
    """The sweep that a checkpoint belongs to, or None."""
    return next((sweep for sweep in known().values() if name in sweep.models), None)


def shipped() -> frozenset[str]:
    """Names of the sweeps that come with zscope: those inside the installed package; in a clone, those whose models all
    come with zscope."""
    if packed := folders.packed():
        return frozenset(name for name, sweep in known().items() if sweep.folder.is_relative_to(packed))
    ours = names.shipped()
    return frozenset(name for name, sweep in known().items() if ours.issuperset(sweep.models))


def _read(path: Path) -> Sweep:
    record = json.loads(path.read_text("utf-8"))
    values, models = (tuple(record.pop(key)) for key in ("values", MODELS))
    return Sweep(path.parent, **record, values=values, models=models)


# ---------------------------------------------------------------- planning


def offered(family: str) -> list[str]:
    """Numeric settings of a family that can be swept, those in OVER first."""
    return _numbers(FAMILIES.get(family).Hparams)


def _numbers(hparams: type) -> list[str]:
    known = knobs(hparams)
    numbers = [name for name, k in known.items() if k["type"] in (int, float)]
    return sorted(numbers, key=lambda name: (name not in OVER, list(OVER).index(name) if name in OVER else 0))


def parse(text: str) -> tuple[float, ...]:
    """ "0, .1 .5" -> (0.0, 0.1, 0.5). Raises: SettingError: something that is no number."""
    try:
        return tuple(float(word) for word in re.split(r"[\s,;]+", text.strip()) if word)
    except ValueError:
        raise SettingError(
            _("values {text!r}: expected numbers, for example 0, .1, .5, 1, 2, 4, 10.", text=text)
        ) from None


def plans(base: Plan, setting: str, values: Sequence[float | int]) -> list[Plan]:
    """One plan for each value, named NAME-VALUE, the lowest value first.

    Raises: SettingError: not a numeric setting of the family, values outside its range, fewer than 2 values or more
    than MOST.
    """
    hparams = FAMILIES.get(base.family).Hparams
    if setting not in _numbers(hparams):
        raise SettingError(
            _(
                "cannot sweep {setting!r}: expected a numeric setting of {family}: {numbers}.",
                setting=setting,
                family=base.family,
                numbers=", ".join(_numbers(hparams)),
            )
        )
    kind = knobs(hparams)[setting]["type"]
    given = sorted({float(value) for value in values})
    if not 2 <= len(given) <= MOST:
        raise SettingError(_("a sweep needs 2 to {most} different values: given {given}.", given=len(given), most=MOST))
    for value in given:
        configure(hparams, {setting: f"{value:g}"})
    name = name_of(base, setting)
    return [dataclasses.replace(base, settings=base.settings | {setting: kind(v)}, name=f"{name}-{v:g}") for v in given]


def name_of(base: Plan, setting: str) -> str:
    """The name of a sweep; its models are called NAME-VALUE."""
    return base.name or f"{base.dataset}-{setting}".replace("_", "-")


def free_name(wanted: str) -> str:
    """`wanted`, with a letter added if it is taken by a sweep or a model. A number there would read as a value."""
    disk = read()
    taken = {*known(), *disk.checkpoints, *(run.name for run in disk.runs)}
    stems = {re.sub(r"--?\d[-+.\de]*$", "", name) for name in taken}
    letters = ("".join(some) for n in count(1) for some in product(ascii_lowercase, repeat=n))
    names = chain([wanted], (f"{wanted}-{some}" for some in islice(letters, 1, None)))
    return next(name for name in names if name not in taken | stems)


def command(base: Plan, setting: str, values: Sequence[float | int]) -> str:
    """The shell command that repeats the sweep."""
    name = name_of(base, setting)
    rest = {k: v for k, v in base.settings.items() if k != setting}
    plain = dataclasses.replace(base, settings=rest, name=name).command()
    over = f"--over {setting}={','.join(f'{v:g}' for v in values)}"
    return plain.replace(" train ", " sweep train ", 1).replace(" --epochs ", f" {over} --epochs ", 1)


def check(base: Plan, setting: str, values: Sequence[float | int]) -> list[Plan]:
    """The plans, if all of them can start. Raises: SettingError: as `plans`, or a name is taken."""
    every = plans(base, setting, values)
    name = name_of(base, setting)
    if not re.fullmatch(NAME, name):
        raise SettingError(
            _("name {name!r}: expected letters, digits, '.', '_' and '-', not starting with '.'.", name=name)
        )
    if name in known():
        raise SettingError(
            _(
                "sweep {name!r} already exists: choose another name, for example {free_name}.",
                name=name,
                free_name=free_name(name),
            )
        )
    for plan in every:
        Job.of(plan)
        if why := control.taken(plan.checkpoint_name()):
            raise SettingError(
                _(
                    "{why} Choose another name for the sweep, for example {free_name}.",
                    why=why,
                    free_name=free_name(name),
                )
            )
    return every


# ---------------------------------------------------------------- training


def start(base: Plan, setting: str, values: Sequence[float | int], *, work: bool = True) -> Sweep:
    """Queue one training for each value. If one fails, the others go on.

    Raises: SettingError: as `check`. SaveError. Nothing is queued then.
    """
    every = check(base, setting, values)
    name, climbed = name_of(base, setting), [float(plan.settings[setting]) for plan in every]
    begun: list[Run] = []
    record = {
        "family": base.family,
        "dataset": base.dataset,
        "setting": setting,
        "values": climbed,
        MODELS: [plan.name for plan in every],
        "command": command(base, setting, climbed),
    }
    try:
        for plan in every:
            begun.append(starting.start(plan, work=False))
        with saving(home() / name):
            (home() / name).mkdir(parents=True)
        write(home() / name / RECORD, record)
    except ZscopeError:  # the name was taken in the meantime, or the disk is full
        for run in begun:
            control.delete(run.id)
        with contextlib.suppress(OSError):
            (home() / name).rmdir()
        raise
    if work:
        control.tend()
    return find(name)


def rename_model(name: str, new: str) -> None:
    """Enter the new name of a checkpoint in the sweep that it belongs to."""
    if sweep := of_model(name):
        record = json.loads((sweep.folder / RECORD).read_text("utf-8"))
        write(sweep.folder / RECORD, record | {MODELS: [new if model == name else model for model in sweep.models]})


def delete(name: str, *, models: bool = False) -> None:
    """Delete a sweep, its stored comparison and its runs; with models=True also its checkpoints.

    Raises: SettingError: it comes with zscope, or one of its models is training.
    """
    sweep = find(name)
    if name in shipped():
        raise SettingError(_("sweep {name} comes with zscope and cannot be deleted.", name=name))
    if busy := [model for model, run in sweep.runs().items() if run.state.name == RUNNING]:
        raise SettingError(_("cannot delete sweep {name}: {busy} is training. Stop it first.", name=name, busy=busy[0]))
    gone = sweep.folder.with_name(f".{name}.partial")
    shutil.rmtree(gone, ignore_errors=True)
    for run in sweep.runs().values():
        control.delete(run.id, model=models)
    for model in sweep.models if models else ():
        if model in checkpoint.checkpoints():
            checkpoint.delete(model)
    with saving(sweep.folder):
        os.rename(sweep.folder, gone)
    shutil.rmtree(gone, ignore_errors=True)
