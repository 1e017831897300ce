"""A training measures itself on its validation set, and on the test set once, at the end."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import vae
from tests.training.test_train import run
from vae.data.validation import as_trained, split
from vae.errors import SettingError
from vae.registry import DATASETS
from vae.saved import checkpoint
from vae.saved.checkpoint import HISTORY, MODEL, RESUME
from vae.studies import copies
from vae.sweeps import comparison
from vae.training import experiment, trainer
from vae.training.plan import Plan

ATLAS = "atlas.npz"
TINY = {"net": "mlp", "width": "8", "d": "2", "batch_size": "400"}
PLAN = Plan("tc_vae", "digits", TINY, 2, 0, "a", "cpu", 60)


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))


@pytest.fixture
def looks(monkeypatch) -> dict[str, list[torch.Tensor]]:
    """What is evaluated and what is trained on: tensors of samples."""
    seen: dict[str, list[torch.Tensor]] = {"epoch": [], "end": [], "step": []}
    for module, name in ((trainer, "epoch"), (experiment, "end")):
        real = module.evaluate

        def noted(model, x, *args, real=real, name=name, **options):
            seen[name].append(x)
            return real(model, x, *args, **options)

        monkeypatch.setattr(module, "evaluate", noted)
    step = trainer.Trainer.train_step

    def stepped(self, x, *args):
        seen["step"].append((255 * x).round().byte())
        return step(self, x, *args)

    monkeypatch.setattr(trainer.Trainer, "train_step", stepped)
    return seen


def finished(plan: Plan) -> checkpoint.Checkpoint:
    """Trained to its very end."""
    assert list(experiment.train(plan))[-1].kind == "done"
    return checkpoint.read(checkpoint.root() / plan.name)


def rows(*several: torch.Tensor) -> list[bytes]:
    return sorted(x.numpy().tobytes() for some in several for x in some)


def test_the_validation_set_is_evaluated_each_epoch_and_the_test_set_once_at_the_end(looks):
    saved = finished(PLAN)
    whole = DATASETS.get("digits").load()
    s = split(whole, 0.1)
    assert [rows(x) for x in looks["epoch"]] == 2 * [rows(torch.from_numpy(s.x_validation))]
    assert [rows(x) for x in looks["end"]] == [rows(torch.from_numpy(s.x_test))]
    per_epoch = len(looks["step"]) // 2
    for epoch in (looks["step"][:per_epoch], looks["step"][per_epoch:]):  # each training sample once, no other
        assert rows(*epoch) == rows(torch.from_numpy(s.x_train))
    assert not any(key.startswith("test") for record in saved.history() for key in record)
    assert saved.config["spec"]["n_data"] == len(s.x_train) == 1293
    last = saved.history()[-1]
    assert saved.config["validation"] == {
        "n": 144,
        "active_units_by_rate": last["active_units_by_rate"],
        "active_units": last["active_units"],
        **{k: last[f"validation_{k}"] for k in ("elbo_nats", "distortion_nats", "rate_nats", "mse")},
    }
    assert saved.config["metrics"]["n_test"] == 360


def test_the_loss_counts_the_samples_that_are_trained_on():
    job = experiment.Job.of(PLAN)
    prepared, spec = experiment.prepare(job, job.load())
    assert prepared.objective.n_data == spec.n_data == 1293


def test_without_a_validation_set_the_test_set_is_not_looked_at_either(looks):
    saved = finished(replace(PLAN, settings=TINY | {"validation": "0"}))
    s = DATASETS.get("digits").load()
    train, test = set(rows(torch.from_numpy(s.x_train))), set(rows(torch.from_numpy(s.x_test)))
    assert all(len(x) == 1000 for x in looks["epoch"])
    assert all(train.issuperset(rows(x)) for x in looks["epoch"])
    assert [set(rows(x)) for x in looks["end"]] == [test]
    assert not any(key.startswith(("test", "validation")) for record in saved.history() for key in record)
    assert "active_units" in saved.history()[-1]
    assert "validation" not in saved.config
    assert saved.config["spec"]["n_data"] == 1437


def test_too_small_a_set_trains_on_everything_and_says_so():
    said: list[str] = []
    saved = run(replace(PLAN, settings=TINY | {"validation": "0.005"}), report=said.append)
    told = "No validation set: 0.5% of the training samples (n = 1,437) are fewer than 10. All of them are trained on."
    assert told in said
    assert saved.config["spec"]["n_data"] == 1437


def test_the_map_and_the_search_for_copies_have_training_samples_alone_by_their_own_numbers():
    finished(PLAN)
    engine, whole = vae.load("a"), DATASETS.get("digits").load()
    s = as_trained(whole, engine.card)
    validation = set(range(1437)) - set(s.rows_train.tolist())
    assert len(validation) == 144
    assert not validation & set(engine.atlas.index.tolist())
    z = engine.encode(whole.x_train[engine.atlas.index])[0]
    assert np.abs(z - engine.atlas.z).max() < 0.01
    assert np.array_equal(engine.atlas.labels, whole.y_train[engine.atlas.index])
    known = copies.training(engine)
    assert np.array_equal(known.index, s.rows_train)
    assert np.array_equal(known.search.train, whole.x_train[known.index].reshape(1293, -1))
    saved = checkpoint.read(engine.path)
    again = experiment.add_atlas(saved, whole, n=60, device="cpu")
    assert again.files[ATLAS] == saved.files[ATLAS]
    assert experiment.measure_atlas(again, whole, device="cpu").files[ATLAS] == saved.files[ATLAS]


def test_a_resumed_run_has_its_own_validation_set_and_repeats_bit_for_bit():
    plan = replace(PLAN, settings=TINY | {"validation": "0.2"})
    straight = run(plan)
    run(replace(plan, name="b"), 1)
    again = run(replace(PLAN, name="b"), 2, resume=True)  # the share is taken up where none is asked for
    assert again.files[MODEL] == straight.files[MODEL]
    assert again.files[RESUME] == straight.files[RESUME]
    assert again.config["validation"] == straight.config["validation"]
    assert "--set validation=0.2" in again.config["command"]
    with pytest.raises(SettingError, match="cannot resume b: its train is"):
        run(replace(PLAN, name="b", settings=TINY | {"validation": "0.1"}), 2, resume=True)


def test_a_run_of_before_there_was_a_validation_set_goes_on_without_one():
    whole = replace(PLAN, settings=TINY | {"validation": "0"})
    straight = run(whole)
    old = run(replace(whole, name="old"), 1)
    config = old.config | {"train": {k: v for k, v in old.config["train"].items() if k != "validation"}}
    history = [{**r, "test_elbo_nats": -1.0} for r in old.history()]
    files = old.files | {HISTORY: (json.dumps(history[0]) + "\n").encode()}
    checkpoint.save(old.path, config, files)
    again = run(replace(PLAN, name="old"), 2, resume=True)
    assert again.files[MODEL] == straight.files[MODEL]
    assert "validation" not in again.config
    assert again.config["train"]["validation"] == 0
    assert "--set validation=0.0" in again.config["command"]
    assert [r.get("test_elbo_nats") for r in again.history()] == [-1.0, None]


def test_a_model_of_a_sweep_is_chosen_by_the_validation_set_with_the_test_set_beside_it():
    card = {"metrics": {"elbo_nats": -3.0, "rate_nats": 1.0, "active_units": 2, "nll_nats": 2.0}}
    both = card | {"validation": {"n": 9, "elbo_nats": -2.0, "rate_nats": None, "active_units": 1}}
    expected = {"elbo_nats": -2.0, "active_units": 1.0, "test_elbo_nats": -3.0, "test_rate_nats": 1.0}
    assert comparison.figures(both, "validation") == expected
    assert comparison.figures(card, "test") == {"elbo_nats": -3.0, "rate_nats": 1.0, "active_units": 2.0}
