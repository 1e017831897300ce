"""Train in a real Chromium: what is started from the page goes on when the tab is closed, and opens on Explore. A ZIP
of somebody's own is looked at, kept and trained on."""

from __future__ import annotations

import io
import os
import re
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests import odd_pictures
from tests.browser.conftest import READY, serve, stop, tab_of
from tests.browser.test_theatre_browser import PARTS, SCRUB, THEATRE, pictures, until_frame
from vae.data.own import shelf
from vae.forming import snapshots
from vae.runs import folder, starting
from vae.training.plan import Plan


@pytest.fixture
def training_server(tiny_root, tmp_path, monkeypatch):
    """An app of its own, as it leaves runs and data sets behind; with one model, so that a map is there before."""
    root = tmp_path / "checkpoints"
    root.mkdir()
    shutil.copytree(tiny_root / "tiny-vae", root / "tiny-vae")
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(root))
    monkeypatch.setenv("ZSCOPE_OWN", str(tmp_path / "own"))
    server = serve(root, tmp_path / "log.txt")
    yield server
    stop(server)
    for run in folder.runs():
        run.state.process.end()


def visit(tab) -> None:
    """The Train page, by its name in the bar."""
    tab.page.goto(tab.url)
    tab.page.locator("[data-testid=stTopNavLink]", has_text="Train").click(timeout=30_000)


def give(tab, path) -> None:
    """Upload a file of one's own, and wait until it was looked at."""
    tab.page.get_by_text("Your data").click(timeout=30_000)
    tab.page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(path)
    tab.page.get_by_text("for training").wait_for(timeout=60_000)


DATA = ".st-key-train-data input"


@pytest.mark.slow
def test_a_zip_of_a_stranger_is_looked_at_kept_and_chosen(training_server, chromium, tmp_path):
    odd_pictures.write(tmp_path / "my pictures.zip")
    with tab_of(training_server, chromium) as tab:
        visit(tab)
        give(tab, tmp_path / "my pictures.zip")
        said = tab.page.get_by_text("for training").inner_text()
        assert "290 samples of 1×16×16 pixels" in said
        assert "261 for training, 29 for testing" in said
        assert "10 files were skipped; see below." in said
        assert tab.page.get_by_text("Skipped files (10)").count() == 1
        named = dict(entry.split(":\n") for entry in tab.page.locator(".st-key-own-skipped").inner_text().split("\n\n"))
        broken = odd_pictures.broken()
        assert set(named) == set(broken)
        for name, (_, reason) in broken.items():
            assert re.search(reason, named[name]), (name, named[name])
        assert shelf.names() == []  # only looked at
        tab.page.get_by_role("button", name="Add", exact=True).click()
        tab.page.get_by_text("Added data set my_pictures").wait_for()
        assert shelf.names() == ["my_pictures"]
        tab.until(f"document.querySelector('{DATA}').value.includes('my_pictures')")
        tab.page.get_by_text("for training").wait_for(state="detached")  # the fields are empty again
        tab.page.get_by_text("Your data").click()
        tab.page.get_by_text("my_pictures image 1x16x16, 2 classes").wait_for()
        tab.rest(60_000)
        for name in ("scikit-learn digits", "my_pictures"):  # and it can be chosen like any other
            tab.page.locator(DATA).click()
            tab.page.get_by_role("option", name=name).click()
            tab.until(f"document.querySelector('{DATA}').value.includes('{name}')")


def choose(tab, title: str, decided: str, other: str, then: str) -> None:
    """In the preview the choice has one value; another is chosen, and a text appears."""
    tab.rest(30_000)  # a run would close the list of options
    field = tab.page.locator("[data-testid=stSelectbox]", has_text=title)
    assert field.locator("input").input_value() == decided
    option = tab.page.get_by_role("option", name=other, exact=True)
    while not option.count():  # the list may close again when a part of the page runs
        field.locator("input").click()
        tab.page.wait_for_timeout(1000)
    option.click()
    tab.page.get_by_text(then).first.wait_for(timeout=30_000)


def offer(tab, path, seen: str) -> None:
    visit(tab)
    tab.page.get_by_text("Your data").click(timeout=30_000)
    tab.page.locator("[data-testid=stFileUploaderDropzoneInput]").set_input_files(path)
    tab.page.get_by_text(seen).first.wait_for(timeout=60_000)
    tab.page.get_by_text("Change how it is read").click()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_was_decided_stands_in_the_preview_and_is_changed_there(training_server, chromium, tmp_path):
    dates = [f"{i % 28 + 1:02d}.{i % 12 + 1:02d}.2020" for i in range(40)]
    rows = "\n".join(f"{d};{i},50;{2 * i},250;{'Käse' if i % 2 else 'Brot'}" for i, d in enumerate(dates))
    table = tmp_path / "german.csv"
    table.write_bytes(("datum;größe;druck;sorte\n" + rows).encode("cp1252"))
    with tab_of(training_server, chromium) as tab:
        offer(tab, table, "40 samples of 2 values, values 0.25 to 78.25")
        choose(tab, "Labels", "sorte (detected)", "none", "There are no labels.")
        choose(tab, "Header", "yes (detected)", "no", "Cells that are no numbers count as missing: f1: größe")
        choose(tab, "Encoding", "cp1252 (detected)", "utf-8", "not a text in utf-8: choose another encoding.")
        choose(tab, "Encoding", "utf-8", "cp1252 (detected)", "Cells that are no numbers count as missing: f1: größe")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_range_layout_and_names_in_a_zip_are_changed_in_the_preview(training_server, chromium, tmp_path):
    deep = tmp_path / "deep.npy"
    np.save(deep, np.random.default_rng(0).integers(0, 1000, (40, 12, 16), np.uint16))
    with tab_of(training_server, chromium) as tab:
        offer(tab, deep, "40 samples of 1×12×16 pixels, values 0 to 249")  # 999 of 1023
        tab.page.get_by_text("Range 0:1023 (values are 0 to 999)").wait_for()
        choose(tab, "Range", "0:1023 (detected)", "0:4095", "values 0 to 62")
        choose(tab, "Layout", "nhw (detected)", "nct", "40 samples of 12×16 channels and time steps")
    packed = tmp_path / "names.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for i in range(10):
            picture = io.BytesIO()
            Image.fromarray(np.full((8, 8), 25 * i, np.uint8)).save(picture, "PNG")
            archive.writestr(f"{('koty', 'psy')[i % 2]}/{i}.png", picture.getvalue())
    names = {b"koty": "коты".encode("cp866"), b"psy/": "псы/".encode("cp866")}
    data = packed.read_bytes()
    for plain, other in names.items():
        data = data.replace(plain, other)
    packed.write_bytes(data)
    with tab_of(training_server, chromium) as tab:
        offer(tab, packed, "ZIP names cp866")
        choose(tab, "ZIP names", "cp866 (detected)", "cp437", "ZIP names cp437 (as you chose; detected: cp866)")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_from_a_zip_to_a_live_map_in_three_clicks(training_server, chromium, tmp_path):
    odd_pictures.write(tmp_path / "mine.zip")
    with tab_of(training_server, chromium) as tab:
        visit(tab)
        give(tab, tmp_path / "mine.zip")
        tab.page.get_by_role("button", name="Add", exact=True).click()
        tab.page.get_by_text("Added data set mine").wait_for()
        tab.page.get_by_role("button", name="Start").click()
        tab.page.get_by_role("button", name="Open in Explore").click(timeout=300_000)
        tab.until("new URL(location).searchParams.get('model') === 'mine-vae'", 30_000)
        tab.page.wait_for_selector(READY, timeout=60_000)
        tab.until("window.zscope.live.painted > 0", 30_000)
        tab.moves_picture(lambda: tab.hover((0, 0)))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_digits_train_from_the_page_while_the_tab_is_closed_and_open_on_explore(training_server, chromium, capsys):
    with tab_of(training_server, chromium) as tab:
        visit(tab)
        tab.page.get_by_text("No training has been started here yet").wait_for(timeout=60_000)
        tab.page.get_by_role("button", name="Start").click()
        card = "[class*=st-key-run-]"
        tab.page.wait_for_selector(card, timeout=30_000)
        tab.until(f"/epoch (3\\d|[4-7]\\d) of 75/.test(document.querySelector('{card}').innerText)", 240_000)
    (run,) = folder.runs()
    assert run.state.name == folder.RUNNING
    with tab_of(training_server, chromium) as tab:  # a browser that has never been here
        visit(tab)
        opens = tab.page.get_by_role("button", name="Open in Explore")
        opens.wait_for(timeout=240_000)
        tab.page.get_by_role("button", name="Watch it form").click()
        tab.page.wait_for_selector(f"{THEATRE}[data-ready=true]", timeout=60_000)
        laid = f"document.querySelector('{THEATRE}').dataset.laid >= {len(snapshots.kept(run.folder))}"
        tab.until(laid, 60_000)
        last = pictures(tab)
        tab.page.focus(SCRUB)
        tab.page.keyboard.press("Home")
        until_frame(tab, 0)
        tab.page.wait_for_timeout(600)
        first = pictures(tab)
        assert [name for name in PARTS if first[name] == last[name]] == []
        tab.page.get_by_role("button", name="All runs").click()
        opens.click()
        tab.page.wait_for_selector(READY, timeout=60_000)
        tab.until(
            "window.zscope.live.painted > 0 && new URL(location).searchParams.get('model') === 'digits-vae'", 30_000
        )
        tab.moves_picture(lambda: tab.hover((0, 0)))
    (run,) = folder.runs()
    assert run.state.name == folder.DONE
    assert len(run.epochs()) == 75
    took = run.progress["elapsed_s"]
    with capsys.disabled():
        print(f" trained, measured and mapped in {took:.0f} s; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    assert took < 60 * max(1.0, os.getloadavg()[0] / os.cpu_count())


def field(tab, label: str):
    return tab.page.locator(f"input[aria-label='{label}']")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_form_tells_what_it_takes_and_a_card_asks_before_it_goes(training_server, chromium):
    old = starting.start(Plan("vae", "digits", {}, 3, name="old"), work=False)
    (old.folder / folder.PROGRESS).write_text('{"epoch": 1}')
    with folder.lock():
        folder.change(old, folder.DONE)
    with tab_of(training_server, chromium) as tab:
        visit(tab)
        field(tab, "Name").fill("fd", timeout=60_000)
        field(tab, "Name").press("Enter")
        tab.page.get_by_text("More settings").click()
        tab.page.get_by_text("The same on the command line").click()
        field(tab, "learning rate").fill("1000")
        field(tab, "learning rate").press("Enter")
        tab.page.get_by_text("lr=1000.0: expected 1e-07 to 1.0").wait_for()
        field(tab, "learning rate").fill("0.001")
        field(tab, "learning rate").press("Enter")
        tab.page.get_by_text("lr=1000.0: expected 1e-07 to 1.0").wait_for(state="detached")
        field(tab, "learning rate").press("ArrowUp")
        field(tab, "learning rate").press("Enter")
        tab.page.get_by_text("--set lr=0.0011 ").wait_for()
        tab.page.get_by_role("button", name="Watch it form").click()
        tab.page.get_by_role("button", name="All runs").click()
        tab.until("document.querySelector('input[aria-label=Name]')?.value === 'fd'")
        tab.page.get_by_role("button", name="Start").click()
        tab.page.locator("[data-testid=stToast]", has_text="fd is starting").wait_for()
        tab.until("document.querySelector('input[aria-label=Name]').value === ''")
        tab.page.locator(f".st-key-run-{old.id} button", has_text="Delete").click()
        asks = tab.page.get_by_text("Deletes run old")
        asks.wait_for()
        card = "[class*=st-key-run-]"
        tab.until(f"/epoch [3-9] of 75/.test(document.querySelector('{card}').innerText)", 120_000)
        assert asks.is_visible()  # the list has been drawn anew many times
        tab.page.get_by_role("button", name="Delete run").click()
        asks.wait_for(state="detached")
        tab.page.locator(f".st-key-run-{old.id}").wait_for(state="detached")
    assert [run.name for run in folder.runs()] == ["fd"]
