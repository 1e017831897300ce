"""Ladders: the same training at several values of one setting, and its models as one thing to look at.

A ladder is a folder below `checkpoints/.ladders/`: ladder.json says which models, at which values; what they make of
the same samples is kept beside it (vae.sweeps.comparison). Its models are checkpoints like others, trained by runs
like others.
"""

from __future__ import annotations

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
from typing import Any

from ..errors import SettingError, UnknownName
from ..registry import FAMILIES
from ..runs import control, starting
from ..runs.folder import DONE, RUNNING, Run, runs, write
from ..saved import checkpoint, folders, names
from ..saved.names import NAME
from ..settings import configure, knobs
from ..text import _
from ..training.job import Job
from ..training.plan import Plan

FOLDER, LADDER, MOST = ".ladders", "ladder.json", 10
OVER = {"beta": (0.0, 0.1, 0.5, 1.0, 2.0, 4.0, 10.0), "d": (2.0, 4.0, 8.0, 16.0, 32.0)}  # what is proposed
GONE = "gone"  # of a rung whose model and run were deleted


@dataclass(frozen=True)
class Disk:
    """All runs and checkpoints, as they were when they were read: once, for who asks about several ladders."""

    runs: Sequence[Run]
    checkpoints: Mapping[str, Path]


@dataclass(frozen=True)
class Ladder:
    """rungs: names of the checkpoints, in the order of `values`, which rise: theirs of `setting`."""

    folder: Path
    family: str
    dataset: str
    setting: str
    values: tuple[float, ...]
    rungs: tuple[str, ...]
    command: str

    @property
    def name(self) -> str:
        return self.folder.name

    def runs(self, disk: Disk | None = None) -> dict[str, Run]:
        """The newest run of each rung that has one, by the name of the rung."""
        return {run.name: run for run in (disk.runs if disk else runs()) if run.name in self.rungs}

    def states(self, disk: Disk | None = None) -> dict[str, str]:
        """How each rung stands, by its name: as its run does, else done or GONE."""
        disk = disk or read()
        begun, known = self.runs(disk), disk.checkpoints
        return {n: begun[n].state.name if n in begun else DONE if n in known else GONE for n in self.rungs}

    def climbing(self, disk: Disk | None = None) -> bool:
        """Whether one of its rungs waits or trains."""
        return any(run.active for run in self.runs(disk).values())


# ---------------------------------------------------------------- reading


def home() -> Path:
    """The folder that ladders are written to."""
    return checkpoint.root() / FOLDER


def read() -> Disk:
    """What every ladder stands on."""
    return Disk(runs(), checkpoint.checkpoints())


def ladders() -> dict[str, Ladder]:
    """All, by name."""
    found = [p for base in (folders.packed(), checkpoint.root()) if base for p in base.glob(f"{FOLDER}/[!.]*/{LADDER}")]
    return {name: _read(path) for name, path in sorted({path.parent.name: path for path in found}.items())}


def find(name: str) -> Ladder:
    """Raises: UnknownName: listing what exists."""
    known = ladders()
    if name not in known:
        raise UnknownName("ladder", name, known)
    return known[name]


def of_model(name: str) -> Ladder | None:
    """The ladder that a checkpoint is a rung of."""
    return next((ladder for ladder in ladders().values() if name in ladder.rungs), None)


def shipped() -> frozenset[str]:
    """Names of the ladders that come with zscope: those of the installed package, in a clone those all of whose rungs
    do."""
    if packed := folders.packed():
        return frozenset(name for name, ladder in ladders().items() if ladder.folder.is_relative_to(packed))
    ours = names.shipped()
    return frozenset(name for name, ladder in ladders().items() if ours.issuperset(ladder.rungs))


def _read(path: Path) -> Ladder:
    record = json.loads(path.read_text("utf-8"))
    lists: dict[str, Any] = {key: tuple(record.pop(key)) for key in ("values", "rungs")}
    return Ladder(path.parent, **record, **lists)


# ---------------------------------------------------------------- planning


def offered(family: str) -> list[str]:
    """The settings of a family that can be climbed, numbers all, those of OVER first."""
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
            _(
                "values {text!r}: expected numbers, for example 0, .1, .5, 1, 2, 4, 10.",
                text=text,
            )
        ) from None


def plans(base: Plan, setting: str, values: Sequence[float | int]) -> list[Plan]:
    """The plan of each rung, which differ in that setting and in their names, NAME-VALUE; the lowest value first.

    Raises: SettingError: no number of the family, values out of its range, fewer than 2 of them or more than MOST.
    """
    hparams = FAMILIES.get(base.family).Hparams
    if setting not in _numbers(hparams):
        raise SettingError(
            _(
                "a ladder of {setting!r}: expected a number that {family} is built with: {numbers}.",
                setting=setting,
                family=base.family,
                numbers=", ".join(_numbers(hparams)),
            )
        )
    kind = knobs(hparams)[setting]["type"]
    given = sorted({float(value) for value in values})
    if not 2 <= len(given) <= MOST:
        raise SettingError(
            _(
                "a ladder of {given} values: expected 2 to {most} different ones.",
                given=len(given),
                most=MOST,
            )
        )
    for value in given:
        configure(hparams, {setting: f"{value:g}"})
    name = name_of(base, setting)
    return [dataclasses.replace(base, settings=base.settings | {setting: kind(v)}, name=f"{name}-{v:g}") for v in given]


def name_of(base: Plan, setting: str) -> str:
    """What the ladder is called; its rungs are NAME-VALUE."""
    return base.name or f"{base.dataset}-{setting}".replace("_", "-")


def free_name(wanted: str) -> str:
    """wanted, or with the first letters behind it that neither a ladder nor one of its rungs is called by: a number
    there would read as a value. For a name that is told before it is taken."""
    disk = read()
    taken = {*ladders(), *disk.checkpoints, *(run.name for run in disk.runs)}
    stems = {re.sub(r"--?\d[-+.\de]*$", "", name) for name in taken}
    letters = ("".join(some) for n in count(1) for some in product(ascii_lowercase, repeat=n))
    names = chain([wanted], (f"{wanted}-{some}" for some in islice(letters, 1, None)))
    return next(name for name in names if name not in taken | stems)


def command(base: Plan, setting: str, values: Sequence[float | int]) -> str:
    """The shell command that trains it again."""
    name = name_of(base, setting)
    rest = {k: v for k, v in base.settings.items() if k != setting}
    plain = dataclasses.replace(base, settings=rest, name=name).command()
    over = _("--over {setting}={names}", setting=setting, names=",".join(f"{v:g}" for v in values))
    return plain.replace(" train ", _(" ladder train "), 1).replace(" --epochs ", f" {over} --epochs ", 1)


def check(base: Plan, setting: str, values: Sequence[float | int]) -> list[Plan]:
    """The plans, all of which can be begun. Raises: SettingError: as `plans`, or a name that is taken."""
    every = plans(base, setting, values)
    name = name_of(base, setting)
    if not re.fullmatch(NAME, name):
        raise SettingError(
            _(
                "name {name!r}: expected letters, digits, '.', '_' and '-', not starting with '.'.",
                name=name,
            )
        )
    if name in ladders():
        raise SettingError(
            _(
                "ladder {name!r} exists: choose another name, for example {free_name}.",
                name=name,
                free_name=free_name(name),
            )
        )
    for plan in every:
        Job.of(plan)
        if why := control.taken(plan.checkpoint_name()):
            raise SettingError(
                _(
                    "{why}: choose another name for the ladder, for example {free_name}.",
                    why=why,
                    free_name=free_name(name),
                )
            )
    return every


# ---------------------------------------------------------------- training


def start(base: Plan, setting: str, values: Sequence[float | int], *, work: bool = True) -> Ladder:
    """Queue a training for every value. One that fails leaves the others as they are.

    Raises: SettingError: as `check`; nothing was begun.
    """
    every = check(base, setting, values)
    name, climbed = name_of(base, setting), [float(plan.settings[setting]) for plan in every]
    begun: list[Run] = []
    try:
        for plan in every:
            begun.append(starting.start(plan, work=False))
    except SettingError:  # another took that name meanwhile
        for run in begun:
            control.delete(run.id)
        raise
    record = {
        "family": base.family,
        "dataset": base.dataset,
        "setting": setting,
        "values": climbed,
        "rungs": [plan.name for plan in every],
        "command": command(base, setting, climbed),
    }
    (home() / name).mkdir(parents=True)
    write(home() / name / LADDER, record)
    if work:
        control.tend()
    return find(name)


def rename_rung(name: str, new: str) -> None:
    """The ladder of a checkpoint knows it by its new name."""
    if ladder := of_model(name):
        record = json.loads((ladder.folder / LADDER).read_text("utf-8"))
        write(ladder.folder / LADDER, record | {"rungs": [new if rung == name else rung for rung in ladder.rungs]})


def delete(name: str, *, models: bool = False) -> None:
    """Forget a ladder, what was kept of it and its runs. models: also the checkpoints.

    Raises: SettingError: it comes with zscope, or one of its runs is running.
    """
    ladder = find(name)
    if name in shipped():
        raise SettingError(_("ladder {name} comes with zscope and is not deleted.", name=name))
    if busy := [rung for rung, run in ladder.runs().items() if run.state.name == RUNNING]:
        raise SettingError(
            _(
                "cannot delete ladder {name}: {busy} is running. Stop it first.",
                name=name,
                busy=busy[0],
            )
        )
    gone = ladder.folder.with_name(f".{name}.partial")
    shutil.rmtree(gone, ignore_errors=True)
    for run in ladder.runs().values():
        control.delete(run.id, model=models)
    for rung in ladder.rungs if models else ():
        if rung in checkpoint.checkpoints():
            checkpoint.delete(rung)
    os.rename(ladder.folder, gone)
    shutil.rmtree(gone, ignore_errors=True)
