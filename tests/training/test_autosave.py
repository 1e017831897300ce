"""Epochs are saved from time to time, and none is lost but to a kill."""

from __future__ import annotations

import os

import pytest
import torch

from vae.engine.device import leave_one_core
from vae.errors import ZscopeError
from vae.saved import checkpoint
from vae.training import autosave, experiment
from vae.training.plan import Plan

TINY = {"net": "mlp", "width": "8", "d": "2", "batch_size": "512"}


@pytest.fixture(autouse=True)
def seldom(tmp_path, monkeypatch):
    """After the first epoch none is saved for want of time."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(autosave, "SPACING", 1e9)
    monkeypatch.setattr(autosave, "LONGEST_S", 1e9)


def saved(name: str) -> list[int]:
    return [record["epoch"] for record in checkpoint.read(checkpoint.find(name)).history()]


def plan(name: str, epochs: int = 6) -> Plan:
    return Plan("vae", "digits", TINY, epochs, name=name, device="cpu", points=10)


def to(epoch: int, name: str, **options) -> bytes:
    events = experiment.train(plan(name), **options)
    for event in events:
        if event.kind == "epoch" and event.epoch == epoch:
            if epoch > 1 and not options:
                assert saved(name) == [1], "an epoch was saved before its time"
            events.close()
    assert saved(name) == list(range(1, epoch + 1)), "closing lost an epoch"
    return checkpoint.read(checkpoint.find(name)).files[checkpoint.MODEL]


def test_the_newest_epoch_is_saved_when_a_training_is_closed_and_goes_on_exactly():
    to(3, "broken")
    assert to(5, "broken", resume=True) == to(5, "straight")


def test_the_newest_epoch_is_saved_when_a_training_fails():
    def fails(trainer, samples, event):
        if event.epoch == 4:
            raise ZscopeError("it failed")

    with pytest.raises(ZscopeError, match="it failed"):
        list(experiment.train(plan("a"), watch=fails))
    assert saved("a") == [1, 2, 3, 4]


def test_a_save_is_due_after_ten_times_as_long_as_the_last_one_took(monkeypatch, tmp_path):
    """By a clock on which a save takes 2 s; and after half a minute in any case."""
    now, written = [100.0], []

    def save(path, config, files, *, keep_note):
        now[0] += took
        written.append(config["epoch"])

    monkeypatch.setattr(autosave, "SPACING", 10.0)
    monkeypatch.setattr(autosave, "LONGEST_S", 30.0)
    monkeypatch.setattr(autosave.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(checkpoint, "save", save)
    took, saves = 2.0, autosave.Autosave(tmp_path / "a")
    for epoch in range(1, 31):
        saves.take({"epoch": epoch}, {}, keep_note=False)
        now[0] += 3.0
    assert written == [1, 8, 15, 22, 29]
    saves.flush()
    saves.flush()
    assert written[5:] == [30]
    took = 60.0
    now[0] += 100.0
    for epoch in range(31, 35):
        saves.take({"epoch": epoch}, {}, keep_note=False)
        now[0] += 20.0
    assert written[6:] == [31, 33]


def test_a_training_on_a_cpu_leaves_one_core_to_others(monkeypatch):
    before = torch.get_num_threads()
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(3)), raising=False)
    try:
        torch.set_num_threads(3)
        leave_one_core(torch.device("cpu"))
        assert torch.get_num_threads() == 3, "OMP_NUM_THREADS was given"
        monkeypatch.delenv("OMP_NUM_THREADS")
        leave_one_core(torch.device("cpu"))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
