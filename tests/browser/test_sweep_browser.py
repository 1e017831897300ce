"""The shipped sweep in a real Chromium: found on Train at once, a slider through its models, one of them opened."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.browser.conftest import READY, serve, stop, tab_of
from tests.browser.test_train_browser import visit

CHECKPOINTS = Path(__file__).parents[2] / "checkpoints"
SWEEP, MODELS = "fashion-beta", ("0", "0.1", "0.5", "1", "2", "4", "10")
THEATRE = "[data-testid=zscope-theatre]"


@pytest.fixture
def ladder_server(tiny_root, tmp_path):
    """A new user's app: the shipped sweep, another model, nothing trained yet."""
    root = tmp_path / "checkpoints"
    shutil.copytree(tiny_root / "tiny-vae", root / "tiny-vae")
    for name in (*(f"{SWEEP}-{model}" for model in MODELS), f".ladders/{SWEEP}"):
        shutil.copytree(CHECKPOINTS / name, root / name)
    server = serve(root, tmp_path / "log.txt")
    yield server
    stop(server)
    assert "Traceback" not in server.log.read_text(), server.log.read_text()


def seen(tab) -> dict[str, str]:
    """What the map, the decoded pictures and the plane with its dot look like."""
    script = "(part) => document.querySelector(`.th-${part} canvas`).toDataURL()"
    return {part: tab.do(script, part) for part in ("cloud", "again", "drawn", "plane", "bars")}


def slide(tab, key: str, said: str) -> dict[str, str]:
    tab.page.locator("[data-testid=zscope-scrub]").press(key)
    tab.until(f"document.querySelector('.th-scrub output').textContent === {said!r}")
    tab.page.wait_for_timeout(300)  # one animation frame paints it
    return seen(tab)


def test_a_slider_moves_through_the_models_and_one_opens_on_explore(ladder_server, chromium):
    with tab_of(ladder_server, chromium) as tab:
        visit(tab)
        tab.page.get_by_role("button", name="Compare the models").click(timeout=60_000)
        tab.page.wait_for_selector(f"{THEATRE}[data-ready=true]", timeout=60_000)
        slide(tab, "Home", "beta 0")
        tab.do("document.fonts.ready.then(() => true)")  # in which the names of the classes are drawn from here on
        last = slide(tab, "End", "beta 10")
        middle = slide(tab, "ArrowLeft", "beta 4")
        first = slide(tab, "Home", "beta 0")
        for part in last:
            assert len({last[part], middle[part], first[part]}) == 3, part
        assert slide(tab, "End", "beta 10") == last
        slide(tab, "Home", "beta 0")
        tab.page.get_by_role("button", name="Open this model in Explore").click()
        tab.page.wait_for_selector(READY, timeout=60_000)
        tab.until(
            "window.zscope.live.painted > 0 && new URL(location).searchParams.get('model') === 'fashion-beta-0'", 30_000
        )
