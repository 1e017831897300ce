"""One bad checkpoint in the folder: every page of every other model is as without it, and the reason is listed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from app.live import training_cost
from tests import hostile
from tests.app.views.test_views import OF_THE_MODEL, PAGES, opened, state, words
from vae.__main__ import main
from vae.runs import folder
from vae.saved import checkpoint
from vae.saved.checkpoint import HISTORY
from vae.sweeps import comparison, sweeps

CARDS = {  # changes of a card, by the name of the checkpoint
    "metrics": (("metrics",), [1, 2]), "metric": (("metrics", "elbo_nats"), "-97"), "hparams": (("hparams",), None),
    "spec": (("spec",), []), "classes": (("classes",), 3), "dataset": (("dataset",), 7), "name": (("name",), {}),
    "family": (("family",), "diffusion"), "modality": (("spec", "modality"), "smell"), "created": (("created",), 12),
    "files": (("files",), [1]), "surrogate": (("title",), "\ud800"), "versions": (("versions",), "1.0"),
}  # fmt: skip


@pytest.fixture
def root(tiny_root, tmp_path, monkeypatch) -> Path:
    """A folder with `tiny-vae`, a checkpoint of each of CARDS, and a sweep of tiny-vae and two of these."""
    monkeypatch.setattr(training_cost, "look", lambda plan: "About a minute.")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    root = tmp_path / "checkpoints"
    whole = shutil.copytree(tiny_root / "tiny-vae", root / "tiny-vae")
    good = json.loads((whole / "config.json").read_text())
    for name, (path, value) in CARDS.items():
        hostile.sign(shutil.copytree(whole, root / name), hostile.changed(good, path, value))
    hostile.with_file(good, shutil.copytree(whole, root / "history"), HISTORY, b"[1, 2]\n")
    (sweeps.home() / "climb").mkdir(parents=True)
    record = {"family": "vae", "dataset": "digits", "setting": "d", "values": [2.0, 4.0, 8.0], "command": ""}
    models = {sweeps.MODELS: ["metrics", "tiny-vae", "hparams"]}
    folder.write(sweeps.home() / "climb" / sweeps.RECORD, record | models)
    return root


@pytest.mark.parametrize("page", PAGES)
def test_no_page_of_another_model_notices(root, page):
    at = opened(page, model="tiny-vae")
    assert not at.exception
    assert not at.error
    assert {warning.icon for warning in at.warning} <= OF_THE_MODEL
    assert state(at).model == "tiny-vae"
    options = at.selectbox[0].options
    assert any(option.startswith("tiny-vae\u2002digits · variational · d 4 · ELBO") for option in options)
    assert set(CARDS) - {"metrics", "hparams"} <= {o.split("\u2002")[0] for o in options if "cannot be read" in o}


def test_the_model_page_lists_each_with_the_reason(root):
    at = opened("model", model="tiny-vae")
    assert f"{len(CARDS)} checkpoints cannot be read" in [expander.label for expander in at.expander]
    table = at.dataframe[-1].value
    reasons = dict(zip(table["checkpoint"], table["reason"], strict=True))
    assert set(reasons) == set(CARDS)
    assert reasons["metrics"] == "metrics: config.json: metrics is [1, 2], expected an object."
    assert "unknown family 'diffusion'" in reasons["family"]


@pytest.mark.parametrize("name", [*CARDS, "history"])
def test_a_link_to_one_says_why_and_shows_another(root, name):
    at = opened(model=name)
    assert not at.exception
    assert name in at.warning[0].value
    assert state(at).model == "tiny-vae"


def test_only_unreadable_ones_still_give_a_page_with_their_reasons(root):
    shutil.rmtree(root / "tiny-vae")
    shutil.rmtree(root / "history")
    at = opened("model")
    assert not at.exception
    assert "python -m vae train" in words(at)
    assert len(at.dataframe[0].value) == len(CARDS)


def test_the_commands_go_on_without_them(root, capsys):
    assert main(["list", "checkpoints", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert {name for name, row in rows.items() if "error" in row} == set(CARDS)
    assert main(["list", "checkpoints"]) == 0
    assert "error: metrics: config.json: metrics is [1, 2], expected an object." in capsys.readouterr().out
    assert main(["sweep", "show", "climb", "--json"]) == 0
    models = json.loads(capsys.readouterr().out)["models"]
    assert [sorted(model["metrics"]) for model in models] == [[], ["distortion_nats", "elbo_nats", "rate_nats"], []]
    assert "expected an object" in models[0]["error"]
    assert main(["sweep", "list"]) == 0
    assert comparison.ready(sweeps.find("climb")) is False
    capsys.readouterr()


@pytest.mark.parametrize("command", ["eval", "atlas", "checkpoint pack", "sample --out x.npz"])
@pytest.mark.parametrize("name", ["metrics", "hparams", "created"])
def test_a_command_on_one_says_in_one_line_what_is_wrong(root, command, name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first, *rest = command.split()
    given = [first, *rest[:1], name] if first == "checkpoint" else [first, name, *rest]
    assert main(given) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), err[:7]) == ("", 1, "error: ")


@pytest.mark.parametrize("name", ["a model", "**b**", "<img src=x>", "0 first"])
def test_a_folder_of_a_name_that_no_checkpoint_may_have_is_one_that_cannot_be_read(root, name):
    shutil.copytree(root / "tiny-vae", root / name)
    shutil.rmtree(root / "history")
    at = opened("model")
    assert not at.exception
    assert {warning.icon for warning in at.warning} <= OF_THE_MODEL
    assert state(at).model == "tiny-vae"
    reasons = dict(zip(*(at.dataframe[-1].value[key] for key in ("checkpoint", "reason")), strict=True))
    assert "the name of its folder: expected letters, digits" in reasons[name]


def test_a_checkpoint_is_known_by_its_folder(root):
    assert checkpoint.card("tiny-vae")["name"] == "tiny-vae"
    shutil.copytree(root / "tiny-vae", root / "copied")
    assert checkpoint.card("copied")["name"] == "copied"
