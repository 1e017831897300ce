"""Back and forward over every link of the app, and clicks that leave a page right after it has loaded."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest

from tests import conftest
from tests.app.live.test_theatre import shots
from tests.browser.conftest import READY, serve, stop, tab_of
from tests.browser.test_pages_browser import go, until_link
from vae.runs import folder, starting
from vae.saved import checkpoint
from vae.training.plan import Plan

VIEW = "location.pathname + location.search + document.querySelector('.st-key-zscope-model input').value"


def settled(tab, page: str) -> str:
    """The address with the model on the screen, once the page is there and the link is that of its state."""
    tab.until(f"location.pathname === {page!r} && location.search.includes('digest=')", 30_000)
    tab.rest(20_000)
    return tab.do(VIEW)


def test_back_and_forward_restore_page_model_and_point(new_tab):
    tab = new_tab().open("/?model=tiny-vae&p=r7")
    seen = [settled(tab, "/")]
    for name in ("Interpolate", "Compare", "Train", "Model", "Explore", "Generate"):
        go(tab, name)
        seen.append(settled(tab, "/" if name == "Explore" else f"/{name.lower()}"))
    tab.page.locator(".zg-tile").nth(3).click()  # opens in Explore
    seen.append(settled(tab, "/"))
    assert all("model=tiny-vae" in address for address in seen)
    assert len(set(seen)) == len(seen)
    for way, addresses in ((tab.page.go_back, seen[-2::-1]), (tab.page.go_forward, seen[1:])):
        for address in addresses:
            way()
            tab.until(f"{VIEW} === {address!r}", 15_000)
            tab.rest(15_000)
            assert tab.do(VIEW) == address


@pytest.fixture
def busy():
    """A machine with other things to do."""
    with contextlib.ExitStack() as stack:
        for _ in range(2):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
            stack.callback(process.kill)
        yield


@pytest.fixture
def with_run(tiny_root, tmp_path, monkeypatch):
    """An app with one training that has ended and has a model."""
    root = tmp_path / "checkpoints"
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(root))
    saved = checkpoint.read(tiny_root / "tiny-vae")
    checkpoint.save(root / "tiny-vae", saved.config, saved.files)
    run = starting.start(Plan("vae", "digits", {}, 9, name="done"), work=False)
    checkpoint.save(root / "done", saved.config | {"name": "done"}, saved.files)
    shots(run.folder, 2, laid=2)
    with folder.lock():
        folder.change(run, folder.DONE)
    server = serve(root, tmp_path / "log.txt")
    yield server
    stop(server)


def test_a_click_right_after_the_load_opens_the_page_it_names(with_run, chromium, busy):
    for wait_ms in (0, 900):
        with tab_of(with_run, chromium) as tab:
            tab.page.goto(f"{tab.url}/train?model=tiny-vae")
            button = tab.page.get_by_role("button", name="Open in Explore")
            button.wait_for(timeout=30_000 * conftest.busy())
            tab.page.wait_for_timeout(wait_ms)
            button.click()
            tab.page.wait_for_selector(READY, timeout=20_000 * conftest.busy())
            until_link(tab, "get('model') === 'done'")
    with tab_of(with_run, chromium) as tab:
        tab.page.goto(f"{tab.url}/generate?model=tiny-vae")
        tab.page.locator(".zg-tile").first.click(timeout=30_000 * conftest.busy())
        tab.page.wait_for_selector(READY, timeout=20_000 * conftest.busy())


@pytest.mark.parametrize("later_ms", [[800], [1500], [200, 400, 600, 1000]])
def test_clicks_on_the_page_that_is_left_do_not_empty_the_next_one(with_run, chromium, busy, later_ms):
    press = """(later) => {
      const buttons = () => [...document.querySelectorAll('button')]
      const press = () => buttons().find((button) => button.innerText.includes('Open in Explore'))?.click()
      press()
      for (const ms of later) setTimeout(press, ms)
    }"""
    with tab_of(with_run, chromium) as tab:
        tab.page.goto(f"{tab.url}/train?model=tiny-vae")
        tab.page.get_by_role("button", name="Open in Explore").wait_for(timeout=30_000 * conftest.busy())
        tab.rest(30_000)
        tab.do(press, later_ms)
        tab.page.wait_for_selector(READY, timeout=20_000 * conftest.busy())
        tab.rest(30_000)
        assert tab.page.query_selector(READY), "the late click has emptied the page"
