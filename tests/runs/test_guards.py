"""What a run still needs is not taken away from under it; and a run whose data set went all the same says so."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from tests.data.test_own_pictures import read
from vae.__main__ import main
from vae.data.own import shelf
from vae.errors import DataNotFound, SettingError
from vae.library import manage, user_data
from vae.runs import control, folder, os_process, starting
from vae.runs.folder import PAUSED, QUEUED, RUNNING, STOPPED
from vae.saved import checkpoint
from vae.training.experiment import train
from vae.training.plan import Plan


@pytest.fixture(autouse=True)
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))
    return tmp_path / "checkpoints"


def add(tmp_path, name: str = "mine", seed: int = 0, replace: bool = False) -> None:
    path = tmp_path / f"{seed}.npz"
    np.savez(path, x=np.random.default_rng(seed).integers(0, 256, (30, 9, 9), dtype=np.uint8))
    user_data.add(name, read(path), replace=replace)


def begun(state: str, name: str = "model", dataset: str = "mine") -> folder.Run:
    """A run in that state, which nobody works on; one that runs has the process of these tests."""
    run = starting.start(Plan("vae", dataset, {"net": "mlp", "width": "8"}, 3, name=name), work=False)
    me = os_process.own()
    with folder.lock():
        return folder.change(run, state, **({"pid": me.pid, "began": me.began} if state == RUNNING else {}))


def with_model(tiny_root, root, name: str) -> None:
    shutil.copytree(tiny_root / "tiny-vae", root / name)


@pytest.mark.parametrize("state", [QUEUED, RUNNING, PAUSED])
def test_a_data_set_that_a_run_needs_stays(tmp_path, state, capsys):
    add(tmp_path)
    add(tmp_path, "other")
    run = begun(state)
    said = f"data set 'mine' is in use: run {run.id} trains on it and is {state}. Stop that run first"
    with pytest.raises(SettingError, match=said):
        user_data.remove("mine")
    with pytest.raises(SettingError, match=said):
        user_data.check_name("mine", replace=True)
    with pytest.raises(SettingError, match=said):
        add(tmp_path, seed=1, replace=True)
    assert main(["data", "remove", "mine"]) == 1
    assert f"python -m vae runs stop {run.id}" in capsys.readouterr().err
    assert shelf.names() == ["mine", "other"]
    user_data.remove("other")
    with folder.lock():
        folder.change(run, STOPPED)
    user_data.remove("mine")
    assert shelf.names() == []


@pytest.mark.parametrize("state", [QUEUED, RUNNING, PAUSED])
def test_a_checkpoint_that_a_run_trains_keeps_its_name_weights_and_place(root, tiny_root, state, capsys):
    run = begun(state, dataset="digits")
    for name in ("model", "other"):
        with_model(tiny_root, root, name)
    said = f"checkpoint 'model' is in use: run {run.id} trains it and is {state}. Stop that run first"
    with pytest.raises(SettingError, match=said):
        manage.delete("model")
    with pytest.raises(SettingError, match=said):
        manage.rename("model", "better")
    before = (root / "model" / "config.json").read_bytes()
    assert main(["atlas", "model", "--n", "2"]) == 1  # it would put older weights over those of a newer epoch
    assert said in capsys.readouterr().err
    assert (root / "model" / "config.json").read_bytes() == before
    manage.delete("other")
    assert set(checkpoint.checkpoints()) == {"model"}
    with folder.lock():
        folder.change(run, STOPPED)
    control.delete(run.id)
    manage.delete("model")
    assert checkpoint.checkpoints() == {}


def test_without_any_runs_nothing_is_left_in_the_folder(root, tmp_path):
    add(tmp_path)
    user_data.remove("mine")
    assert not root.exists()


@pytest.mark.parametrize("trained", [False, True])
def test_a_run_whose_data_set_is_gone_says_so(tmp_path, trained):
    add(tmp_path)
    run = begun(PAUSED)
    plan = Plan("vae", "mine", {"net": "mlp", "width": "8"}, 2, name="model", points=20)
    if trained:
        list(train(plan))
    with folder.lock():
        folder.change(run, STOPPED)
    user_data.remove("mine")
    with pytest.raises(
        DataNotFound, match=r"'mine' no longer exists.*data add mine PATH.*Existing data sets: .*digits"
    ):
        control.resume(run.id, work=False)
    if trained:
        with pytest.raises(DataNotFound, match="'mine' no longer exists"):
            list(train(plan, resume=True))
        add(tmp_path, seed=1)
        with pytest.raises(DataNotFound, match="'mine' is not the one"):
            control.resume(run.id, work=False)
        with pytest.raises(DataNotFound, match="'mine' is not the one"):
            list(train(plan, resume=True))
        user_data.remove("mine")
    assert folder.find(run.id).state.name == STOPPED
    add(tmp_path)
    assert control.resume(run.id, work=False).state.name == QUEUED
