"""The model that a training makes of itself, to be explored while it goes on."""

from __future__ import annotations

import pytest

import vae
from vae.runs import control, folder, preview, preview_map, reporting, starting
from vae.runs.folder import DONE
from vae.saved import checkpoint
from vae.training.plan import Plan

MAPPED = 3  # points of a map that is laid without UMAP
TINY = {"net": "mlp", "width": "8", "d": "2", "batch_size": "479"}


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


def plan(name: str) -> Plan:
    return Plan("vae", "digits", TINY, 4, name=name, points=MAPPED)


def train(run: folder.Run, pause_at: int = 0, *, resume: bool = False) -> folder.Run:
    """The run, trained in this process and paused after that epoch."""

    def say(text: str) -> None:
        if text.startswith(f"epoch {pause_at}/"):
            folder.write(run.folder / folder.REQUEST, "pause")

    reporting.train(plan(run.name), run.id, resume=resume, say=say, figures=lambda metrics: iter(()))
    return folder.find(run.id)


def test_a_training_makes_a_model_to_explore_replaces_it_and_leaves_the_finished_one(root, monkeypatch):
    """Soon after its start, again after three times as long, and never beside another; all without being asked."""
    begun, seen = [], []

    def ask(id: str, *, again: bool) -> str:
        begun.append(preview.epochs_saved(folder.find(id)))
        drawn = preview_map.draw(id, again=again)
        seen.append(
            (drawn.path.name, checkpoint.card(drawn.path.name)["epochs_done"], vae.load(drawn.path.name).atlas.n)
        )
        return drawn.path.name

    monkeypatch.setattr(preview, "ask", ask)
    for name, value in (("FIRST_S", 0.0), ("NEXT", 0.0), ("LEFT_S", 0.0)):
        monkeypatch.setattr(preview, name, value)
    run = train(starting.start(plan("growing"), work=False), 3)
    assert seen == [("growing-so-far", epoch, MAPPED) for epoch in (1, 2, 3)]
    assert "growing-so-far" in checkpoint.checkpoints(), "a paused training has no other map"
    monkeypatch.setattr(preview, "LEFT_S", 1e9)
    assert train(control.resume(run.id, work=False), resume=True).state.name == DONE
    assert begun == [1, 2, 3], "nothing is made where the finished model comes as soon"
    assert set(checkpoint.checkpoints()) == {"growing"}
    preview_map.draw(run.id, again=True)
    assert set(checkpoint.checkpoints()) == {"growing"}, "one that was still being made leaves with the training"


def test_what_can_be_opened_is_named_by_its_own_epoch(root):
    run = train(starting.start(plan("named"), work=False), 2)
    preview_map.draw(run.id, again=True)
    folder.write(run.folder / preview.NOTE, {"name": "named-so-far", "epoch": 4, "pid": 0, "began": ""})
    assert (preview.asked(run)["epoch"], preview.asked(run)["ready"]) == (2, True)


def test_a_training_of_seconds_gets_a_map_before_the_one_that_takes_longer(root, monkeypatch):
    """What is left until the finished model can be explored counts, and that is mostly its map."""
    begun = []
    monkeypatch.setattr(preview, "ask", lambda id, *, again: begun.append(id))
    monkeypatch.setattr(preview, "FIRST_S", 0.0)
    monkeypatch.setattr(preview, "NEXT", 1e9)  # on a busy machine a second one would soon be due
    took = {"s": 2 * preview.LEFT_S}
    monkeypatch.setattr(preview, "map_seconds", lambda points: took["s"])
    run = train(starting.start(plan("short"), work=False))
    assert begun == [run.id]
    took["s"] = 1e-3
    monkeypatch.setattr(preview, "LEFT_S", 1e6)  # on a busy machine even this training takes long
    train(starting.start(plan("shorter"), work=False))
    assert begun == [run.id], "the finished model comes as soon"
