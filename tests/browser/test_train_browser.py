"""Train in a real Chromium: what is started from the page goes on when the tab is closed, and opens on Explore."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.browser.conftest import READY, serve, stop, tab_of
from vae.runs import folder


@pytest.fixture
def training_server(tiny_root, tmp_path, monkeypatch):
    """An app of its own, as it leaves a run behind; with one model, so that a map is there before."""
    root = tmp_path / "checkpoints"
    root.mkdir()
    shutil.copytree(tiny_root / "tiny-vae", root / "tiny-vae")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(root))
    server = serve(root, tmp_path / "log.txt")
    yield server
    stop(server)
    for run in folder.runs():
        run.state.process.end()


def visit(tab) -> None:
    """The Train page, by its name in the bar."""
    tab.page.goto(tab.url)
    tab.page.locator("[data-testid=stTopNavLink]", has_text="Train").click(timeout=30_000)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_digits_train_from_the_page_while_the_tab_is_closed_and_open_on_explore(training_server, chromium, capsys):
    with tab_of(training_server, chromium) as tab:
        visit(tab)
        tab.page.get_by_text("Nothing has been trained from here yet").wait_for(timeout=60_000)
        tab.page.get_by_role("button", name="Start").click()
        card = "[class*=st-key-run-]"
        tab.page.wait_for_selector(card, timeout=30_000)
        tab.until(f"/epoch ([5-9]|1\\d|20) of 20/.test(document.querySelector('{card}').innerText)", 240_000)
    (run,) = folder.runs()
    assert run.state.name == folder.RUNNING
    with tab_of(training_server, chromium) as tab:  # a browser that has never been here
        visit(tab)
        opens = tab.page.get_by_role("button", name="Open in Explore")
        opens.wait_for(timeout=240_000)
        opens.click()
        tab.page.wait_for_selector(READY, timeout=60_000)
        tab.until(
            "window.zscope.live.painted > 0 && new URL(location).searchParams.get('model') === 'digits-vae'", 30_000
        )
        tab.moves_picture(lambda: tab.hover((0, 0)))
    (run,) = folder.runs()
    assert run.state.name == folder.DONE
    assert len(run.epochs()) == 20
    took = run.progress["elapsed_s"]
    with capsys.disabled():
        print(f" trained, measured and mapped in {took:.0f} s; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    assert took < 60 * max(1.0, os.getloadavg()[0] / os.cpu_count())
