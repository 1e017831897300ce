"""log p(x) of energy-based models: what a card keeps, what `eval` measures, and what is refused without a log Z."""

from __future__ import annotations

import dataclasses
import json
import math
from argparse import Namespace

import numpy as np
import pytest
import torch

import vae
from tests.families.test_rbm import pictures, tiny, trained
from vae.commands.evaluating import evaluate_checkpoint
from vae.errors import NotMeasurable
from vae.metrics import energy
from vae.metrics.detect import anomaly_scores
from vae.metrics.subject import Subject
from vae.sampling.partition import LogZ
from vae.saved import checkpoint, schema
from vae.saved.checkpoint import MODEL, RESUME
from vae.studies import oddness
from vae.studies.filters import filters
from vae.training import experiment
from vae.training.plan import Plan

SETTINGS = {"d": 4, "chains": 20, "batch_size": 64, "draw_steps": 5}


@pytest.fixture(scope="module")
def rbm_root(trained_once):
    """A checkpoints folder with `tiny-rbm`."""
    return trained_once("energy", "rbm", points=300)


@pytest.fixture
def engine(rbm_root, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(rbm_root))
    monkeypatch.setattr(energy, "TEMPERATURES", 100)
    monkeypatch.setattr(energy, "RUN", 8)
    monkeypatch.setattr(energy, "DRAWS", 40)
    return vae.load("tiny-rbm")


def test_a_training_that_ends_keeps_log_z_and_log_p_of_the_test_set(engine):
    kept = energy.kept(engine.card)
    assert kept == engine.model.summed_log_z()
    found = engine.card["estimates"]["log_likelihood_nats"]
    s = Subject.of(engine)
    expected = -float(energy.energies(engine.model, s.x_test, s.seed).mean()) - kept.value
    assert found["value"] == pytest.approx(expected)
    assert found["n"] == 360
    assert "exact: a sum over 16 states" in found["protocol"]


def test_a_likelihood_is_a_sum_to_one_over_all_pictures():
    model = tiny()
    each = energy.energies(model, pictures(model), 0)
    assert float((-each - model.summed_log_z().value).exp().sum()) == pytest.approx(1, abs=1e-5)


def test_the_error_of_a_likelihood_has_that_of_log_z_in_it():
    each = torch.tensor([1.0, 2.0, 3.0, 6.0], dtype=torch.float64)
    found = energy.log_likelihood(each, LogZ(10.0, 0.3, 100, 1450, 80.0), 0)
    assert found.value == -13
    assert found.standard_error == pytest.approx(math.hypot(float(each.std()) / 2, 0.3))
    assert "log Z 10.000 ± 0.300" in found.protocol
    assert "alone 1.080" in found.protocol


def test_the_group_measures_with_the_log_z_of_the_card_and_with_one_annealed_anew(engine):
    found = energy.energy_group(Subject.of(engine))
    assert set(found) >= {"energy_nats", "log_z_nats", "annealed_log_likelihood_nats", "chain_ess", "chain_r_hat"}
    assert found["log_z_nats"].standard_error == 0
    low, high = LogZ(found["annealed_log_z_nats"].value, found["annealed_log_z_nats"].standard_error, 100).interval(4.0)
    assert low < found["log_z_nats"].value < high
    both = found["log_likelihood_nats"].value + found["log_z_nats"].value
    assert both == pytest.approx(-found["energy_nats"].value)
    assert found["chain_ess"].value >= 1


def test_without_a_log_z_the_card_has_no_likelihood_to_print(engine):
    del engine.card["log_z"]
    found = energy.energy_group(Subject.of(engine))
    assert "log_likelihood_nats" not in found
    assert "log_z_nats" not in found
    assert "−log p(x) − log Z" in found["energy_nats"].protocol
    assert "annealed_log_likelihood_nats" in found


def test_eval_prints_it(engine, capsys):
    asked = {"k": 0, "precision": "float32", "save": False, "metrics": "energy", "checkpoint": "tiny-rbm"}
    evaluate_checkpoint(Namespace(**asked, device="cpu", json=True))
    out = json.loads(capsys.readouterr().out)
    assert out["log_likelihood_nats"]["standard_error"] > 0


def test_other_models_have_no_energy(tiny_checkpoint):
    with pytest.raises(NotMeasurable, match="no energy"):
        energy.energy_group(Subject.of(vae.load("tiny-vae")))


@pytest.mark.parametrize("broken", [{"value": "x"}, {"n": -1}, {"value": 1e30}, 3])
def test_a_forged_log_z_is_refused(rbm_root, broken):
    saved = checkpoint.read(rbm_root / "tiny-rbm")
    good = saved.config["log_z"]
    config = saved.config | {"log_z": good | broken if isinstance(broken, dict) else broken}
    assert "log_z" in schema.problem(config)
    assert not schema.problem(saved.config)


def test_an_unfinished_training_has_none(monkeypatch, tmp_path):
    """Nor one that went on: what a card keeps is of the weights beside it."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    plan = Plan("rbm", "digits", SETTINGS, epochs=2, name="x", device="cpu", points=100)
    for _event in experiment.train(dataclasses.replace(plan, epochs=1)):
        pass
    assert "log_z" in checkpoint.read(tmp_path / "x").config
    training = experiment.train(plan, resume=True)
    for event in training:
        if event.kind == "epoch":
            break
    training.close()
    card = checkpoint.read(tmp_path / "x").config
    assert card["epochs_done"] == 2
    assert "log_z" not in card
    assert "log_likelihood_nats" not in card.get("estimates", {})


def test_a_resumed_training_equals_a_straight_one_bit_for_bit(monkeypatch, tmp_path):
    """The persistent chains go on where they were."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    plan = Plan("rbm", "digits", SETTINGS, epochs=2, seed=3, name="straight", device="cpu", points=100)
    for _event in experiment.train(plan):
        pass
    broken = dataclasses.replace(plan, name="broken")
    training = experiment.train(broken)
    next(event for event in training if event.kind == "epoch")
    training.close()
    torch.manual_seed(9)
    for _event in experiment.train(broken, resume=True):
        pass
    straight, again = (checkpoint.read(tmp_path / name) for name in ("straight", "broken"))
    assert again.files[MODEL] == straight.files[MODEL]
    assert again.files[RESUME] == straight.files[RESUME]
    assert again.config["log_z"] == straight.config["log_z"]


def test_noise_has_a_higher_energy_than_digits():
    model = trained(10, 300)
    x = vae.registry.DATASETS.get("digits").load().x_test[:200]
    noise = np.random.default_rng(0).permuted(x.reshape(200, -1), axis=1).reshape(x.shape)
    one, other = (anomaly_scores(model, torch.from_numpy(a))["energy"] for a in (x, noise))
    assert np.median(other) > np.quantile(one, 0.95)


def test_oddness_tells_of_the_energy():
    known = oddness.Reference({"reconstruction_error": np.arange(10.0), "energy": np.arange(10.0)}, "")
    share, by = known.oddness({"reconstruction_error": np.array([3.0, 8.0]), "energy": np.array([9.5, 2.0])})
    assert by == (oddness.ENERGY, oddness.ERROR)
    assert share[0] == 1


def test_filters_are_the_weights_around_grey(engine, tiny_checkpoint):
    drawn = filters(engine)
    assert drawn.shape == (4, 1, 8, 8)
    weights = engine.model.weight.detach().T.view(4, 1, 8, 8).numpy()
    assert ((drawn > 128) == (weights > 0.004 * np.abs(weights).max())).mean() > 0.98
    assert 255 in drawn or 0 in drawn
    assert filters(vae.load("tiny-vae")) is None


def test_a_unit_that_is_always_on_says_nothing_about_mixing():
    """And one that is on in some chains and off in others says that they do not mix."""
    model = tiny()
    model.weight.data.fill_(0.0)
    model.hidden.data.copy_(torch.tensor([40.0, 0.0, 0.0]))
    model.weight.data[:, 1] = torch.tensor([2.0, -2.0, 1.0, -1.0])
    found = energy.mixing(model, 0)
    assert "worst of 2 coordinates" in found["chain_ess"].protocol
    assert found["chain_r_hat"].value < 1.05
    model.weight.data[:, 2] = 40.0
    model.hidden.data[2] = -80.0
    model.visible.data.fill_(0.0)
    model.chains[: len(model.chains) // 2] = 0
    model.chains[len(model.chains) // 2 :] = 1
    apart = energy.mixing(model, 0)
    assert "chain_r_hat" not in apart or apart["chain_r_hat"].value > 1.5
