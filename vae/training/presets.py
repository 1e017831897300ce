"""Named settings for who does not want to choose any: fitted to the kind and number of the samples, and of pictures to
what the pictures are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..data import edit_list, edits
from ..data.principal import SHARE, Findings, findings
from ..errors import SettingError, UnknownName
from ..registry import FAMILIES, MODALITIES, Dataset, Family
from ..settings import knobs
from ..text import _, ngettext, number, percent
from ..types import Samples
from . import augment
from .trainer import TrainHparams

QUICK_STEPS, QUICK_EPOCHS = 900, (5, 150)  # optimiser steps to aim at; the fewest and most epochs they may take
TRAINER = {"batch_size": 64, "lr": 2e-3, "lr_end": 0.05}
PRESETS = ("quick",)
PICTURE_STEPS, PICTURE_EPOCHS = 2_000, (5, 150)  # the same, of a net that starts as PCA
PICTURE_BATCHES, LEAST = 20, 16  # of an epoch, at least, where batches of LEAST allow it
ALIKE = 0.85  # pictures of whose variance the dimensions explain so much have much in common, as digits and garments do
SIMPLE = {"net": "pca_mlp", "width": 512, "lr": 1e-3}  # for these
FEW = 1_500  # pictures: of fewer, what a fully connected net learns hardly holds for others
VARIED = {"net": "pca_mlp_refine", "width": 48, "batch_size": 32, "lr": 1.5e-3}
VARIED_FEW = {"net": "pca_refine", "width": 48, "batch_size": LEAST}
VARIED_STEPS = 1_200  # of VARIED: each takes longer
OTHERWISE_BUILT = {"conditional", "discrete", "hierarchical", "implicit", "semi_supervised", "sequential"}


@dataclass(frozen=True)
class Preset:
    """What to train with. points: reference samples of the map. reasons: what the data decided, in a
    sentence for each such setting."""

    settings: dict[str, Any]
    epochs: int
    points: int
    reasons: dict[str, str] = field(default_factory=dict)


def preset(name: str, family: str, dataset: Dataset, n: int, found: Findings | None = None) -> Preset:
    """ "quick": a small net and about 900 steps, for a first look at n training samples within minutes.

    What is small is the modality's own word. found: what suits these pictures, from `suited`; of them the families with
    one encoder and one decoder get the net that starts as PCA, the dimensions that explain the variance, and flips and
    shifts. Raises: UnknownName: no such preset, family or modality.
    """
    if name not in PRESETS:
        raise UnknownName("preset", name, PRESETS)
    if n < 1:
        raise SettingError(_("n={n}: expected at least 1 training sample.", n=n))
    chosen = FAMILIES.get(family)
    settings: dict[str, Any] = {**MODALITIES.get(dataset.modality).quick, **TRAINER}
    reasons: dict[str, str] = {}
    steps, (low, high) = QUICK_STEPS, QUICK_EPOCHS
    if found is not None and starts_as_pca(chosen):
        settings |= {"likelihood": "channel_gaussian", "d": found.d}
        settings["augment"] = augment.named(found.flips, found.shifts)
        settings["batch_size"] = min(max(n // PICTURE_BATCHES, LEAST), TRAINER["batch_size"])
        alike = found.explained >= ALIKE
        settings |= SIMPLE if alike else VARIED_FEW if n < FEW else VARIED
        steps, (low, high) = VARIED_STEPS if settings["net"] == VARIED["net"] else PICTURE_STEPS, PICTURE_EPOCHS
        reasons = _reasons(found, alike=alike)
    known = knobs(chosen.Hparams) | knobs(TrainHparams)
    settings = {k: v for k, v in settings.items() if k in known}
    epochs = min(max(round(steps * settings["batch_size"] / n), low), high)
    return Preset(settings, epochs, 5_000, reasons)


def trained_on(dataset: Dataset, *, edited: bool = True) -> Samples:
    """The samples whose training split a preset looks at: with their user's edits, and with those that are later held
    out for validation. edited: apply the edits of the training split.

    Raises: as `dataset.load`, `edit_list.edits_of` and `edits.on_train`.
    """
    found = edit_list.edits_of(dataset.name) if edited else edits.NO_EDITS
    return edits.on_train(dataset.load(), found, edit_list.edited(dataset, found).classes)


def suited(dataset: Dataset, x: Any) -> Findings | None:
    """What suits its training samples x (n, *shape); None for other samples than pictures, and for a single one."""
    kind = MODALITIES.get(dataset.modality)
    return findings(x) if kind.layout == "grid" and kind.bounded and len(x) > 1 else None


def starts_as_pca(family: Family) -> bool:
    """Whether its models are one encoder and one decoder, which can start as PCA."""
    return not family.traits & OTHERWISE_BUILT and "net" in knobs(family.Hparams)


def _reasons(found: Findings, *, alike: bool) -> dict[str, str]:
    explained = ngettext(
        "d = {d}: {d} principal component explains {share} of the variance",
        "d = {d}: {d} principal components explain {share} of the variance",
        found.d,
        d=number(found.d),
        share=percent(found.explained),
    )
    if found.explained < SHARE:
        more = _("({share} would need more than {d})", share=percent(SHARE), d=number(found.d))
        explained = f"{explained} {more}"
    start = _("Training starts at the reconstructions from these components, with a sigma for each channel.")
    learns = (
        _("A fully connected network learns what they leave: with so much explained, the pictures have much in common.")
        if alike
        else _(
            "Convolutions refine these reconstructions: what they learn at one position holds at all others, which "
            "suits varied pictures."
        )
    )
    return {"d": f"{explained}.", "net": f"{start} {learns}", "augment": _moves(found.flips, found.shifts)}


def _moves(flips: bool, shifts: bool) -> str:
    if flips and shifts:
        return _("Pictures are mirrored and shifted at random: such pictures are like the others of this data set.")
    if flips:
        return _("Pictures are mirrored at random: mirrored ones are like the others. Shifted ones are not.")
    if shifts:
        return _("Pictures are shifted at random: shifted ones are like the others. Mirrored ones are not.")
    return _("Pictures are neither mirrored nor shifted: such pictures are unlike the others of this data set.")
