"""The installed program: what the wheel holds, what it needs, and where its checkpoints lie."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
import urllib.request
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement

from app.__main__ import main
from tests.test_docs import leaves
from vae import __version__
from vae.__main__ import parser
from vae.errors import SettingError
from vae.library import manage
from vae.saved import checkpoint, folders, names
from vae.sweeps import comparison, sweeps

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def requirements(lines: list[str]) -> dict[str, Requirement]:
    found = [Requirement(line) for line in lines if line.strip() and not line.startswith(("#", "-r"))]
    return {r.name: r for r in found}


# ---------------------------------------------------------------- what it needs


def test_every_pin_is_in_the_range_of_its_dependency():
    pins = requirements((ROOT / "requirements.txt").read_text("utf-8").splitlines())
    ranges = requirements(PROJECT["dependencies"])
    assert set(pins) == set(ranges)
    for name, pin in pins.items():
        [only] = pin.specifier
        assert only.operator == "=="
        assert ranges[name].specifier, f"{name} has no range"
        assert ranges[name].specifier.contains(only.version), f"{pin} is not in {ranges[name]}"


# ---------------------------------------------------------------- what is in it


@pytest.fixture(scope="module")
def wheel() -> set[str]:
    """Paths in the wheel, as the build would lay them."""
    return {f.distribution_path.replace(os.sep, "/") for f in WheelBuilder(str(ROOT)).recurse_included_files()}


def test_the_wheel_holds_every_file_of_the_source(wheel):
    source = {
        path.relative_to(ROOT).as_posix()
        for part in ("vae", "app")
        for path in (ROOT / part).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {Path(name).suffix for name in source} >= {".py", ".js", ".css", ".toml"}
    source.add("app/terms.md")  # docs/terms.md, a page of the app
    assert source == {name for name in wheel if not name.startswith("vae/shipped/")}


def test_the_wheel_holds_the_shipped_checkpoints_and_no_others(wheel, monkeypatch):
    monkeypatch.delenv("ZSCOPE_CHECKPOINTS", raising=False)
    packed = {name.split("/")[2] for name in wheel if name.startswith("vae/shipped/")}
    assert packed == names.shipped() | {".ladders"}
    for name in names.shipped():
        files = set(checkpoint.card(name)["files"]) - {checkpoint.RESUME}
        assert {f"vae/shipped/{name}/{file}" for file in files | {"config.json"}} <= wheel
    assert "vae/shipped/.ladders/fashion-beta/ladder.json" in wheel


def test_the_entry_point_is_the_command_line_and_the_app(capsys):
    module, function = PROJECT["scripts"]["zscope"].split(":")
    assert getattr(importlib.import_module(module), function) is main
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = capsys.readouterr().out
    assert told.startswith("usage: zscope ")
    assert all(name.split()[0] in told for name in [*leaves(parser()), "app"])


def test_a_port_that_is_taken_is_told_before_the_app_starts(capsys):
    assert main(["app", "--port", "0"]) == 2
    assert "expected a number from 1 to 65535" in capsys.readouterr().err


# ---------------------------------------------------------------- where its checkpoints lie


@pytest.fixture
def installed(tiny_root, tmp_path, monkeypatch) -> Path:
    """The user's folder of an installed zscope that comes with tiny-vae, tiny-ae and a sweep of both."""
    packed = tmp_path / "packed"
    shutil.copytree(tiny_root, packed)
    shutil.rmtree(packed / ".runs", ignore_errors=True)
    (packed / ".ladders" / "both").mkdir(parents=True)
    record = {"family": "vae", "dataset": "digits", "setting": "d", "values": [1.0, 2.0], "command": ""}
    (packed / ".ladders/both/ladder.json").write_text(json.dumps(record | {sweeps.MODELS: ["tiny-ae", "tiny-vae"]}))
    monkeypatch.setattr(folders, "PACKED", packed)
    monkeypatch.setattr(folders.platformdirs, "user_data_path", lambda name, **how: tmp_path / "user")
    monkeypatch.delenv("ZSCOPE_CHECKPOINTS", raising=False)
    return tmp_path / "user" / "checkpoints"


def test_an_installed_zscope_reads_its_package_and_writes_to_the_users_folder(installed):
    assert checkpoint.root() == installed
    assert not installed.exists()
    assert names.shipped() == set(checkpoint.checkpoints()) == {"tiny-ae", "tiny-vae"}
    saved = checkpoint.read(checkpoint.find("tiny-vae"))
    checkpoint.save(checkpoint.root() / "mine", saved.config | {"name": "mine"}, saved.files)
    assert list(checkpoint.checkpoints()) == ["mine", "tiny-ae", "tiny-vae"]
    assert names.shipped() == {"tiny-ae", "tiny-vae"}
    manage.delete("mine")
    for act in (manage.delete, lambda name: manage.annotate(name, "x")):
        with pytest.raises(SettingError, match="comes with zscope"):
            act("tiny-vae")
    with pytest.raises(SettingError, match="part of the installed zscope"):
        names.check_not_packaged(checkpoint.find("tiny-vae"))


def test_a_checkpoint_of_the_user_hides_the_packed_one_of_its_name(installed):
    saved = checkpoint.read(checkpoint.find("tiny-vae"))
    checkpoint.save(checkpoint.root() / "tiny-vae", saved.config, saved.files)
    assert checkpoint.find("tiny-vae").parent == installed
    assert names.shipped() == {"tiny-ae"}
    manage.delete("tiny-vae")
    assert names.shipped() == {"tiny-ae", "tiny-vae"}


def test_ladders_of_the_package_are_found_and_stay(installed):
    assert list(sweeps.known()) == ["both"]
    assert sweeps.shipped() == {"both"}
    assert not comparison.ready(sweeps.find("both"))
    with pytest.raises(SettingError, match="comes with zscope"):
        sweeps.delete("both")


def test_zscope_checkpoints_overrides_both(installed, tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "elsewhere"))
    assert checkpoint.root() == tmp_path / "elsewhere"
    assert checkpoint.checkpoints() == {}
    assert names.shipped() == frozenset()


# ---------------------------------------------------------------- the thing itself


@pytest.mark.slow
def test_a_built_wheel_runs_from_another_folder(tmp_path):
    [built] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path / "dist"), versions=["standard"])
    assert Path(built).name == f"zscope-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(built) as z:
        z.extractall(tmp_path / "site")
    env = os.environ | {"PYTHONPATH": str(tmp_path / "site"), "XDG_DATA_HOME": str(tmp_path / "data")}
    env = {k: v for k, v in env.items() if k != "ZSCOPE_CHECKPOINTS"}
    zscope = [sys.executable, "-P", "-c", "import sys; from app.__main__ import main; sys.exit(main())"]
    (tmp_path / "work").mkdir()

    def run(*words: str) -> str:
        done = subprocess.run([*zscope, *words], cwd=tmp_path / "work", env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "fashion-vae" in run("list", "checkpoints")
    run("sample", "fashion-vae", "--n", "4", "--out", "four.png")
    assert (tmp_path / "work" / "four.png").stat().st_size > 0
    plan = ["vae", "digits", "--set", "net=mlp", "--epochs", "1", "--points", "200", "--name", "mine"]
    run("train", *plan, "--device", "cpu")
    assert '"mine"' in run("list", "checkpoints", "--json")
    app = subprocess.Popen([*zscope, "app", "--port", "8597"], cwd=tmp_path / "work", env=env | {"BROWSER": "true"})
    try:
        for path, least in (("", 500), ("browser/shared/channel.js", 1000), ("asset/fashion-vae/map.bin", 100_000)):
            assert len(_fetch(f"http://127.0.0.1:8597/{path}", app)) > least
    finally:
        app.terminate()
        app.wait(20)


def _fetch(url: str, app: subprocess.Popen) -> bytes:
    for _ in range(600):
        assert app.poll() is None
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"{url} did not answer within a minute")
