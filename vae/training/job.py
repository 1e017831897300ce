"""A plan with its names resolved: what a training works with from its door on."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from ..data import as_evaluated, binarise, edit_list, edits
from ..data.edits import NO_EDITS, Edits
from ..data.validation import split
from ..engine.device import choose_device
from ..errors import SettingError
from ..registry import DATASETS, FAMILIES, MODALITIES, Dataset, Family
from ..text import _
from ..types import Samples, Spec
from . import augment, distributed
from .plan import Plan, split_settings
from .trainer import TrainHparams


@dataclass(frozen=True)
class Job:
    """A plan, as it is stored, and what its names stand for; nothing behind the door looks a name up again.

    hparams: the family's settings, of its class Hparams; trainer: those of the optimiser. edits: of the data set, whose
    entry has the classes that it has with them.
    """

    plan: Plan
    family: Family
    data: Dataset
    hparams: Any
    trainer: TrainHparams
    edits: Edits = NO_EDITS

    @classmethod
    def of(cls, plan: Plan) -> Job:
        """Raises: UnknownName, SettingError: what can be known before a training starts: names, numbers, settings, and
        that family and data set fit."""
        plan.check()
        hparams, trainer = split_settings(plan.family, plan.settings)
        family, data = FAMILIES.get(plan.family), DATASETS.get(plan.dataset)
        family.check(data.modality)
        edited = edit_list.edits_of(plan.dataset) if plan.edits else NO_EDITS
        job = cls(plan, family, edit_list.edited(data, edited), hparams, trainer, edited)
        if trainer.binarise != binarise.NONE and not job.binary:
            raise SettingError(
                _(
                    "binarise={mode}: only likelihood=bernoulli, of values in 0-1, is a probability of binary pixels. "
                    "Set that, or binarise={none}.",
                    mode=trainer.binarise,
                    none=binarise.NONE,
                )
            )
        if trainer.augment != augment.NONE and (job.conditioned or MODALITIES.get(data.modality).layout != "grid"):
            raise SettingError(
                _(
                    "augment={mode}: only pictures without conditions of their own can be mirrored and shifted; "
                    "{dataset} has others. Set augment={none}.",
                    mode=trainer.augment,
                    dataset=plan.dataset,
                    none=augment.NONE,
                )
            )
        return job

    def as_edited(self, card: Mapping[str, Any]) -> Job:
        """The job with the edits, and the classes, that the model of that card was trained with: those of the data set
        may be others by now."""
        data = dataclasses.replace(self.data, classes=tuple(card.get("classes", self.data.classes)))
        return dataclasses.replace(self, edits=edits.of_card(card), data=data)

    @property
    def binary(self) -> bool:
        """Whether p(x|z) is a probability of binary pixels."""
        bounded = MODALITIES.get(self.data.modality).bounded
        return bounded and getattr(self.hparams, "likelihood", None) == "bernoulli"

    @cached_property
    def binarisation(self) -> dict[str, Any] | None:
        """How the pixels are made binary, as the card has it; None: they are not."""
        return as_evaluated.chosen(self.trainer.binarise, self.plan.dataset, self.plan.seed)

    def load(self) -> Samples:
        """The samples of `data`, binary where that was chosen, with the validation set held out of those for training,
        and edited.

        Raises: as `data.load`, `as_evaluated.evaluated` and `edits.on_test`, `edits.on_train`.
        """
        classes = self.data.classes
        seen = edits.on_test(as_evaluated.evaluated(self.data.load(), self.binarisation), self.edits, classes)
        held = binarise.validated(split(seen, self.trainer.validation), self.binarisation)
        return edits.on_train(held, self.edits, classes)

    @cached_property
    def device(self) -> torch.device:
        """Of this process. Chosen when it is first asked for: a job may be checked where it will not run.

        Raises: DeviceError: there is none of that name here.
        """
        return distributed.own(choose_device(self.plan.device))

    def spec(self, samples: Samples) -> Spec:
        """What the family must know of the samples of `data`."""
        condition = self.data.condition if self.conditioned else None
        x, shape = samples.x_train, condition.shape if condition else ()
        return Spec(x.shape[1:], len(x), len(self.data.classes), self.data.modality, shape)

    @property
    def conditioned(self) -> bool:
        """Whether the model is told the conditions of the data, and not labels or nothing."""
        traits = self.family.traits
        return self.data.condition is not None and "conditional" in traits and "labels_only" not in traits
