"""What the Train page proposes: presets, which families fit a data set, names that are free. Plain data, no widgets."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from vae.atlas.building import N_REFERENCE
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

STANDARD_EPOCHS = 20  # of a small set as many as take the steps of the quick preset
PRESETS = {"quick": N_("Quick"), "standard": N_("Standard")}
ONE, SWEEP = "one", "sweep"
WHAT = {ONE: N_("One model"), SWEEP: N_("A sweep")}
FIRST = {ONE: "vae", SWEEP: "beta_vae"}  # the family that each begins with
UNSEEN = 10_000  # training samples of a set that is not on this machine yet, as far as a preset must know


@dataclass(frozen=True)
class Order:
    """What the form asks for: the training of a plan, or one for each value of a setting of it."""

    plan: Plan
    setting: str = ""
    values: tuple[float, ...] = ()

    @property
    def name(self) -> str:
        """Of the model or the sweep, as its card has it."""
        return sweeps.name_of(self.plan, self.setting) if self.setting else self.plan.checkpoint_name()

    def check(self) -> None:
        """Raises: SettingError: it cannot be begun."""
        if self.setting:
            sweeps.check(self.plan, self.setting, self.values)
        else:
            Job.of(self.plan)
            control.refuse_taken(self.plan.checkpoint_name())

    def start(self) -> None:
        """Raises: SettingError: as `check`."""
        if self.setting:
            sweeps.start(self.plan, self.setting, self.values)
        else:
            starting.start(self.plan)

    def dearest(self) -> Plan:
        """The plan by which the cost of all is told: that of the highest value."""
        return sweeps.plans(self.plan, self.setting, self.values)[-1] if self.setting else self.plan

    def command(self) -> str:
        """The same on the command line, in the background."""
        if self.setting:
            return sweeps.command(self.plan, self.setting, self.values) + " --background"
        return self.plan.command().replace(" train ", " runs start ", 1)


def preset(name: str, family: Family, data: Dataset, n: int | None) -> Preset:
    """What a plan for n training samples (None: not known yet) starts from."""
    if name == "standard":
        steps_an_epoch = math.ceil((n or UNSEEN) / TrainHparams().batch_size)
        return Preset({}, max(STANDARD_EPOCHS, math.ceil(presets.QUICK_STEPS / steps_an_epoch)), N_REFERENCE)
    return presets.preset(name, family.name, data, n or UNSEEN)


def fitting(data: Dataset) -> list[Family]:
    """The families that model such samples, by kind; those that learn from labels only where there are some."""
    fit = [
        family
        for family in families().values()
        if family.fits(data.modality) and (data.classes or not family.traits & SUPERVISED)
    ]
    return sorted(fit, key=lambda family: (KINDS.index(family.kind), family.name))


def data_sets() -> list[Dataset]:
    """All, the one for a first try before the others."""
    return sorted(datasets().values(), key=lambda data: (data.name != FIRST_DATA, data.name))


def defaults(family: Family, preset: Preset) -> dict[str, Any]:
    """Every setting of the family and of the trainer, as the preset has it."""
    known = knobs(family.Hparams) | knobs(TrainHparams)
    return {name: preset.settings.get(name, k["default"]) for name, k in known.items()}


def plan(
    family: Family, data: Dataset, values: dict[str, Any], epochs: int, seed: int, *, points: int, name: str
) -> Plan:
    """Of what was set, only what is not the family's own default is in the plan, and so in its command."""
    known = knobs(family.Hparams) | knobs(TrainHparams)
    changed = {k: v for k, v in values.items() if v != known[k]["default"]}
    return Plan(family.name, data.name, changed, epochs, seed, name, None, points)
