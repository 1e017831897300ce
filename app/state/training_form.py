"""What the form of the Train page offers: presets, families that fit a data set, defaults. Plain data, no widgets."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.state.studio import FORM
from vae.atlas.building import N_REFERENCE
from vae.data.principal import Findings
from vae.registry import KINDS, Dataset, Family, datasets, families
from vae.runs import control, starting
from vae.settings import knobs
from vae.sweeps import sweeps
from vae.text import N_
from vae.training import presets
from vae.training.job import Job
from vae.training.plan import Plan
from vae.training.presets import Preset
from vae.training.trainer import TrainHparams

FIRST_DATA = "digits"
SUPERVISED = {"conditional", "semi_supervised"}

STANDARD_EPOCHS = 20  # at least; more for a small data set, so that it takes as many steps as the quick preset
PRESETS = {"quick": N_("Quick"), "standard": N_("Standard")}
ONE, SWEEP = "one", "sweep"
WHAT = {ONE: N_("One model"), SWEEP: N_("A sweep over one setting")}
FIRST = {ONE: "vae", SWEEP: "beta_vae"}  # the family that each starts with
UNSEEN = 10_000  # training samples that presets assume for a data set that is not on this machine yet


@dataclass(frozen=True)
class Order:
    """What the form asks for: one training, or a sweep with a training for each value of a setting."""

    plan: Plan
    setting: str = ""
    values: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """The name of the model or the sweep."""
        return sweeps.name_of(self.plan, self.setting) if self.setting else self.plan.checkpoint_name()

    def check(self) -> None:
        """Raises: SettingError: it cannot be started."""
        if self.setting:
            sweeps.check(self.plan, self.setting, self.values)
        else:
            Job.of(self.plan)
            control.refuse_taken(self.plan.checkpoint_name())

    def start(self) -> None:
        """Start it in the background. Raises: SettingError: as `check`."""
        if self.setting:
            sweeps.start(self.plan, self.setting, self.values)
        else:
            starting.start(self.plan)

    def dearest(self) -> Plan:
        """The most expensive plan, by which costs are estimated: that of the highest value."""
        return sweeps.plans(self.plan, self.setting, self.values)[-1] if self.setting else self.plan

    def command(self) -> str:
        """The command that starts the same in the background."""
        if self.setting:
            return sweeps.command(self.plan, self.setting, self.values) + " --background"
        return self.plan.command().replace(" train ", " runs start ", 1)


def preset(name: str, family: Family, data: Dataset, n: int | None, found: Findings | None = None) -> Preset:
    """The preset for n training samples; None: the number is not known yet. found: what suits these pictures."""
    if name == "standard":
        steps_an_epoch = math.ceil((n or UNSEEN) / TrainHparams().batch_size)
        return Preset({}, max(STANDARD_EPOCHS, math.ceil(presets.QUICK_STEPS / steps_an_epoch)), N_REFERENCE)
    return presets.preset(name, family.name, data, n or UNSEEN, found)


def fitting(data: Dataset) -> list[Family]:
    """The families that can model this data set, by kind; those that learn from labels only if it has labels."""
    fit = [
        family
        for family in families().values()
        if family.fits(data.modality) and (data.classes or not family.traits & SUPERVISED)
    ]
    return sorted(fit, key=lambda family: (KINDS.index(family.kind), family.name))


def first(families: list[Family], what: str) -> int:
    """The number of the family that one model, or a sweep, starts with."""
    return next((i for i, family in enumerate(families) if family.name == FIRST[what]), 0)


def data_sets() -> list[Dataset]:
    """All data sets, the one for a first try first."""
    return sorted(datasets().values(), key=lambda data: (data.name != FIRST_DATA, data.name))


def defaults(family: Family, preset: Preset) -> dict[str, Any]:
    """Every setting of the family and of the trainer, with the value of the preset."""
    known = knobs(family.Hparams) | knobs(TrainHparams)
    return {name: preset.settings.get(name, k["default"]) for name, k in known.items()}


def plan(
    family: Family,
    data: Dataset,
    values: dict[str, Any],
    epochs: int,
    seed: int,
    *,
    points: int,
    name: str,
    edits: bool = True,
) -> Plan:
    """The plan of a training; only settings that differ from the defaults are in it, and so in its command. edits:
    train on the data set as it was edited."""
    known = knobs(family.Hparams) | knobs(TrainHparams)
    changed = {k: v for k, v in values.items() if v != known[k]["default"]}
    return Plan(family.name, data.name, changed, epochs, seed, name, None, points, edits=edits)


# ---------------------------------------------------------------- in a link


def to_text(chosen: Mapping[str, Any], usual: Mapping[str, Any]) -> str:
    """What was chosen otherwise than usual, as a link has it: "data:wine,epochs:30". Values that a link cannot hold are
    left out."""
    changed = {name: str(value) for name, value in chosen.items() if value != usual[name]}
    return ",".join(f"{name}:{value}" for name, value in changed.items() if FORM.fullmatch(f"{name}:{value}"))


def from_text(text: str) -> dict[str, str]:
    """name -> value of what `to_text` made."""
    return dict(part.split(":", 1) for part in text.split(",") if ":" in part)
