"""`vae.explore` in a cell of a notebook: a real Jupyter server and kernel, and the page in Chromium.

Needs jupyterlab and ipykernel, which take 200 MB and no other test: in this environment, or in that of the Python that
ZSCOPE_TEST_JUPYTER names. Without them the test is skipped, also under CI.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.browser.conftest import ROOT
from tests.conftest import busy

VARIABLE = "ZSCOPE_TEST_JUPYTER"
CELLS = (
    """
    import numpy as np, torch, vae
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    z = rng.normal(size=(90, 3)).astype("float32")
    up = rng.normal(size=(3, 144)).astype("float32")
    decode = lambda at: (1 / (1 + np.exp(-at @ up))).reshape(-1, 12, 12)
    explorer = vae.explore(decode=decode, x=decode(z), z=z, labels=["a", "b", "c"] * 30, browser=False)
    explorer
    """,
    "print('free', 6 * 7)",
    "print('selected', explorer.selection.tolist()[:4], explorer.point.shape)",
    "import time; print('began', flush=True); time.sleep(600)",
)


def notebook() -> dict:
    def cell(source: str) -> dict:
        lines = [line.removeprefix("    ") for line in source.strip("\n").splitlines()]
        return {
            "cell_type": "code", "id": f"c{abs(hash(source))}", "metadata": {}, "outputs": [], "execution_count": None,
            "source": "\n".join(lines),
        }  # fmt: skip

    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": [*map(cell, CELLS)]}


@pytest.fixture
def jupyter(tmp_path):
    """The address of a server with the notebook, its token included."""
    python = os.environ.get(VARIABLE, "")
    if not python and not (importlib.util.find_spec("jupyterlab") and importlib.util.find_spec("ipykernel")):
        pytest.skip(f"jupyterlab is not installed here, and {VARIABLE} names no Python that has it")
    (tmp_path / "explore.ipynb").write_text(json.dumps(notebook()))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    paths = [str(ROOT), *(p for p in sys.path if p.endswith("site-packages"))]
    (
        start := tmp_path / "start"
    ).mkdir()  # PYTHONPATH itself stands before Python's own modules, of which it may have others
    (start / "sitecustomize.py").write_text(f"import sys\nsys.path += {paths}\n")
    options = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=t"]
    own = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    with (tmp_path / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [python or sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={tmp_path}"],
            env=os.environ | own | {"PYTHONPATH": str(start)},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(f"http://localhost:{port}/api", timeout=2).close()
                break
            except OSError:
                assert process.poll() is None, (tmp_path / "log.txt").read_text()
                time.sleep(0.1)
        yield f"http://localhost:{port}/lab/tree/explore.ipynb?token=t"
    finally:
        process.terminate()
        try:
            process.wait(20 * busy())
        except subprocess.TimeoutExpired:  # it waits for a kernel that is being restarted
            process.kill()
            process.wait()


class Cells:
    """The cells of the notebook in a tab."""

    def __init__(self, page):
        self.page, self.every = page, page.locator(".jp-Notebook .jp-CodeCell")

    def run(self, at: int) -> None:
        self.every.nth(at).locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")

    def said(self, at: int) -> str:
        return "".join(self.every.nth(at).locator(".jp-OutputArea-output").all_inner_texts())

    def says(self, at: int, words: str) -> None:
        end = time.monotonic() + 15 * busy()
        while words not in self.said(at):
            assert time.monotonic() < end, self.said(at)
            time.sleep(0.1)

    def key(self, key: str) -> None:
        """Twice, in command mode: what Jupyter has for its kernel."""
        self.every.nth(1).locator(".cm-content").click()
        for one in ("Escape", key, key):
            self.page.keyboard.press(one)


@pytest.mark.timeout(240)
def test_the_page_lives_in_a_cell_and_the_kernel_stays_free(jupyter, chromium):
    page = chromium.context(viewport={"width": 1280, "height": 1400}).new_page()
    page.goto(jupyter)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000 * busy())
    page.get_by_text("| Idle").first.wait_for(timeout=60_000 * busy())  # the kernel, in the status bar
    cells = Cells(page)
    cells.run(0)
    page.wait_for_selector(".jp-OutputArea iframe", timeout=60_000 * busy())
    inside = page.frame_locator(".jp-OutputArea iframe")
    inside.locator("[data-testid=zscope-map][data-ready=true]").wait_for(timeout=60_000 * busy())
    picture = inside.locator("[data-testid=zscope-picture]")

    def decodes() -> bool:
        """Whether the picture follows the pointer."""
        plot = inside.locator("[data-testid=zscope-map] .zm-plot")
        plot.scroll_into_view_if_needed()
        box, seen = plot.bounding_box(), set()
        for step in range(20):
            page.mouse.move(box["x"] + (0.3 + 0.02 * step) * box["width"], box["y"] + 0.5 * box["height"])
            time.sleep(0.1)
            seen.add(picture.evaluate("canvas => canvas.toDataURL()"))
        return len(seen) > 3

    assert decodes()
    cells.run(1)
    cells.says(1, "free 42")
    find = inside.locator(".zm-search input")
    find.fill("b")
    find.press("Enter")
    end = time.monotonic() + 20 * busy()
    while "selected [1, 4, 7, 10] (3,)" not in cells.said(2):
        assert time.monotonic() < end, cells.said(2)
        cells.run(2)
        time.sleep(0.5)
    cells.run(3)
    cells.says(3, "began")
    assert decodes(), "while a cell runs"
    cells.key("i")
    cells.says(3, "KeyboardInterrupt")
    assert decodes(), "after an interrupt, which ends the cell and not the app"
    cells.key("0")
    page.locator(".jp-Dialog button.jp-mod-accept").click()
    inside.get_by_text("server not reachable").wait_for(timeout=30_000 * busy())
    page.close()
