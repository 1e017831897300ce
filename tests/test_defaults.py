"""The benchmark of the defaults: what a family is compared with, what counts as far, what is trained again."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from benchmarks import defaults, held_out
from benchmarks.at_rate import FAR, SURE, Lost, Reference, comparable
from benchmarks.defaults import Case, Run
from vae.metrics.bounds import evaluate
from vae.registry import FAMILIES
from vae.settings import configure
from vae.training.trainer import Trainer, TrainHparams, fit
from vae.types import Spec

CASE = Case("digits", 64, 40, 1, {"net": "mlp", "width": 8, "d": 2})


def row(family: str, **figures) -> dict:
    known = dict.fromkeys(("rate_nats", "distortion_nats", "mse", "knn_accuracy", "frechet"))
    return {"family": family} | known | figures


def point(rate: float, distortion: float) -> dict:
    return row("beta_vae", rate_nats=rate, distortion_nats=distortion, mse=distortion / 100, frechet=distortion / 10)


PLAIN = point(10.0, 20.0) | {"distortion_standard_error_nats": 0.3}
AGAINST = Reference(row("ae", mse=0.1), [point(2.0, 60.0), PLAIN, point(30.0, 10.0)], [PLAIN], point(0.0, 100.0))


@pytest.mark.parametrize(
    ("rate", "expected"), [(0.0, 100.0), (1.0, 80.0), (2.0, 60.0), (6.0, 40.0), (20.0, 15.0), (99.0, 10.0)]
)
def test_a_family_is_compared_with_the_plain_vae_at_its_rate(rate, expected):
    """What is lost is a share of the 80 nats that the plain VAE gains over no code."""
    lost = AGAINST.lost(row("vae", rate_nats=rate, distortion_nats=expected + 16, distortion_standard_error_nats=0.4))
    found = lost["distortion_nats"]
    assert found.reference == pytest.approx(expected)
    assert found.share == pytest.approx(0.2)
    assert found.error == pytest.approx(0.5 / 80)
    assert found.far


def test_a_code_without_a_rate_is_compared_with_the_plain_autoencoder():
    """Which gains .9 in MSE over no code; what it generates is compared with the plain VAE."""
    lost = AGAINST.lost(row("wae", mse=0.28, distortion_nats=500.0, frechet=2.8))
    assert set(lost) == {"mse", "frechet"}
    assert lost["mse"].share == pytest.approx(0.2)
    assert lost["frechet"].share == pytest.approx(0.1)


def test_a_measure_by_which_the_reference_gains_nothing_is_left_out():
    """As where the labels of nearly all samples are the same: no share of nothing can be lost."""
    against = dataclasses.replace(AGAINST, nothing=point(0.0, 20.0))
    assert set(AGAINST.lost(row("vae", rate_nats=10.0, distortion_nats=36.0, mse=0.3))) == {"distortion_nats", "mse"}
    assert against.lost(row("vae", rate_nats=10.0, distortion_nats=36.0, mse=0.3)) == {}


def test_what_seeds_differ_by_is_no_loss():
    """Seeds that spread by 8 nats."""
    seeds = [PLAIN, PLAIN | {"distortion_nats": 28.0}, PLAIN | {"distortion_nats": 12.0}]
    against = dataclasses.replace(AGAINST, seeds=seeds)
    given = row("vae", rate_nats=10.0, distortion_nats=36.0, distortion_standard_error_nats=0.4)
    found = against.lost(given)["distortion_nats"]
    assert (found.share, found.error) == (pytest.approx(0.2), pytest.approx(np.hypot(0.5, np.sqrt(2) * 8) / 80))
    assert not found.far


def test_families_are_judged_by_what_they_are_for():
    every = {"rate_nats": 1.0, "distortion_nats": 1.0, "mse": 1.0, "knn_accuracy": 0.5, "frechet": 1.0}
    assert comparable(row("vae", **every)) == ["distortion_nats", "mse", "knn_accuracy", "frechet"]
    assert comparable(row("cvae", **every)) == ["distortion_nats", "mse"]
    assert comparable(row("vrnn", **every)) == ["distortion_nats", "knn_accuracy"]
    assert comparable(row("gan", **every | {"rate_nats": None})) == ["frechet"]


def test_far_is_a_share_and_more_than_noise():
    assert Lost(0.0, 0.0, FAR + 0.01, FAR / SURE).far
    assert not Lost(0.0, 0.0, FAR - 0.01, 0.0).far
    assert not Lost(0.0, 0.0, 0.5, 0.5 / SURE).far


def test_no_row_of_the_test_split_is_used_and_none_is_both_learned_and_measured():
    parts = held_out.parts_of("digits", 64, 40)
    samples = defaults.DATASETS.get("digits").load()
    train = {x.tobytes() for x in samples.x_train}
    learned, measured = ([x.tobytes() for x in parts[name]] for name in ("x", "x_measured"))
    assert (len(learned), len(measured)) == (64, 40)
    assert set(learned) | set(measured) <= train
    assert not set(learned) & set(measured)


def test_nothing_is_a_gaussian_around_the_mean():
    parts, found = held_out.parts_of("digits", 64, 40), defaults.nothing(held_out.parts_of("digits", 64, 40))
    x, fresh = (parts[name].reshape(len(parts[name]), -1) / 255 for name in ("x", "x_measured"))
    density = torch.distributions.Normal(torch.tensor(x.mean(0)), float((x - x.mean(0)).std()))
    assert found["distortion_nats"] == pytest.approx(-float(density.log_prob(torch.tensor(fresh)).sum(1).mean()))
    assert found["mse"] == pytest.approx(float(np.square(fresh - x.mean(0)).mean()))


def test_a_restart_trains_what_is_missing_or_has_another_default(tmp_path, monkeypatch):
    monkeypatch.setattr(defaults, "OUT", tmp_path)
    monkeypatch.setattr(defaults, "PATH", tmp_path / "defaults.jsonl")
    trained = []
    monkeypatch.setattr(
        defaults, "trained", lambda run: trained.append(run.title) or {"seconds": 0, "made_by": run.made_by()}
    )
    wanted = [Run(CASE, "vae"), Run(CASE, "capacity_vae"), Run(CASE, "capacity_vae", {"gamma_capacity": 3.0})]
    defaults.train(wanted[:2])
    defaults.train(wanted)
    assert trained == ["`vae`", "`capacity_vae`", "`capacity_vae` gamma_capacity=3.0"]
    defaults.train([dataclasses.replace(run, case=dataclasses.replace(CASE, epochs=2)) for run in wanted])
    assert len(trained) == 6


def test_a_row_is_measured_and_stands_in_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr(defaults, "BETAS", (1.0,))
    rows = [defaults.trained(run) for run in defaults.runs(CASE, [], {})]
    against = defaults.reference(CASE, rows)
    assert against.vae["clipped_share"] == 1, "one batch, whose norm is far above 10"
    lost = against.lost(against.vae)
    assert lost
    assert all(one.share == pytest.approx(0) for one in lost.values())
    text, far = defaults.table(CASE, [Run(CASE, "vae"), Run(CASE, "wae")], rows)
    assert text.count("\n") == 2, "a head and one row: the other was not trained"
    assert not far


# ---------------------------------------------------------------- the defaults themselves


def test_the_default_capacity_costs_little_reconstruction():
    """As much rate as the plain VAE spends here, 12 nats. Digits, 30 epochs: its ELBO is below that of the plain VAE
    by 6 nats with a weight of 5, 13 with 10, and 86 with 100, the former default."""
    samples = defaults.DATASETS.get("digits").load()
    x, fresh = torch.from_numpy(samples.x_train[:1000]), torch.from_numpy(samples.x_train[1000:])

    def elbo(name: str, **settings) -> float:
        torch.manual_seed(0)
        h = configure(FAMILIES.get(name).Hparams, {"net": "mlp", "width": 64, "d": 8} | settings)
        trainer = Trainer(*FAMILIES.get(name).build(Spec((1, 8, 8), len(x)), h), TrainHparams(), 0, 240)
        for _ in fit(trainer, x, None, None, 30):
            pass
        return evaluate(trainer.model, fresh)["elbo_nats"]

    capacity = elbo("capacity_vae", capacity_nats=12.0, capacity_steps=120)
    assert capacity > elbo("vae") - 10
