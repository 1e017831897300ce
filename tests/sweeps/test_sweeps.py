"""Sweeps: plans that differ in one setting, models that fail alone, what is looked at and kept, the shipped one."""

from __future__ import annotations

import dataclasses
import json
import os

import numpy as np
import pytest

from vae.__main__ import main, parser
from vae.commands.sweeps import _asked
from vae.errors import SettingError, UnknownName
from vae.forming import model_sequence, recording, snapshots
from vae.registry import about
from vae.runs import control, diagnosis, folder, os_process, reporting, starting
from vae.saved import checkpoint
from vae.sweeps import comparison, sweeps
from vae.training.plan import Plan

TINY = {"net": "mlp", "width": "8", "d": "2", "batch_size": "479"}


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(control, "tend", folder.runs)  # nobody works the queue beside these tests
    return tmp_path


def base(family: str = "beta_vae", **changes) -> Plan:
    return dataclasses.replace(Plan(family, "digits", TINY, 2, name="a", points=20, device="cpu"), **changes)


def started(values=(4, 0, 1), **changes) -> sweeps.Sweep:
    return sweeps.start(base(**changes), "beta", values)


def trained(name: str, *, resume: bool = False) -> None:
    """That model, trained in this process."""
    run = folder.find(name)
    plan = Plan(**{f.name: run.plan[f.name] for f in dataclasses.fields(Plan)})
    reporting.train(plan, run.id, resume=resume, say=lambda text: None, figures=lambda metrics: iter(()))


# ---------------------------------------------------------------- plans


def test_plans_differ_in_one_setting_and_their_names_alone():
    every = sweeps.plans(base(), "beta", (4, 0, 0.1, 4.0))
    assert [(p.name, p.settings["beta"]) for p in every] == [("a-0", 0.0), ("a-0.1", 0.1), ("a-4", 4.0)]
    alike = {str(dataclasses.replace(p, name="", settings=p.settings | {"beta": 0})) for p in every}
    assert alike == {str(base(name="", settings=TINY | {"beta": 0}))}
    widths = sweeps.plans(base("vae", name=""), "d", (8, 2))
    assert [(p.name, p.settings["d"]) for p in widths] == [("digits-d-2", 2), ("digits-d-8", 8)]
    assert all(type(p.settings["d"]) is int for p in widths)


@pytest.mark.parametrize(
    ("family", "setting", "values", "said"),
    [
        ("vae", "beta", (1, 2), "expected a numeric setting of vae: d, width"),
        ("beta_vae", "likelihood", (1, 2), "expected a numeric setting"),
        ("beta_vae", "beta", (1, 1.0), "needs 2 to 10 different values: given 1"),
        ("beta_vae", "beta", range(11), "needs 2 to 10 different values: given 11"),
        ("beta_vae", "beta", (-1, 1), "beta=-1.0: expected 0.0 to 1000.0"),
        ("beta_vae", "d", (1.5, 2), "d='1.5': expected int"),
        ("beta_vae", "beta", (float("nan"), 1), "expected 0.0 to 1000.0"),
    ],
)
def test_what_no_ladder_can_be_of_is_said_and_begins_nothing(root, family, setting, values, said):
    with pytest.raises(SettingError, match=said.replace("(", r"\(")):
        sweeps.start(base(family), setting, values)
    assert sweeps.known() == {}
    assert folder.runs() == []


def test_names_that_are_taken_are_refused_before_anything_begins(root):
    starting.start(base(name="a-4", settings=TINY), work=False)
    for begin in (started, lambda: sweeps.check(base(), "beta", (0, 4))):
        with pytest.raises(SettingError, match=r"trains 'a-4' and is queued. .* the sweep, for example a-b"):
            begin()
    assert len(folder.runs()) == 1
    control.delete("a-4")
    assert started().models == ("a-0", "a-1", "a-4")
    with pytest.raises(SettingError, match="sweep 'a' already exists"):
        started(values=(7, 8))
    with pytest.raises(SettingError, match="expected letters"):
        started(name="../a")


def test_a_free_name_cannot_be_read_as_a_rung(root):
    assert sweeps.free_name("a") == "a"
    started()
    assert sweeps.free_name("a") == "a-b"
    with pytest.raises(SettingError, match="sweep 'a' already exists: choose another name, for example a-b"):
        started(values=(7, 8))
    started(name="a-b")
    assert sweeps.free_name("a") == "a-c"
    sweeps.delete("a-b")
    checkpoint.save(root / "a-b-1e-05", {"name": "a-b-1e-05"}, {})  # of a sweep that is gone
    assert sweeps.free_name("a") == "a-c"
    for letter in "cdefghijklmnopqrstuvwxyz":
        checkpoint.save(root / f"a-{letter}", {"name": f"a-{letter}"}, {})
    assert sweeps.free_name("a") == "a-aa"


def test_values_are_read_from_text():
    assert sweeps.parse(" 0, .1 2;4 ") == (0.0, 0.1, 2.0, 4.0)
    with pytest.raises(SettingError, match="values '1, two': expected numbers"):
        sweeps.parse("1, two")


def test_its_command_asks_for_the_same_sweep(root):
    sweep = started()
    assert sweep.command.startswith("python -m vae sweep train beta_vae digits --set net=mlp")
    assert "--over beta=0,1,4 --epochs 2" in sweep.command
    again, setting, values = _asked(parser().parse_args(sweep.command.split()[3:]))
    assert sweeps.plans(dataclasses.replace(again, device="cpu"), setting, values) == sweeps.plans(
        base(), "beta", (0, 1, 4)
    )


def test_without_values_what_is_proposed_is_asked_for():
    for family, setting in (("beta_vae", "beta"), ("vae", "d")):
        _, found, values = _asked(parser().parse_args(["sweep", "train", family, "digits"]))
        assert (found, values) == (setting, sweeps.OVER[setting])
    with pytest.raises(SettingError, match="for example --over width=1,2,4"):
        _asked(parser().parse_args(["sweep", "train", "vae", "digits", "--over", "width"]))


# ---------------------------------------------------------------- trained


def test_a_rung_that_fails_leaves_the_others_and_joins_them_once_it_is_trained(root, monkeypatch):
    monkeypatch.setattr(recording, "N_LATENTS", 60)
    sweep = started()
    with pytest.raises(SettingError, match="0 of 3 models are trained"):
        comparison.look("a")
    trained("a-0")
    with folder.lock():
        folder.fail(folder.find("a-1"), diagnosis.Diagnosis("it broke", "mend it"))
    assert sweep.running()
    trained("a-4")
    assert not sweep.running()
    assert sweep.states() == {"a-0": "done", "a-1": "failed", "a-4": "done"}
    assert comparison.frames_of(sweep) is None
    two = comparison.look("a")
    assert (two.axis, two.values, two.name) == ("beta", (0.0, 4.0), "a")
    control.resume("a-1")
    trained("a-1")
    assert comparison.frames_of(sweep) is None  # of two alone
    three = comparison.look("a")
    assert three.values == (0.0, 1.0, 4.0)
    for was, now in zip(two.snapshots, (three.snapshots[0], three.snapshots[2]), strict=True):
        assert (was.mu == now.mu).all()
        assert (was.drawn == now.drawn).all()
    told = []
    assert comparison.look("a", report=told.append).values == three.values
    assert told == []  # it is kept


def test_frames_are_what_the_checkpoints_make_of_the_samples_that_their_runs_looked_at(root, monkeypatch):
    monkeypatch.setattr(recording, "N_LATENTS", 60)
    sweep = started(values=(0, 2), settings=TINY | {"d": "3"})
    for model in sweep.models:
        trained(model)
    found = comparison.look("a")
    for model, shot in zip(sweep.models, found.snapshots, strict=True):
        run = folder.find(model).folder
        fixed, last = snapshots.fixed(run), snapshots.load(snapshots.kept(run)[2])
        assert (found.fixed.rows == fixed.rows).all()
        assert (found.fixed.labels == fixed.labels).all()
        assert (found.fixed.shown == fixed.shown).all()
        assert found.fixed.drawn_from == fixed.drawn_from == "prior"
        assert (shot.mu == last.mu).all()
        assert (shot.again == last.again).all()
        assert np.allclose(shot.rate_per_dim_nats, last.rate_per_dim_nats)
        card = checkpoint.read(root / model).config
        expected = {k: card["validation"][k] for k in (*snapshots.NATS, "active_units_by_rate", "active_units")}
        assert shot.figures == expected | {f"test_{k}": card["metrics"][k] for k in snapshots.NATS}
    assert found.fixed.split == snapshots.VALIDATION
    assert len(found.maps) == 0
    assert model_sequence.lay(sweep.folder) == 2
    assert comparison.frames_of(sweep).maps.shape == (2, 60, 2)
    bygone = comparison.frames_of(dataclasses.replace(sweep, dataset="bygone"))  # somebody's own data that was removed
    assert (bygone.about, bygone.classes, len(bygone.maps)) == ("beta-VAE on bygone", (), 2)
    assert found.classes[3] == "3"
    assert "beta-VAE" in found.about


# ---------------------------------------------------------------- deleted, listed


def test_deleting_leaves_the_models_unless_they_are_asked_for(root):
    started()
    checkpoint.save(root / "a-0", {"name": "a-0"}, {})
    with folder.lock():
        busy = folder.change(folder.find("a-4"), folder.RUNNING, pid=os.getpid(), began=os_process.began(os.getpid()))
    with pytest.raises(SettingError, match="cannot delete sweep a: a-4 is training"):
        sweeps.delete("a")
    assert len(folder.runs()) == 3
    with folder.lock():
        folder.change(busy, folder.STOPPED)
    sweeps.delete("a")
    assert (sweeps.known(), folder.runs(), list(checkpoint.checkpoints())) == ({}, [], ["a-0"])
    with pytest.raises(UnknownName, match="unknown sweep 'a'"):
        sweeps.delete("a")
    checkpoint.delete("a-0")
    started()
    checkpoint.save(root / "a-0", {"name": "a-0"}, {})
    sweeps.delete("a", models=True)
    assert checkpoint.checkpoints() == {}


def test_models_that_are_gone_are_told(root):
    sweep = started(values=(0, 1))
    for run in folder.runs():
        control.delete(run.id)
    assert set(sweep.states().values()) == {sweeps.GONE}
    assert sweeps.of_model("a-1") == sweep
    assert sweeps.of_model("b") is None


def test_a_ladder_of_a_family_that_is_gone_is_listed_by_its_name(root, capsys):
    path = started().folder / sweeps.RECORD
    folder.write(path, json.loads(path.read_text()) | {"family": "bygone"})
    assert main(["sweep", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["title"] == "bygone on digits"
    assert about("beta_vae", "digits") == "beta-VAE on digits"


def test_the_command_line_trains_lists_shows_and_deletes(root, capsys):
    sets = [word for k, v in TINY.items() for word in ("--set", f"{k}={v}")]
    asked = ["sweep", "train", "beta_vae", "digits", *sets, "--over", "beta=0,2", "--epochs", "1", "--name", "b"]
    assert main([*asked, "--background"]) == 0
    assert main(["sweep", "list"]) == 0
    assert "b                        0 of 2 trained  beta-VAE on digits, beta 0, 2" in capsys.readouterr().out
    assert main(["sweep", "show", "b", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert [(model["value"], model["name"], model["state"]) for model in record["models"]] == [
        (0.0, "b-0", "queued"),
        (2.0, "b-2", "queued"),
    ]
    with folder.lock():
        folder.fail(folder.find("b-2"), diagnosis.Diagnosis("it broke", "mend it"))
    assert main(["sweep", "show", "b"]) == 0
    assert "cause: it broke" in capsys.readouterr().out
    assert main(["sweep", "delete", "b"]) == 0
    assert main(["sweep", "show", "b"]) == 1
    assert "unknown sweep 'b'" in capsys.readouterr().err


def test_the_command_goes_by_its_old_name_as_well(capsys):
    assert main(["sweep", "list", "--json"]) == 0
    listed = capsys.readouterr().out
    assert main(["ladder", "list", "--json"]) == 0
    assert capsys.readouterr().out == listed
