"""A plan resolved at the door: what it becomes, and what is refused there."""

from __future__ import annotations

import dataclasses
import shlex

import numpy as np
import pytest
import torch

from vae.__main__ import parser
from vae.errors import DeviceError, SettingError, UnknownName
from vae.registry import DATASETS, FAMILIES
from vae.training import experiment
from vae.training.job import Job
from vae.training.plan import Plan

PLAN = Plan("beta_vae", "digits", {"beta": "4", "d": 3, "lr": "0.01"}, 2, seed=3, name="told", device="cpu")


def test_a_plan_becomes_what_its_names_stand_for():
    job = Job.of(PLAN)
    assert job.plan is PLAN
    assert job.family is FAMILIES.get("beta_vae")
    assert job.data is DATASETS.get("digits")
    assert (job.hparams.beta, job.hparams.d, job.trainer.lr) == (4.0, 3, 0.01)
    assert job.device == torch.device("cpu")
    samples = job.data.load()
    spec = job.spec(samples)
    assert (spec.shape, spec.n_data, spec.n_classes, spec.modality) == ((1, 8, 8), 1437, 10, "image")
    with pytest.raises(dataclasses.FrozenInstanceError):
        job.plan = PLAN


@pytest.mark.parametrize(
    ("changed", "error", "said"),
    [
        ({"family": "bta_vae"}, UnknownName, "Did you mean 'beta_vae'"),
        ({"dataset": "digit"}, UnknownName, "Did you mean 'digits'"),
        ({"settings": {"bta": "4"}}, SettingError, "unknown setting 'bta' for beta_vae"),
        ({"family": "vrnn", "settings": {}}, SettingError, "vrnn models"),
        ({"epochs": 0}, SettingError, "epochs=0"),
        ({"name": "../a"}, SettingError, "expected letters"),
    ],
)
def test_what_no_training_can_be_is_refused_at_the_door(changed, error, said):
    with pytest.raises(error, match=said):
        Job.of(dataclasses.replace(PLAN, **changed))


def test_a_device_is_chosen_where_the_job_runs_not_where_it_is_checked():
    job = Job.of(dataclasses.replace(PLAN, device="nowhere"))
    with pytest.raises(DeviceError, match="unknown device 'nowhere'"):
        job.device  # noqa: B018  asked for


def test_nothing_behind_the_door_looks_a_name_up_again(monkeypatch):
    """A job goes on with what it holds, whatever its names stand for meanwhile."""
    job = Job.of(PLAN)
    samples = job.data.load()
    monkeypatch.setattr(FAMILIES, "get", None)
    monkeypatch.setattr(DATASETS, "get", None)
    trainer, spec = experiment.prepare(job, samples)
    assert trainer.model.d == 3
    assert np.array_equal(experiment.conditions(job, samples).numpy(), samples.y_train)
    assert experiment._config(job, spec)["title"] == "beta-VAE on scikit-learn digits"


def test_the_command_of_a_plan_repeats_it():
    plan = Plan("beta_vae", "digits", {"beta": "2", "lr": "0.01"}, epochs=7, seed=5, name="my-run")
    args = parser().parse_args(shlex.split(plan.command())[3:])
    again = Plan(args.family, args.dataset, dict(args.settings), args.epochs, args.seed, args.name)
    assert again == plan
