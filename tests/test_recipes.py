"""The recipes of CONTRIBUTING.md run as they are printed: each is dropped into a copy of the package and used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
RECIPE = re.compile(r"```python\n# (\S+)\n(.*?)```", re.DOTALL)
RECIPES = dict(RECIPE.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8")))
# of three points there is no UMAP, which would take longest
QUICK = ("--epochs", "1", "--set", "net=mlp", "--set", "d=4", "--points", "3")

COMMANDS = """
import contextlib, io, json, sys
from vae.__main__ import main
for command in json.loads(sys.argv[1]):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = main(command)
    if code:
        sys.exit(said.getvalue())
    print(json.dumps(said.getvalue()))
"""
WRITE_AND_READ = """
import numpy as np
from vae.registry import MODALITIES
field, x = MODALITIES.get("field"), np.eye(3, dtype=np.float32)[None]
assert np.array_equal(field.from_bytes(field.to_bytes(x)[1], x.shape), x)
"""


class Copy:
    """A copy of the package with the recipes in it, and checkpoints of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        for part in ("vae", "tests", "docs"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("*.pyc.*"))  # half written
        for file in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / file, folder)
        for path, text in RECIPES.items():
            assert not (folder / path).exists(), f"{path} exists: a recipe has a file of its own"
            (folder / path).write_text(text, "utf-8")

    def python(self, *arguments: str) -> str:
        """What `python -m ...` prints, run in the copy; a failure fails the test."""
        return self.run("-m", *arguments)

    def run(self, *arguments: str) -> str:
        own = {f"ZSCOPE_{name}": str(self.folder / name.lower()) for name in ("CHECKPOINTS", "CACHE", "OWN")}
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=os.environ | own | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def vae(self, *commands: tuple[str, ...]) -> list[str]:
        """What each command of `python -m vae` prints, all in one process."""
        return [json.loads(line) for line in self.run("-c", COMMANDS, json.dumps(commands)).splitlines()]

    def card(self, name: str) -> dict:
        return json.loads((self.folder / "checkpoints" / name / "config.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Copy:
    return Copy(tmp_path_factory.mktemp("recipes"))


@pytest.fixture(scope="module")
def measured(copy) -> dict:
    """What the recipe's metrics are of `decov`, a checkpoint of the recipe's family."""
    train = ("train", "decov_ae", "digits", "--name", "decov", *QUICK)
    return json.loads(copy.vae(train, ("eval", "decov", "--metrics", "dimension", "--json"))[1])


def test_there_is_a_recipe_of_each_kind():
    folders = {str(Path(path).parent) for path in RECIPES}
    assert folders == {"vae/families", "vae/data/sets", "vae/metrics", "vae/modalities"}


def test_the_family_trains(copy, measured):
    card = copy.card("decov")
    assert card["family"] == "decov_ae"
    assert card["hparams"]["decov"] == 0.1
    history = (copy.folder / "checkpoints" / "decov" / "history.jsonl").read_text("utf-8")
    assert "covariance_between" in history


def test_the_data_set_is_listed_and_trains(copy):
    train = ("train", "vae", "stripes", "--name", "striped", *QUICK)
    listed = {row["name"]: row for row in json.loads(copy.vae(("list", "datasets", "--json"), train)[0])}
    assert listed["stripes"]["found"] == "built in"
    assert copy.card("striped")["dataset"] == "stripes"


def test_the_metric_group_is_measured(measured):
    found = measured["effective_dimension"]
    assert 1 <= found["value"] <= 4
    assert found["n"] == 360
    assert found["standard_error"] > 0


def test_samples_of_the_modality_are_read_trained_on_and_written(copy):
    heights = np.random.default_rng(0).standard_normal((60, 8, 8)).cumsum(1).cumsum(2)
    np.save(copy.folder / "heights.npy", heights)
    said, *_rest = copy.vae(
        ("data", "add", "heights", "heights.npy", "--as", "field"),
        ("train", "vae", "heights", "--name", "high", *QUICK),
        ("sample", "high", "--n", "4", "--out", "new.png"),
    )
    assert "60 samples of 1x8x8 values" in said
    assert copy.card("high")["spec"]["modality"] == "field"
    assert (copy.folder / "new.png").read_bytes().startswith(b"\x89PNG")
    copy.run("-c", WRITE_AND_READ)


@pytest.mark.slow  # test_one_file.py runs the same checks over a family of its own
def test_what_holds_for_every_family_and_data_set_holds_for_these(copy):
    files = ("tests/families/test_families.py", "tests/data/test_data.py")
    copy.python("vae", "docs", ".")
    said = copy.python("pytest", *files, "-k", "decov_ae or stripes", "-q", "-p", "no:cacheprovider", "-rA")
    passed = [line for line in said.splitlines() if line.startswith("PASSED")]
    assert sum("decov_ae-image" in line for line in passed) >= 10
    assert sum("decov_ae-field" in line for line in passed) >= 10
    assert sum("stripes" in line for line in passed) >= 4


@pytest.mark.parametrize("path", RECIPES)
def test_a_recipe_keeps_to_the_style(copy, path):
    pytest.importorskip("ruff")
    copy.python("ruff", "check", "--no-cache", path)
    copy.python("ruff", "format", "--check", "--no-cache", path)
