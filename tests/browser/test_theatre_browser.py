"""The theatre in a real Chromium: a place between frames moves all of it, and what is new arrives where one looks."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from tests.app.live.test_theatre import shots
from tests.browser.conftest import serve, stop, tab_of
from vae.forming import snapshots
from vae.metrics.active import ACTIVE_RATE
from vae.runs import folder, os_process, starting
from vae.training.plan import Plan

PARTS = ("map .th-cloud", "drawn", "again", "bars", "plane", "curves")
THEATRE = "[data-testid=zscope-theatre]"
SCRUB = "[data-testid=zscope-scrub]"
LIVE = "document.querySelector('.th-scrub').dataset.live"


@pytest.fixture
def app(tiny_root, tmp_path, monkeypatch):
    """An app of its own with two runs, one done and one that seems to train: this process is its trainer."""
    root = tmp_path / "checkpoints"
    root.mkdir()
    shutil.copytree(tiny_root / "tiny-vae", root / "tiny-vae")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(root))
    for name, state in (("done", folder.DONE), ("going", folder.RUNNING)):
        run = starting.start(Plan("vae", "digits", {}, 9, name=name), work=False)
        me = os_process.own()
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
        tab.until(f"{LIVE} === 'true'")
        shots(run.folder, 9, laid=9)
        until_frame(tab, 8)
        tab.until(f"{LIVE} === 'false'")  # of 9 epochs: nothing is to come


def watch(tab, run, ready: str = "[data-ready=true]") -> None:
    tab.page.goto(f"{tab.url}/?model=tiny-vae&watched=run/{run.id}")
    tab.page.locator("[data-testid=stTopNavLink]", has_text="Train").click(timeout=60_000)
    tab.page.wait_for_selector(f"{THEATRE}{ready}", timeout=60_000)


def test_between_two_snapshots_figures_are_those_of_the_epochs_there_and_rows_are_as_long_as_there_are_samples(
    app, chromium
):
    run = folder.find("done")
    shots(run.folder, 3, laid=3, tests=11)
    epochs = {1: "000001", 4: "000002", 9: "000003"}
    for epoch, name in reversed(epochs.items()):
        (run.folder / "snapshots" / f"{name}.npz").rename(run.folder / "snapshots" / f"{epoch:06d}.npz")
    for path in list(snapshots.kept(run.folder).values()):
        if int(path.stem) not in epochs:
            path.unlink()
    told = [{"epoch": e, "elbo_nats": -1000.0 / e, "distortion_nats": 1.0 * e, "rate_nats": 2.0} for e in range(1, 9)]
    (run.folder / folder.EPOCHS).write_text("".join(json.dumps(record) + "\n" for record in told))
    with tab_of(app, chromium) as tab:
        watch(tab, run)
        figures = tab.do(
            """async ([key, places]) => {
              const { Reel } = await import("/browser/theatre/reel.js"), reel = new Reel(key, () => {})
              await reel.look()
              return places.map((f) => [reel.figure("elbo_nats", f), reel.figure("no_nats", f), reel.placeNamed(f)])
            }""",
            [f"run/{run.id}", [0, 0.5, 1, 1.6, 2]],
        )
        wanted = [-1000.0, -500.0 + 0.5 * (500 - 1000 / 3), -250.0, -1000 / 7, -50.0]  # 9: the snapshot's own
        assert [elbo for elbo, _, _ in figures] == pytest.approx(wanted)
        assert {none for _, none, _ in figures} == {None}
        assert [name for *_, name in figures] == [f"epoch {e}" for e in (1, 3, 4, 7, 9)]
        tab.do(f"(v) => {{ const r = document.querySelector('{SCRUB}'); r.value = v; r.oninput() }}", 1.6)
        tab.until("document.querySelector('.th-scrub output').textContent === 'epoch 7 of 9'")
        assert tab.do("document.querySelector('.th-again canvas').style.aspectRatio") == "44 / 12"
        drawn = """async (charts) => {
          const { Sheet } = await import("/browser/theatre/sheet.js")
          const sheet = new Sheet(document.createElement("div"), "", 4, 0)
          const from = new Uint8Array(8 * 2 * 4), seen = []
          const tiles = Array.from({ length: 8 }, (_, at) => ({ from, to: from, at }))
          Object.assign(sheet, { tiles, shape: [2, 4, 1], charts, t: 0 })
          sheet.draw({ drawImage: (_, x, y, w, h) => seen.push([x, y, w, h]) }, 400, 150)
          return seen.at(-1)
        }"""
        assert tab.do(drawn, False) == [300, 50, 100, 50]
        assert tab.do(drawn, True) == [300, 75, 100, 75]  # as high as there is room


def test_a_map_that_does_not_come_says_why_in_its_own_place_and_large_numbers_are_short(app, chromium):
    run = folder.find("done")
    shots(run.folder, 2, laid=2)
    first = run.folder / "snapshots" / "000001.npz"
    with np.load(first) as npz:
        arrays = dict(npz)
    snapshots.write(first, arrays | {"mu": arrays["mu"] * np.float16("nan")})
    with tab_of(app, chromium) as tab:
        watch(tab, run)
        note = tab.page.locator(".th-map .th-waits")
        tab.until("document.querySelector('.th-waits').textContent.includes('the training diverged')", timeout=90_000)
        said, panel = note.bounding_box(), tab.page.locator(".th-cloud").bounding_box()
        middle = said["y"] + said["height"] / 2 - panel["y"]
        assert abs(middle - panel["height"] / 2) < 2
        assert panel["x"] <= said["x"] <= said["x"] + said["width"] <= panel["x"] + panel["width"]
        assert tab.page.locator(".th-map h4 em").inner_text() == ""
        titles = [one.get_attribute("title") for one in tab.page.locator(".th-bars h4 [title]").all()]
        assert any(str(ACTIVE_RATE) in title for title in titles)
        numbers = """async () => {
          const { figure, ticks } = await import("/browser/theatre/numbers.js")
          const axis = ([low, high]) => { const { found, say } = ticks(low, high, 5); return found.map(say) }
          const axes = [[-2e10, 3e10], [10000, 10400], [0, 1.05], [1e17, 3e18]].map(axis)
          return [[9999.4, 123456, -1.5e10, 2e17].map((v) => figure(v)), ...axes]
        }"""
        assert tab.do(numbers) == [
            ["9999.4", "123456", "−15.0G", "2.0e17"],
            ["−20G", "−10G", "0", "10G", "20G", "30G"],
            ["10.0k", "10.1k", "10.2k", "10.3k", "10.4k"],
            ["0", "0.5", "1.0"],
            ["1e18", "2e18", "3e18"],
        ]


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
        tab.until("document.querySelector('.th-again h4').textContent.endsWith(', then from the other')")
        shots(run.folder, 6, laid=6, tests=11)  # other samples than the other's
        tab.page.reload()
        tab.page.wait_for_selector(f"{THEATRE}.two[data-ready=true]", timeout=60_000)
        tab.until("document.querySelectorAll('.th-cloud.second canvas').length === 1")
        said = "document.querySelector('.th-again h4').textContent"
        tab.until(f"{said} === '11 test samples, below what they come back as'")
        tab.until("document.querySelector('.th-cloud.second').dataset.name === 'going, snapshot of epoch 5'")
