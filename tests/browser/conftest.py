"""A real server and a real Chromium. Without Chromium these tests are skipped, aloud; under CI they fail."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import busy

ROOT = Path(__file__).parents[2]
MODEL = "tiny-vae"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-gpu-compositing",  # without a GPU, pages take half the time if only WebGL goes through SwiftShader
    "--disable-gpu-rasterization",
    "--disable-background-networking",
    "--process-per-site",
]
READY = "[data-testid=zscope-map][data-ready=true]"


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Server:
    """A running app. url ends without a slash."""

    url: str
    process: subprocess.Popen
    log: Path


def serve(checkpoints: Path, log: Path, *options: str, port: int = 0) -> Server:
    """`streamlit run app/main.py` with those options on that port, or a free one, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = port or free.getsockname()[1]
    run = [sys.executable, "-m", "streamlit", "run", "app/main.py"]
    command = [*run, f"--server.port={port}", *options]
    env = os.environ | {"ZSCOPE_CHECKPOINTS": str(checkpoints), "ZSCOPE_DEVICE": "cpu"}
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)
    prefix = next((f"/{o.partition('=')[2]}" for o in options if o.startswith("--server.baseUrlPath=")), "")
    for _ in range(300):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{prefix}/_stcore/health", timeout=2):
                return Server(f"http://127.0.0.1:{port}", process, log)
        except OSError:
            assert process.poll() is None, log.read_text()
            time.sleep(0.1)
    process.kill()
    raise AssertionError(f"the server did not answer within 30 s:\n{log.read_text()}")


def stop(server: Server) -> None:
    server.process.terminate()
    server.process.wait(15)


@pytest.fixture(scope="session")
def server(tiny_root, tmp_path_factory):
    running = serve(tiny_root, tmp_path_factory.mktemp("server") / "log.txt")
    yield running
    stop(running)
    assert "Traceback" not in running.log.read_text(), running.log.read_text()


@pytest.fixture(autouse=True)
def unsaved(tiny_root):
    """Directions and groups that a test saves are gone for the next one."""
    yield
    for kept in [*(tiny_root / ".directions").glob("*.json"), *(tiny_root / ".groups").glob("*.json")]:
        kept.unlink()


@dataclass
class Chromium:
    """The browser. Tabs opened with the same options share what one of them has read and compiled, in one process."""

    browser: object
    contexts: dict[str, object] = field(default_factory=dict)

    def context(self, **options):
        key = repr(sorted(options.items()))
        if key not in self.contexts:
            self.contexts[key] = self.browser.new_context(**options)
            self.contexts[key].add_init_script("localStorage.setItem('zscope.tour', 'true')")  # nobody's first visit
            stays = self.contexts[
                key
            ].new_page()  # the process of a site, with all it has compiled, ends with its last tab
            stays.route("**", lambda route: route.fulfill(body=""))
            stays.goto("http://127.0.0.1/")
        return self.contexts[key]


@pytest.fixture(scope="session")
def chromium():
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium on this machine, and CI must not pass without it")
        pytest.skip("there is no Chromium on this machine: the browser tests did not run")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield Chromium(browser)
        browser.close()


@dataclass
class Tab:
    """A page with what it complained about, and a few words for what the tests do to it."""

    page: object
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str = f"/?model={MODEL}") -> Tab:
        self.page.goto(self.url + path)
        self.page.wait_for_selector(READY, timeout=30_000 * busy())
        self.until("window.zscope.live.painted > 0")
        return self

    def do(self, script: str, *args):
        return self.page.evaluate(script, *args)

    def until(self, condition: str, timeout: int = 8000) -> None:
        """timeout: ms, on a quiet machine."""
        self.page.wait_for_function(condition, timeout=timeout * busy())

    def rest(self, timeout: int = 8000) -> None:
        """Wait until Python has not run for a third of a second, on a quiet machine: what the page has just sent may
        still start a run."""
        self.do("window.__busy = performance.now()")
        running = "document.querySelector('[data-testid=stApp]').dataset.testScriptState !== 'notRunning'"
        rested = f"performance.now() - window.__busy > {330 * busy()}"
        self.until(f"(({running}) && (window.__busy = performance.now()), {rested})", timeout)

    def picture(self) -> str:
        return self.do("document.querySelector('[data-testid=zscope-picture]').toDataURL()")

    def still(self) -> str:
        """The picture, once it has not changed for a third of a second, on a quiet machine: the place under the pointer
        is decoded before the sample that a click chose."""
        now, before = self.picture(), ""
        while now != before:
            self.page.wait_for_timeout(330 * busy())
            before, now = now, self.picture()
        return now

    def pixels(self) -> np.ndarray:
        """The picture as it is on the canvas, RGBA."""
        script = """() => { const c = document.querySelector('[data-testid=zscope-picture]')
          return [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data] }"""
        return np.asarray(self.do(script))

    def moves_picture(self, act) -> str:
        """The new picture, once `act` has changed it."""
        before = self.picture()
        act()
        self.until(f"document.querySelector('[data-testid=zscope-picture]').toDataURL() !== {before!r}")
        return self.picture()

    def at(self, xy) -> tuple[float, float]:
        """Client pixels of a map position."""
        script = """([x, y]) => {
          const plot = document.querySelector('[data-testid=zscope-map] .zm-plot'), box = plot.getBoundingClientRect()
          const [x0, x1, y0, y1] = plot.view
          return [box.x + (x - x0) / (x1 - x0) * box.width, box.y + (y1 - y) / (y1 - y0) * box.height]
        }"""
        return tuple(self.do(script, [float(v) for v in xy]))

    def hover(self, xy) -> None:
        self.page.mouse.move(*self.at(xy), steps=2)

    def leave(self) -> None:
        self.page.mouse.move(5, 200, steps=2)


@contextmanager
def tab_of(server: Server, chromium, **options):
    """A fresh tab; at the end it must not have logged an error."""
    context = chromium.context(**({"viewport": {"width": 1280, "height": 800}} | options))
    tab = Tab(context.new_page(), server.url)
    tab.page.on("console", lambda message: message.type == "error" and tab.complaints.append(message.text))
    tab.page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    yield tab
    complaints = list(tab.complaints)
    tab.page.evaluate("localStorage.clear()")
    tab.page.close()
    context.clear_cookies()
    assert complaints == []


@pytest.fixture(scope="module")
def shared_tab(server, chromium):
    """Explore, opened once for the tests of a file."""
    with tab_of(server, chromium) as tab:
        yield tab.open()


@pytest.fixture
def new_tab(server, chromium):
    """Opens tabs of a test's own."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(tab_of(server, chromium, **options))
