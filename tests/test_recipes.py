"""The recipes of CONTRIBUTING.md run as they are printed: each is dropped into a copy of the package and used."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RECIPE = re.compile(r"```python\n# (\S+)\n(.*?)```", re.DOTALL)
RECIPES = dict(RECIPE.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8")))
QUICK = ("--epochs", "1", "--set", "d=4", "--points", "3")  # so few points need no UMAP, which takes longest


class Copy:
    """A copy of the package with the recipes in it, and checkpoints of its own."""

    def __init__(self, folder: Path):
        self.folder = folder
        for part in ("vae", "tests", "docs"):
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        for path, text in RECIPES.items():
            assert not (folder / path).exists(), f"{path} exists: a recipe has a file of its own"
            (folder / path).write_text(text, "utf-8")

    def python(self, *arguments: str) -> str:
        """What `python -m ...` prints, run in the copy; a failure fails the test."""
        own = {"ZSCOPE_CHECKPOINTS": self.folder / "checkpoints", "ZSCOPE_CACHE": self.folder / "cache"}
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=self.folder,
            env=os.environ | {name: str(path) for name, path in own.items()} | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def card(self, name: str) -> dict:
        return json.loads((self.folder / "checkpoints" / name / "config.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Copy:
    return Copy(tmp_path_factory.mktemp("recipes"))


@pytest.fixture(scope="module")
def decov(copy) -> str:
    """The name of a checkpoint of the recipe's family."""
    copy.python("vae", "train", "decov_ae", "digits", "--name", "decov", *QUICK)
    return "decov"


def test_there_is_a_recipe_of_each_kind():
    folders = {str(Path(path).parent) for path in RECIPES}
    assert folders == {"vae/families", "vae/data/sets", "vae/metrics"}


def test_the_family_trains(copy, decov):
    card = copy.card(decov)
    assert card["family"] == "decov_ae"
    assert card["hparams"]["decov"] == 0.1
    history = (copy.folder / "checkpoints" / decov / "history.jsonl").read_text("utf-8")
    assert "covariance_between" in history


def test_the_data_set_is_listed_and_trains(copy):
    listed = {row["name"]: row for row in json.loads(copy.python("vae", "list", "datasets", "--json"))}
    assert listed["stripes"]["found"] == "built in"
    copy.python("vae", "train", "vae", "stripes", "--name", "striped", *QUICK)
    assert copy.card("striped")["dataset"] == "stripes"


def test_the_metric_group_is_measured(copy, decov):
    found = json.loads(copy.python("vae", "eval", decov, "--metrics", "dimension", "--json"))["effective_dimension"]
    assert 1 <= found["value"] <= 4
    assert found["n"] == 360
    assert found["standard_error"] > 0


def test_what_holds_for_every_family_and_data_set_holds_for_these(copy):
    files = ("tests/families/test_families.py", "tests/data/test_data.py")
    chosen = "decov_ae or stripes and not page"  # the page is docs/data.md, which lists sets that are there for good
    said = copy.python("pytest", *files, "-k", chosen, "-q", "-p", "no:cacheprovider", "-rA")
    passed = [line for line in said.splitlines() if line.startswith("PASSED")]
    assert sum("decov_ae" in line for line in passed) >= 10
    assert sum("stripes" in line for line in passed) >= 4


@pytest.mark.parametrize("path", RECIPES)
def test_a_recipe_keeps_to_the_style(copy, path):
    pytest.importorskip("ruff")
    copy.python("ruff", "check", "--no-cache", path)
    copy.python("ruff", "format", "--check", "--no-cache", path)
