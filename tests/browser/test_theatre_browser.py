"""The theatre in a real Chromium: a place between frames moves all of it, and what is new arrives where one looks."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tests.browser.conftest import serve, stop, tab_of
from tests.test_theatre import shots
from vae import snapshots
from vae.plan import Plan
from vae.runs import control, folder, processes

PARTS = ("map .th-cloud", "drawn", "again", "bars", "plane", "curves")
THEATRE = "[data-testid=zscope-theatre]"
SCRUB = "[data-testid=zscope-scrub]"


@pytest.fixture
def app(tiny_root, tmp_path, monkeypatch):
    """An app of its own with two runs, one done and one that seems to train: this process is its trainer."""
    root = tmp_path / "checkpoints"
    root.mkdir()
    shutil.copytree(tiny_root / "tiny-vae", root / "tiny-vae")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(root))
    for name, state in (("done", folder.DONE), ("going", folder.RUNNING)):
        run = control.start(Plan("vae", "digits", {}, 9, name=name), work=False)
        me = processes.own()
        with folder.lock():
            folder.change(run, state, pid=me.pid, began=me.began)
        shots(run.folder, 5, laid=5)
        (run.folder / folder.PROGRESS).write_text(json.dumps({"epoch": 5, "stage": "training"}))
    server = serve(root, tmp_path / "log.txt")
    yield server
    stop(server)
    with folder.lock():
        folder.change(folder.find("going"), folder.STOPPED)


def pictures(tab) -> dict[str, str]:
    script = "(names) => names.map((n) => document.querySelector(`.th-${n} canvas`).toDataURL())"
    return dict(zip(PARTS, tab.do(script, list(PARTS)), strict=True))


def frame(tab) -> int:
    return int(tab.do(f"document.querySelector('{THEATRE}').dataset.frame"))


def until_frame(tab, wanted: int) -> None:
    tab.until(f"document.querySelector('{THEATRE}').dataset.frame === '{wanted}'")


def test_all_of_it_is_scrubbed_and_what_is_new_arrives_without_losing_the_place(app, chromium):
    with tab_of(app, chromium) as tab:
        tab.page.goto(tab.url)
        tab.page.locator("[data-testid=stTopNavLink]", has_text="Train").click(timeout=60_000)
        tab.page.locator("[class*=st-key-run-]", has_text="going").get_by_role("button", name="Watch it form").click()
        tab.page.wait_for_selector(f"{THEATRE}[data-ready=true][data-laid='5']", timeout=60_000)
        assert frame(tab) == 4  # it opens at the end
        assert "epoch 5 of 9" in tab.page.locator(".th-scrub").inner_text()
        last = pictures(tab)
        tab.page.focus(SCRUB)
        tab.page.keyboard.press("Home")
        until_frame(tab, 0)
        tab.page.wait_for_timeout(500)  # until it has come to rest
        first = pictures(tab)
        assert [name for name in PARTS if first[name] == last[name]] == []
        tab.page.keyboard.press("ArrowRight")
        until_frame(tab, 1)
        tab.page.wait_for_timeout(500)
        second = pictures(tab)
        assert [name for name in PARTS if first[name] == second[name]] == []
        set_between = f"(v) => {{ const r = document.querySelector('{SCRUB}'); r.value = v; r.oninput() }}"
        tab.do(set_between, 1.3)
        tab.page.wait_for_timeout(200)
        between = pictures(tab)
        moved = [name for name in PARTS if second[name] != between[name]]
        assert {"map .th-cloud", "plane", "curves"} <= set(moved)  # also between two frames

        run = folder.find("going")
        shots(run.folder, 6, laid=6)
        tab.page.wait_for_selector(f"{THEATRE}[data-ready=true][data-laid='6']", timeout=20_000)
        assert frame(tab) == 1
        tab.page.focus(SCRUB)
        tab.page.keyboard.press("End")
        until_frame(tab, 5)
        shots(run.folder, 7, laid=7)
        until_frame(tab, 6)  # at the end, it follows


@pytest.mark.slow
def test_what_is_laid_over_has_its_map_and_what_has_no_rate_says_so(app, chromium):
    run = folder.find("done")
    for path in snapshots.kept(run.folder).values():
        with np.load(path) as npz:
            arrays = {name: npz[name] for name in npz.files if "rate" not in name and "elbo" not in name}
        snapshots.write(path, arrays)
    with tab_of(app, chromium) as tab:
        tab.page.goto(f"{tab.url}/?model=tiny-vae&watched=run/{run.id}&beside=run/{folder.find('going').id}")
        tab.page.locator("[data-testid=stTopNavLink]", has_text="Train").click(timeout=60_000)
        tab.page.wait_for_selector(f"{THEATRE}.two[data-ready=true]", timeout=60_000)
        for name, said in (("plane", "has no rate"), ("bars", "no sum over dimensions")):
            assert said in tab.do(f"document.querySelector('.th-{name}').dataset.absent")
        tab.until("document.querySelectorAll('.th-cloud canvas').length === 2")
        tab.until("document.querySelector('.th-cloud.second').dataset.name === 'going, epoch 5'")
