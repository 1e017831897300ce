"""`vae.explore` in a script of its own: the page takes over what it sets, and outlives it by as little as is of use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.browser.conftest import ROOT
from tests.conftest import busy

SCRIPT = """
import json, sys, threading
import numpy as np
import vae
from vae.latent import fit_process

go, fitted = threading.Event(), fit_process.FitProcess.fitted
fit_process.FitProcess.fitted = lambda self, z: (go.wait(), fitted(self, z))[1]  # the first map stays until it is told
rng = np.random.default_rng(0)
z = rng.normal(size=(90, 3)).astype("float32")
up = rng.normal(size=(3, 144)).astype("float32")
decode = lambda at: (1 / (1 + np.exp(-at @ up))).reshape(-1, 12, 12)
one = vae.explore(decode=decode, x=decode(z), z=z, metadata={"age": range(90)}, browser=False)
print(json.dumps([one.url, one._app.pid, str(one._folder)]), flush=True)
for line in sys.stdin:
    print(json.dumps(eval(line)), flush=True)
"""


class Program:
    """A script that evaluates what it is told."""

    def __init__(self, log: Path):
        with log.open("w") as errors:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": errors, "text": True}
            self.process = subprocess.Popen([sys.executable, "-c", SCRIPT], cwd=ROOT, **pipes)
        self.url, self.app, folder = json.loads(self.process.stdout.readline() or log.read_text())
        self.folder = Path(folder)

    def told(self, line: str):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def app_lives(self) -> bool:
        try:
            with urllib.request.urlopen(self.url.partition("/?")[0] + "/_stcore/health", timeout=2):
                return True
        except OSError:
            return False

    def app_ended(self, seconds: float) -> float:
        """How long it took."""
        began = time.monotonic()
        while self.app_lives() or self.folder.exists():
            assert time.monotonic() < began + seconds * busy()
            time.sleep(0.2)
        return time.monotonic() - began


@pytest.fixture
def program(tmp_path):
    one = Program(tmp_path / "log.txt")
    yield one
    one.process.kill()
    one.process.wait()
    one.process.stdin.close()
    one.process.stdout.close()
    if one.app_lives():
        os.kill(one.app, 15)


@pytest.mark.timeout(180)
def test_a_killed_program_s_app_ends_by_itself(program):
    program.process.kill()
    assert program.app_ended(15) > 3, "a page that is being reloaded is waited for"


@pytest.mark.timeout(240)
def test_the_page_takes_over_what_the_program_sets_and_says_when_that_has_ended(program, chromium, tmp_path):
    page = chromium.context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(program.url)
    page.locator("[data-testid=zscope-map][data-ready=true]").wait_for(timeout=60_000 * busy())
    page.get_by_text("first map, trust follows with UMAP").wait_for(timeout=20_000 * busy())
    assert program.told("setattr(one, 'colour', 'age')") is None
    assert program.told("(one.settled(30.0), one.colour)") == [True, "age"]
    page.locator(".zm-tools").get_by_text("age").wait_for(timeout=20_000 * busy())
    program.told("(setattr(one, 'colour', 'density'), setattr(one, 'selection', [3, 4]))")
    shot = tmp_path / "map.png"
    assert program.told(f"str(one.screenshot({str(shot)!r}, size=(300, 200), seconds=30.0))") == str(shot)
    assert shot.read_bytes().startswith(b"\x89PNG")
    assert program.told("(one.colour, one.selection.tolist())") == ["density", [3, 4]]
    program.told("go.set()")
    page.get_by_text("first map, trust follows with UMAP").wait_for(state="hidden", timeout=60_000 * busy())

    program.process.kill()
    page.get_by_text("The program that holds this model has ended.").wait_for(timeout=20_000 * busy())
    page.get_by_role("button", name="Close").click()
    time.sleep(12)
    assert program.app_lives(), "the page is still open"
    assert not page.get_by_text("The program that holds this model has ended.").is_visible(), "it was closed"
    page.close()
    program.app_ended(15)
