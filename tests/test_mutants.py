"""The tests can fail: each planted bug is caught by the test named for it. See mutants.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import busy
from tests.mutants import BASELINE, CAUGHT, MUTANTS

PROJECT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are run in forks, which Windows lacks")


def run(*arguments: str) -> dict[str, tuple[int, str]]:
    """name -> exit code of pytest and its last lines, of each mutant and of none."""
    command = [sys.executable, "-m", "tests.mutants", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=False)
    assert result.returncode == 0, result.stderr
    return {name: (code, lines) for name, code, lines in map(json.loads, result.stdout.splitlines())}


def require(outcomes: dict[str, tuple[int, str]]) -> None:
    code, lines = outcomes.pop(BASELINE)
    assert code == 0, f"without a mutant the named tests fail: {lines}"
    missed = {name: lines for name, (code, lines) in outcomes.items() if code != CAUGHT}
    assert not missed, f"planted, and no test failed: {missed}"


def test_planted_bugs_are_caught():
    outcomes = run("quick")
    assert len(outcomes) == 1 + sum(m.always for m in MUTANTS) > 9
    require(outcomes)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_planted_bug_is_caught():
    outcomes = run()
    assert len(outcomes) == 1 + len(MUTANTS)
    require(outcomes)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_every_mutant_can_still_be_planted(mutant):
    """What it replaces stands in the code once, and the test it names exists."""
    assert (PROJECT / "vae" / mutant.file).read_text("utf-8").count(mutant.old) == 1
    file, name = mutant.test.split("::")
    assert f"def {name.split('[')[0]}(" in (PROJECT / "tests" / file).read_text("utf-8")


def test_a_time_limit_grows_with_the_load(request, monkeypatch):
    assert request.node.get_closest_marker("timeout").args[0] >= 180
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    for load, times in (((0.5, 1.0, 9.0), 1.0), ((7.0, 4.0, 0.0), 3.5), ((1.0, 6.0, 0.0), 3.0)):
        monkeypatch.setattr(os, "getloadavg", lambda load=load: load)
        assert busy() == times


def test_names_are_unique():
    assert len({m.name for m in MUTANTS}) == len(MUTANTS)
