"""A thing is one file: a family, a modality, a data set and a group of metrics are dropped into a copy of the house.

Each of the files in tests/one_file/ is put into its room, and nothing else is touched. The modality is none of those
that come with zscope: symmetric matrices, with files and pictures of their own.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

PROJECT = Path(__file__).resolve().parents[1]
DROPPED = {  # file of tests/one_file -> where it goes
    "family.py": "vae/families/bargain_vae.py",
    "modality.py": "vae/modalities/matrix.py",
    "dataset.py": "vae/data/sets/walks.py",
    "metric_group.py": "vae/metrics/symmetry.py",
}
HALF_WRITTEN = {"ignore": shutil.ignore_patterns("*.pyc.*")}  # the bytecode itself is copied, so that nobody compiles
PARTS = ("vae", "app", "tests", "docs", "README.md", "pyproject.toml")
COMMANDS = """
import contextlib, io, json, sys
from vae.__main__ import main
for command in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(command)
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""
PAGES = """
import json, os, sys
from streamlit.testing.v1 import AppTest
from app.live import training_cost
training_cost.look = lambda *plans: "About a minute."  # measured beside another test
for page, query in json.loads(sys.argv[1]):
    at = AppTest.from_file(os.path.abspath("app/router.py"), default_timeout=240)
    for key, value in query.items():
        at.query_params[key] = value
    at.run()
    if page != "explore":
        at.switch_page(f"views/{page}.py").run()
    words = " ".join(str(p.value) for p in [*at.markdown, *at.caption, *at.info])
    options = [str(o) for box in at.selectbox for o in box.options]
    told = [str(e.value) for e in [*at.error, *at.exception]]
    print(json.dumps([told, dict(at.query_params), options, words]), flush=True)
"""


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Path:
    """A copy of the program with the four files in it, and a checkpoint that was trained through the command line."""
    copy = tmp_path_factory.mktemp("house")
    for part in PARTS:
        put = shutil.copytree if (PROJECT / part).is_dir() else shutil.copy
        put(PROJECT / part, copy / part, **(HALF_WRITTEN if put is shutil.copytree else {}))
    for name, place in DROPPED.items():
        assert not (copy / place).exists()
        shutil.copy(PROJECT / "tests/one_file" / name, copy / place)
    train = ["train", "bargain_vae", "walks", "--preset", "quick", "--epochs", "1", "--name", "w", "--device", "cpu"]
    ((code, _, said),) = run(copy, COMMANDS, [[*train, "--points", "3"]])  # of three points there is no UMAP
    assert code == 0, said
    return copy


def run(house: Path, script: str, wishes: list[Any]) -> list[Any]:
    """What a script prints of each wish, in a process of the copy alone."""
    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(wishes)],
        cwd=house, env=environment(house), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    print(done.stderr)  # shown with what fails
    return [json.loads(line) for line in done.stdout.splitlines()]


def environment(house: Path) -> dict[str, str]:
    own = {
        "ZSCOPE_PUBLIC": "manage",
        "ZSCOPE_CHECKPOINTS": house / "checkpoints",
        "ZSCOPE_OWN": house / "own",
        "ZSCOPE_CACHE": house / "cache",
    }
    return os.environ | {name: str(path) for name, path in own.items()} | {"PYTHONPATH": str(house)}


def test_the_family_and_the_modality_pass_every_check(house):
    """All checks of checks.py on the family, and those of a modality, as they come: no case is named for them."""
    chosen = "bargain_vae or modality or (vae-matrix and (loss or learns or boundary))"
    command = ["-m", "pytest", "tests/families/test_families.py", "tests/training/test_presets.py"]
    command += ["-q", "-p", "no:cacheprovider", "-k", chosen]
    done = subprocess.run(
        [sys.executable, *command], cwd=house, env=environment(house), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:]
    passed = int(done.stdout.split(" passed")[0].split()[-1])
    assert passed > 80


def test_the_command_line_knows_all_four(house):
    listed, sets, measured, sampled, coded, wrong, twice = run(
        house,
        COMMANDS,
        [
            ["list", "families", "--json"],
            ["list", "datasets", "--json"],
            ["eval", "w", "--metrics", "symmetry,bounds", "--k", "2", "--json", "--device", "cpu"],
            ["sample", "w", "--n", "3", "--out", "new"],
            ["encode", "w", "new/1.tri", "new/3.tri", "--out", "codes.npz"],
            ["train", "vrnn", "walks"],
            ["docs", "--check"],
        ],
    )
    families = {f["name"]: f for f in json.loads(listed[1])}
    assert families["bargain_vae"]["settings"]["price"]["default"] == 0.5
    assert {d["name"]: d for d in json.loads(sets[1])}["walks"]["modality"] == "matrix"
    figures = json.loads(measured[1])
    assert figures["asymmetry"]["n"] == figures["n_test"] == 40
    assert figures["asymmetry"]["value"] > 0
    assert sampled[:2] == [0, "new\n"]
    assert [len(line.split()) for line in (house / "new/2.tri").read_text().splitlines()] == list(range(1, 9))
    assert coded[0] == 0, coded
    with np.load(house / "codes.npz") as codes:
        assert codes["mu"].shape == (2, 3)
    assert wrong[0] == 1
    assert "not matrix, whose layout is grid. Data sets that fit: ecg_beats" in wrong[2]
    assert twice[0] == 1
    assert "docs/guide.md, docs/reference.md, docs/data.md" in twice[1]


def test_the_documents_follow(house):
    (written,) = run(house, COMMANDS, [["docs"]])
    assert written[0] == 0
    reference, data, guide = ((house / p).read_text() for p in ("docs/reference.md", "docs/data.md", "docs/guide.md"))
    assert "| `bargain_vae` | the VAE at another `price` of its rate | any | Nobody, 2026 |" in reference
    assert "| `price` | 0.5 | 0 to 10 | `bargain_vae` | weight of a nat of rate" in reference
    assert "| `matrix` | grid (3-d) | symmetric, negative values blue" in reference
    assert "| `symmetry` | `asymmetry`: mean \\|x - x'\\| of decoded codes |" in reference
    assert "| `walks` | covariances of slow and fast walks, 8x8 | 200 / 40 |" in data
    assert "| variational | `bargain_vae`, `beta_vae`" in guide


def test_files_and_arrays_of_the_new_kind_become_a_data_set(house):
    """A folder of files in the modality's own format, with labels from its folders; an array that looks like it."""
    rng = np.random.default_rng(0)
    each = rng.standard_normal((20, 6, 6))
    each = each + each.transpose(0, 2, 1)
    np.save(house / "several.npy", each)
    for i, x in enumerate(each):
        folder = house / "files" / ("even", "odd")[i % 2]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{i}.tri").write_text("\n".join(" ".join(map(str, row[: r + 1])) for r, row in enumerate(x)))
    (house / "files/even/broken.tri").write_text("1 2 3\n")
    files, array, other = run(
        house,
        COMMANDS,
        [
            ["data", "add", "theirs", "files"],
            ["data", "add", "again", "several.npy", "--dry-run"],
            ["data", "add", "plain", "several.npy", "--as", "series", "--dry-run"],
        ],
    )
    assert files[0] == 0, files
    assert "matrices, one per file" in files[1]
    assert "1x6x6 rows and columns" in files[1]
    assert "labels: even (10), odd (10)" in files[1]
    assert "broken.tri: no triangle of numbers" in files[1]
    assert "1x6x6 rows and columns" in array[1]
    assert "note: 20 matrices." in array[1]
    assert "6x6 channels and time steps" in other[1]


def test_the_pages_show_it(house):
    pages = [("explore", {}), ("explore", {"tool": "draw"}), ("explore", {"tool": "posterior"}), ("train", {})]
    pages += [(page, {}) for page in ("interpolate", "generate", "compare", "model")]
    seen = run(house, PAGES, [[page, {"model": "w"} | query] for page, query in pages])
    for (page, query), (told, kept, *_) in zip(pages, seen, strict=True):
        assert not told, (page, query)
        assert kept["model"] in ("w", ["w"])
    train = seen[pages.index(("train", {}))]
    assert any(option.startswith("Covariances of walks") and "matrix" in option for option in train[2])
    assert any("Bargain VAE" in option for option in train[2])
