"""Presets: what they choose for which samples, and that what is said beside one counts before it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from vae.__main__ import parser
from vae.commands.training import EPOCHS, plan_of
from vae.data import edit_list
from vae.data.edits import DROP, Change
from vae.data.principal import Findings
from vae.errors import UnknownName
from vae.models.model import VAE
from vae.registry import DATASETS, FAMILIES, families, modalities
from vae.training.plan import split_settings
from vae.training.presets import QUICK_STEPS, TRAINER, preset, suited, trained_on
from vae.types import Spec


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


@pytest.mark.parametrize("family", [f.name for f in families().values() if f.fits("image")])
def test_of_pictures_it_chooses_what_suits_them_for_every_family_that_can_start_as_pca(family):
    """And only for these: of any other the net would begin with random linear layers."""
    chosen = preset("quick", family, DATASETS.get("digits"), 1437, Findings(6, 0.5, True, False))
    hparams, trainer = split_settings(family, chosen.settings)
    model, _objective = FAMILIES.get(family).build(Spec((1, 8, 8), 1437, 10), hparams)
    starts = any(isinstance(part, VAE) and part.starts_as_pca for part in model.modules())
    assert starts == bool(chosen.reasons) == (trainer.augment == "flips") == (getattr(hparams, "d", 0) == 6)
    if starts:
        assert "d = 6" in chosen.reasons["d"]
        assert "50%" in chosen.reasons["d"]
        assert "mirrored at random" in chosen.reasons["augment"]


@pytest.mark.parametrize(("n", "batch", "epochs"), [(10, 16, 150), (320, 16, 100), (1437, 64, 89), (60_000, 64, 5)])
def test_of_few_pictures_it_takes_small_batches(n, batch, epochs):
    found = preset("quick", "vae", DATASETS.get("digits"), n, Findings(6, 0.9, True, False))
    assert (found.settings["batch_size"], found.epochs) == (batch, epochs)


def test_pictures_with_little_in_common_get_convolutions_and_others_a_fully_connected_net():
    def chosen(explained: float, n: int):
        found = preset("quick", "vae", DATASETS.get("digits"), n, Findings(64, explained, True, False))
        return found.settings["net"], found.epochs, found.reasons["net"]

    assert chosen(0.88, 2951)[:2] == ("pca_mlp", 43)
    assert chosen(0.83, 2951)[:2] == ("pca_mlp_refine", 13)
    assert chosen(0.83, 320)[:2] == ("pca_refine", 100)
    assert "fully connected" in chosen(0.88, 320)[2]
    assert "Convolutions" in chosen(0.83, 320)[2]


def test_other_samples_than_pictures_have_nothing_to_suit():
    x = DATASETS.get("digits").load().x_train
    found = suited(DATASETS.get("digits"), x)
    assert (found.d, found.flips, found.shifts) == (21, False, False)
    assert found.explained == pytest.approx(0.905, abs=0.002)
    assert suited(dataclasses.replace(DATASETS.get("digits"), modality="series"), x) is None
    assert suited(DATASETS.get("digits"), x[:1]) is None


def test_a_preset_says_how_much_the_dimensions_explain_and_what_more_would_take():
    def said(d: int, explained: float) -> str:
        return preset("quick", "vae", DATASETS.get("digits"), 2951, Findings(d, explained, True, False)).reasons["d"]

    assert said(21, 0.91) == "d = 21: 21 principal components explain 91% of the variance."
    assert (
        said(64, 0.83) == "d = 64: 64 principal components explain 83% of the variance (90% would need more than 64)."
    )
    assert said(1, 0.95) == "d = 1: 1 principal component explains 95% of the variance."


def test_a_preset_looks_at_the_samples_that_the_edits_leave(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path))
    data = DATASETS.get("digits")
    zeros = tuple(np.flatnonzero(data.load().y_train != 0).tolist())
    edit_list.add(edit_list.place_of(data), [Change(DROP, zeros)])
    kept, whole = trained_on(data).x_train, trained_on(data, edited=False).x_train
    assert (len(kept), len(whole)) == (1437 - len(zeros), 1437)
    assert suited(data, kept).d < suited(data, whole).d
    chosen = [
        plan_of(parser().parse_args(["train", "vae", "digits", "--preset", "quick", *more])).settings["d"]
        for more in ([], ["--without-edits"])
    ]
    assert chosen == [str(suited(data, kept).d), str(suited(data, whole).d)]


def test_what_is_said_counts_before_the_preset(capsys):
    def plan(*words):
        return plan_of(parser().parse_args(["train", "vae", "digits", *words]))

    quick = plan("--preset", "quick")
    assert (quick.settings["width"], quick.settings["d"], quick.epochs, quick.points) == ("512", "21", 89, 5000)
    own = plan("--preset", "quick", "--set", "width=24", "--epochs", "3", "--points", "9")
    assert (own.settings["width"], own.settings["d"], own.epochs, own.points) == ("24", "21", 3, 9)
    said = capsys.readouterr().err
    assert said.count("d = 21") == 2, "said, as nothing else was asked for"
    assert plan("--preset", "quick", "--set", "d=3").settings["d"] == "3"
    assert "d = 21" not in capsys.readouterr().err
    bare = plan()
    assert (bare.settings, bare.epochs, bare.points) == ({}, EPOCHS, 10_000)
    with pytest.raises(UnknownName, match="quick"):
        plan("--preset", "slow")
