"""Presets: what they choose for which samples, and that what is said beside one counts before it."""

from __future__ import annotations

import dataclasses

import pytest

from vae.__main__ import parser
from vae.commands.training import EPOCHS, plan_of
from vae.errors import UnknownName
from vae.registry import DATASETS, families, modalities
from vae.training.plan import split_settings
from vae.training.presets import QUICK_STEPS, TRAINER, preset


@pytest.mark.parametrize("modality", list(modalities()))
def test_quick_suits_every_family(modality):
    data = dataclasses.replace(DATASETS.get("digits"), modality=modality)
    for family in families().values():
        if family.fits(modality):
            split_settings(family.name, preset("quick", family.name, data, 1800).settings)


@pytest.mark.parametrize(("n", "epochs"), [(10, 150), (400, 144), (2000, 29), (60_000, 5)])
def test_quick_takes_about_as_many_steps_of_any_number_of_samples(n, epochs):
    found = preset("quick", "vae", DATASETS.get("digits"), n)
    assert found.epochs == epochs
    if 5 < epochs < 150:
        assert found.epochs * n / TRAINER["batch_size"] == pytest.approx(QUICK_STEPS, rel=0.05)


def test_what_is_said_counts_before_the_preset():
    def plan(*words):
        return plan_of(parser().parse_args(["train", "vae", "digits", *words]))

    quick = plan("--preset", "quick")
    assert (quick.settings["width"], quick.epochs, quick.points) == ("16", 40, 5000)
    own = plan("--preset", "quick", "--set", "width=24", "--epochs", "3", "--points", "9")
    assert (own.settings["width"], own.settings["d"], own.epochs, own.points) == ("24", "8", 3, 9)
    bare = plan()
    assert (bare.settings, bare.epochs, bare.points) == ({}, EPOCHS, 10_000)
    with pytest.raises(UnknownName, match="quick"):
        plan("--preset", "slow")
