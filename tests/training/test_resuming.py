"""Going on with other settings: which may change, what it does, and that it is told."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load as load_tensors

from vae.__main__ import main
from vae.errors import SettingError
from vae.saved import checkpoint
from vae.saved.checkpoint import MODEL, RESUME
from vae.saved.restoring import restore
from vae.training import experiment
from vae.training.job import Job
from vae.training.plan import Plan, split_settings
from vae.training.resuming import told
from vae.training.trainer import Trainer, fit

TINY = {"net": "mlp", "width": "8", "d": "2"}
PLAN = Plan("vae", "digits", TINY, epochs=2, name="a")


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


def run(plan: Plan, until: int, **options) -> checkpoint.Checkpoint:
    events = experiment.train(plan, **options)
    for event in events:
        if event.kind == "epoch" and event.epoch == until:
            events.close()
    return checkpoint.read(checkpoint.root() / plan.checkpoint_name())


def test_a_run_goes_on_with_another_learning_rate_from_where_it_stands():
    """Parameters, moments, order and random state are the run's; the steps are those of the new settings."""
    before = run(PLAN, 1)
    other = replace(PLAN, settings=TINY | {"lr": "0.02", "clip": "0", "lr_end": "0.5"})
    after = run(other, 2, resume=True)

    model, objective = restore(before, torch.device("cpu"))
    trainer = Trainer(model, objective, split_settings("vae", other.settings)[1], 0, 2 * 11)
    trainer.restore(load_tensors(before.files[RESUME]))
    x = torch.from_numpy(Job.of(other).load().x_train)
    list(fit(trainer, x, None, None, 2))
    saved = load_tensors(after.files[MODEL])
    assert all(torch.equal(saved[name], value) for name, value in model.state_dict().items())
    assert after.files[MODEL] != run(replace(PLAN, name="same"), 2).files[MODEL]


def test_the_card_tells_every_change_and_the_history_goes_on():
    run(PLAN, 1)
    told_now: list[str] = []
    lower = replace(PLAN, settings=TINY | {"lr": "0.0001"}, epochs=3)
    second = run(lower, 2, resume=True, report=told_now.append)
    change = {"after_epoch": 1, "lr": [0.001, 0.0001], "epochs": [2, 3]}
    assert second.config["changes"] == [change]
    assert "from epoch 2 on: lr 0.001 → 0.0001, epochs 2 → 3" in told_now
    assert second.config["train"]["lr"] == 0.0001
    assert told(change) in told_now
    told_now.clear()
    third = run(replace(lower, settings=lower.settings | {"precision": "bfloat16"}), 3, resume=True)
    assert third.config["changes"] == [change, {"after_epoch": 2, "precision": ["float32", "bfloat16"]}]
    assert [r["epoch"] for r in third.history()] == [1, 2, 3]


def test_an_unchanged_resume_tells_of_no_change_and_keeps_the_old_ones():
    run(PLAN, 1)
    assert "changes" not in run(PLAN, 2, resume=True).config
    longer = replace(PLAN, epochs=4)
    run(longer, 3, resume=True)
    told_now: list[str] = []
    last = run(longer, 4, resume=True, report=told_now.append)
    assert last.config["changes"] == [{"after_epoch": 2, "epochs": [2, 4]}]
    assert not [text for text in told_now if "->" in text]


@pytest.mark.parametrize("setting", ["batch_size=64", "d=3", "width=9"])
def test_what_the_samples_or_the_model_depend_on_may_not_change(setting):
    run(PLAN, 1)
    name, value = setting.split("=")
    with pytest.raises(SettingError, match="cannot resume a"):
        run(replace(PLAN, settings=TINY | {name: value}), 2, resume=True)


def test_after_a_nan_the_command_that_is_told_goes_on_with_a_tenth_of_the_rate(capsys, monkeypatch):
    """From the last good epoch, to the end, with a model that is finite."""
    run(PLAN, 1)
    share = Trainer._share
    monkeypatch.setattr(Trainer, "_share", lambda self: 1e33)
    command = ["train", "vae", "digits", *(f"--set={k}={v}" for k, v in TINY.items()), "--epochs", "2", "--name", "a"]
    assert main([*command, "--points", "50", "--resume"]) == 1
    said = capsys.readouterr().err
    assert "_nats is" in said
    assert "by step" in said
    assert (
        "The last good epoch is saved. To resume with a smaller learning rate: python -m vae train vae digits" in said
    )
    advised = shlex.split(said.split("To resume with a smaller learning rate: python -m vae ")[1])
    assert "lr=0.0001" in advised
    monkeypatch.setattr(Trainer, "_share", share)
    assert main(advised) == 0
    saved = checkpoint.read(checkpoint.root() / "a")
    assert saved.config["changes"] == [{"after_epoch": 1, "lr": [0.001, 0.0001]}]
    assert [r["epoch"] for r in saved.history()] == [1, 2]
    assert all(v.isfinite().all() for v in load_tensors(saved.files[MODEL]).values())


def test_a_nan_before_any_epoch_was_saved_promises_nothing(capsys, monkeypatch):
    """Not even where an older run of that name was to be overwritten."""
    run(PLAN, 1)
    monkeypatch.setattr(Trainer, "_share", lambda self: 1e33)
    command = ["train", "vae", "digits", *(f"--set={k}={v}" for k, v in TINY.items()), "--epochs", "2", "--name", "a"]
    assert main([*command, "--overwrite"]) == 1
    assert "To resume" not in capsys.readouterr().err
