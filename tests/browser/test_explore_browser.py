"""Explore in a real Chromium: what follows the pointer, what a click keeps, what survives."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest

from app.live import engines

FRAMES = """window.__frames ??= (zscope.on('frame', (f) =>
  __frames.push({kind: f.kind, source: f.source, trust: f.trust, xy: [...f.xy], z: [...f.z]})), [])"""
AWAY = "document.querySelector('.zscope-view').dataset.away"
RANGE = "document.querySelector('.zm-plot').view.slice(0, 2)"


@pytest.fixture
def atlas(tiny_checkpoint):
    return engines.engine("tiny-vae").atlas


@pytest.fixture
def tab(shared_tab):
    """The shared page at rest: pointer away, whole map, every class shown."""
    tab = shared_tab
    tab.do(FRAMES)
    tab.leave()
    tab.rest()
    tab.page.wait_for_timeout(250)
    tab.do("window.__frames.length = 0")
    return tab


def last(tab):
    return tab.do("window.__frames.at(-1)")


def crowded(atlas) -> int:
    """A row amid many others on the map that comes back when its picture is encoded again."""
    comes_back = engines.engine("tiny-vae").trust(atlas.z) > 0.9
    assert comes_back.any()
    return int(np.argmax(np.where(comes_back, atlas.projector.coverage(atlas.xy), 0)))


def lonely(atlas, view) -> np.ndarray:
    """A map position in view whose nearest sample is a few per cent of the map away."""
    rng = np.random.default_rng(0)
    low, high = atlas.xy.min(0), atlas.xy.max(0)
    for xy in rng.uniform(low, high, (2000, 2)):
        nearest = np.sqrt(((atlas.xy - xy) ** 2).sum(1)).min()
        if 0.02 * np.ptp(view) < nearest < 0.08 * np.ptp(view):
            return xy
    raise AssertionError("no such place on this map")


def committed(tab) -> str:
    return tab.do("new URL(location).searchParams.get('p')")


def test_the_picture_follows_the_pointer_on_points_between_them_and_back(tab, atlas):
    rested = tab.pixels()
    row = crowded(atlas)
    tab.moves_picture(lambda: tab.hover(atlas.xy[row]))
    tab.until("window.__frames.at(-1).kind === 'row'")
    np.testing.assert_allclose(last(tab)["xy"], atlas.xy[row], atol=1e-4)
    tab.until("document.querySelector('.zm-card').classList.contains('zm-rested')")
    card = tab.page.locator(".zm-card").inner_text()
    origin = atlas.index[row]
    assert atlas.classes[atlas.labels[row]] in card
    assert f"#{origin}" in card
    assert re.search(r"\d+ samples? nearby", card)

    between = lonely(atlas, tab.do(RANGE))
    tab.moves_picture(lambda: tab.hover(between))
    tab.until(f"Math.abs(window.__frames.at(-1).xy[0] - {between[0]}) < {0.01 * np.ptp(atlas.xy)}")
    assert last(tab)["kind"] == "map"
    assert tab.do(AWAY) == "map"  # neighbours and sliders, which belong to the kept point, step back
    np.testing.assert_allclose(last(tab)["xy"], between, atol=0.01 * np.ptp(atlas.xy))

    tab.leave()
    tab.until("window.__frames.at(-1).source === 'restore'")
    assert tab.do(AWAY) == ""
    assert np.abs(tab.pixels() - rested).max() <= 2  # of 255
    live = tab.do("window.zscope.live")
    assert live["sent"] - live["painted"] - live["dropped"] in (0, 1)
    assert len(live["latency_ms"]) == live["painted"] > 0
    assert all(0 < ms < 10_000 for ms in live["latency_ms"])


def test_trust_is_said_in_words_and_figures(tab, atlas):
    tab.hover(atlas.xy[crowded(atlas)])
    tab.until("document.querySelector('.zc-trust span').textContent === 'reliable'")
    assert "Reconstructions here are off by 0." in tab.page.locator(".zc-fidelity").inner_text()
    width = tab.do("document.querySelector('.zc-bar i').style.width")
    shown = float(tab.page.locator(".zc-trust b").inner_text())
    assert shown >= 0.6
    assert abs(float(width.rstrip("%")) - 100 * shown) <= 1
    box = tab.page.locator("[data-testid=zscope-map]").bounding_box()
    tab.page.mouse.move(box["x"] + box["width"] - 5, box["y"] + box["height"] - 5)
    tab.until("document.querySelector('.zc-trust').innerText.includes('unreliable')")


def test_a_click_commits_once_and_brings_its_neighbours_and_link(tab, atlas):
    before = tab.page.locator(".zc-neighbours").inner_html()
    row = crowded(atlas)
    tab.hover(atlas.xy[row])
    tab.page.mouse.down()
    tab.page.mouse.up()
    tab.until(f"new URL(location).searchParams.get('p') === 'r{row}'")
    tab.until(f"document.querySelector('.zc-neighbours').innerHTML !== {before!r}")
    expected, distances = atlas.neighbours(atlas.z[row], 7)
    shown = tab.do("[...document.querySelectorAll('.zc-neighbours span')].map((s) => s.textContent)")
    assert shown == [f"{d:.2f}" for i, d in zip(expected, distances, strict=True) if i != row][:6]

    assert (
        tab.page.locator(".zc-near h4").inner_text()
        == f"Nearest to {atlas.classes[atlas.labels[row]]} #{atlas.index[row]}"
    )

    tab.leave()
    tab.page.locator(".zc-neighbours button").first.click()
    first = next(int(i) for i in expected if i != row)
    tab.until(f"new URL(location).searchParams.get('p') === 'r{first}'")
    tab.rest()
    assert tab.do("Boolean(document.activeElement.closest('.zc-neighbours'))")
    tab.page.get_by_role("button", name="Undo").click()
    tab.until(f"new URL(location).searchParams.get('p') === 'r{row}'")


def test_sliders_paint_while_they_are_dragged(tab):
    handle = tab.page.locator(".zc-row input").first.bounding_box()
    y = handle["y"] + handle["height"] / 2
    slider = tab.page.locator(".zc-row input").first
    low, high, value = (float(slider.get_attribute(name) or 0) for name in ("min", "max", "value"))
    x = handle["x"] + 8 + (handle["width"] - 16) * (value - low) / (high - low)
    tab.do("window.__frames.length = 0")
    link = committed(tab)
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    seen = set()
    for step in range(1, 13):
        tab.page.mouse.move(x + 5 * step, y)
        tab.until(f"window.__frames.length >= {step}")
        seen.add(tab.picture())
    assert tab.do("window.__frames.every((f) => f.kind === 'latent' && f.source === 'slider')")
    assert len(seen) >= 8
    assert committed(tab) == link  # nothing is committed before the release
    assert tab.do(AWAY) == "slider"
    tab.until(r"/^\+\d\.\d\u202fσ$/.test(document.querySelector('.zc-row output').textContent)")
    place = "document.querySelector('.zm-live').style.visibility"
    assert tab.do(place) == "visible"
    tab.page.mouse.up()
    tab.until(f"new URL(location).searchParams.get('p') !== {link!r}")
    tab.until(f"{AWAY} === ''")
    moved = float(slider.input_value())
    assert moved > value  # a release leaves the slider where it is
    tab.page.get_by_role("button", name="Reset sliders").click()
    tab.until("[...document.querySelectorAll('.zc-row input')].every((i) => Math.abs(i.value) < 0.05)")


def test_arrow_keys_walk_and_enter_commits(tab):
    link = committed(tab)
    tab.page.locator("[data-testid=zscope-map]").focus()
    tab.moves_picture(lambda: [tab.page.keyboard.press("Shift+ArrowLeft") for _ in range(3)])
    tab.page.keyboard.press("ArrowUp")
    tab.page.keyboard.press("Enter")
    tab.until(f"new URL(location).searchParams.get('p') !== {link!r}")
    tab.rest()
    link = committed(tab)
    tab.moves_picture(lambda: [tab.page.keyboard.press("Shift+ArrowDown") for _ in range(3)])
    tab.page.keyboard.press("Escape")
    tab.until("window.__frames.at(-1).source === 'restore'")
    assert committed(tab) == link


def test_zoom_filter_and_geometry_survive_a_rerun(tab, atlas):
    fetched = "performance.getEntriesByType('resource').filter((e) => e.name.includes('map.bin')).length"
    row = crowded(atlas)
    tab.hover(atlas.xy[row])
    whole = tab.do(RANGE)
    for _ in range(4):
        tab.page.mouse.wheel(0, -240)
        tab.page.wait_for_timeout(60)
    tab.until(f"({RANGE})[1] - ({RANGE})[0] < {0.8 * (whole[1] - whole[0])}")
    tab.page.wait_for_timeout(400)
    zoomed = tab.do(RANGE)
    tab.until("/\\d \\/ \\d/.test(document.querySelector('.zm-legend').innerText)")  # "47 / 412"
    tab.hover(atlas.xy[row])
    tab.page.mouse.down()
    tab.page.mouse.up()
    tab.until(f"new URL(location).searchParams.get('p') === 'r{row}'")
    tab.page.wait_for_timeout(300)
    assert tab.do(RANGE) == zoomed
    assert tab.do(fetched) == 1
    tab.page.get_by_role("button", name="Show the whole map").click()
    tab.until(f"Math.abs(({RANGE})[0] - {whole[0]}) < 1e-6")

    entry = tab.page.locator(".zm-classes button").nth(int(atlas.labels[row]))
    entry.click()
    total = int((atlas.labels == atlas.labels[row]).sum())
    assert f"0 / {total}" in entry.inner_text()
    tab.hover(atlas.xy[row])
    tab.until("document.querySelector('.zm-card b').textContent !== ''")
    assert tab.page.locator(".zm-card b").inner_text() != atlas.classes[atlas.labels[row]]
    entry.click()
    assert entry.inner_text().split()[-1] == str(total)


def test_a_link_restores_the_point_in_the_dark(new_tab, atlas):
    row = crowded(atlas)
    tab = new_tab(color_scheme="dark", viewport={"width": 1920, "height": 1080}).open(f"/?model=tiny-vae&p=r{row}")
    tab.do(FRAMES)
    assert committed(tab) == f"r{row}"
    box, (x, y) = tab.page.locator(".zm-committed").bounding_box(), tab.at(atlas.xy[row])
    assert abs(box["x"] + box["width"] / 2 - x) < 3
    assert abs(box["y"] + box["height"] / 2 - y) < 3
    page = tab.do("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert max(int(v) for v in re.findall(r"\d+", page)[:3]) < 60
    colours = tab.do("[...document.querySelectorAll('.zm-classes i')].map((dot) => dot.style.background)")
    assert "rgb(51, 34, 136)" not in colours  # sinks into a dark page
    assert tab.page.locator("[data-testid=zscope-map]").get_attribute("data-dark") == "true"


def test_copy_as_python_runs_and_gives_this_picture(tab, atlas, tiny_root, tmp_path):
    tab.do("navigator.clipboard.writeText = async (text) => { window.__copied = text }")
    tab.page.get_by_role("button", name="Copy ▾").click()
    tab.page.get_by_role("button", name="Copy as Python").click()
    tab.until("window.__copied")
    code = tab.do("window.__copied") + f"\nnp.save({str(tmp_path / 'x.npy')!r}, x)\n"
    env = {"ZSCOPE_CHECKPOINTS": str(tiny_root), "PYTHONPATH": ".", "PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code], check=True, env=env, timeout=60)
    tab.hover(atlas.xy[crowded(atlas)])
    tab.leave()
    tab.until("window.__frames.at(-1)?.source === 'restore'")
    shown = np.asarray([last(tab)["z"]], np.float32)
    np.testing.assert_allclose(np.load(tmp_path / "x.npy"), engines.engine("tiny-vae").decode(shown), atol=1e-4)


def test_the_status_line_tells_the_truth(tab, atlas):
    status = tab.page.locator("[data-testid=zscope-status]")
    for step in range(30):
        tab.hover(atlas.xy[step])
    tab.page.wait_for_timeout(450)
    text = status.inner_text()
    assert f"{atlas.n:,} points" in text
    assert "cpu" in text
    decode, trip = (float(re.search(rf"{name}\s+([\d.]+) ms", text)[1]) for name in ("decode", "round trip"))
    assert 0 < decode <= trip < 2000
    assert int(re.search(r"(\d+) frames/s", text)[1]) > 0
    tab.leave()
    tab.until("/– frames/.test(document.querySelector('[data-testid=zscope-status]').innerText)")


def test_a_refused_or_lost_connection_says_so_and_comes_back(new_tab):
    tab = new_tab().open()
    said = "document.querySelector('[data-testid=zscope-status]').innerText"
    tab.do("Object.assign(zscope.client, { renewed: performance.now(), model: 'nope' }).socket.close()")
    tab.until(f"/closed: unknown checkpoint/.test({said})")
    tab.do("Object.assign(zscope.client, { model: 'tiny-vae' }).revive()")
    tab.until(f"!/closed/.test({said})")
    box = tab.page.locator("[data-testid=zscope-map]").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.moves_picture(lambda: tab.page.mouse.move(*middle, steps=3))
    tab.do("zscope.client.socket.close()")
    tab.until(f"/server not reachable/.test({said})")
    tab.until(f"!/server not reachable/.test({said})")


SLIDERS = "[...document.querySelectorAll('.zc-row input[type=range]')].map((input) => Number(input.value))"


def drag(tab, at: int, by: int) -> None:
    """Pull slider number `at` to the side and let it go."""
    slider = tab.page.locator(".zc-row input[type=range]").nth(at)
    low, high, value = (float(slider.get_attribute(name) or 0) for name in ("min", "max", "value"))
    box = slider.bounding_box()
    x, y = box["x"] + 8 + (box["width"] - 16) * (value - low) / (high - low), box["y"] + box["height"] / 2
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.page.mouse.move(x + by, y, steps=4)
    tab.page.mouse.up()


def test_a_double_click_puts_one_slider_back(new_tab, atlas):
    tab = new_tab().open()
    tab.page.wait_for_selector(".zc-row input")
    tab.do(FRAMES)
    tab.leave()
    tab.hover(atlas.xy[3])
    tab.leave()
    tab.until("window.__frames.at(-1)?.source === 'restore'")
    start = np.asarray(last(tab)["z"])
    drag(tab, 0, 30)
    drag(tab, 1, 25)
    tab.until(f"({SLIDERS})[0] > 0.01 && ({SLIDERS})[1] > 0.01")
    tab.page.locator(".zc-row input[type=range]").nth(0).dblclick(position={"x": 4, "y": 11})
    tab.until(f"Math.abs(({SLIDERS})[0]) < 1e-6")
    assert tab.do(SLIDERS)[1] > 0.01
    tab.page.locator(".zc-row input[type=range]").nth(1).dblclick(position={"x": 4, "y": 11})
    tab.until(f"({SLIDERS}).every((v) => Math.abs(v) < 1e-6)")
    tab.until(f"Math.max(...window.__frames.at(-1).z.map((v, i) => Math.abs(v - {start.tolist()}[i]))) < 1e-4")


def test_a_pinned_point_is_flipped_to_and_undo_and_redo_have_keys(new_tab, atlas):
    tab = new_tab().open("/?model=tiny-vae&p=r3")
    pinned = "new URL(location).searchParams.get('pin')"
    tab.page.locator("body").press("Space")
    tab.until(f"{pinned} === 'r3'")
    tab.until("!document.querySelector('.zc-pinned').hidden")
    before = tab.picture()
    row = crowded(atlas)
    tab.hover(atlas.xy[row])
    tab.page.mouse.down()
    tab.page.mouse.up()
    tab.until(f"new URL(location).searchParams.get('p') === 'r{row}'")
    tab.leave()
    tab.until(r"/differs \.\d*[1-9]/.test(document.querySelector('.zc-pinned').innerText)")
    here = tab.still()
    assert here != before
    tab.page.keyboard.down("Space")
    tab.until(f"document.querySelector('[data-testid=zscope-picture]').toDataURL() === {before!r}")
    assert tab.page.locator(".zc-flag").is_visible()
    tab.page.keyboard.up("Space")
    tab.until(f"document.querySelector('[data-testid=zscope-picture]').toDataURL() === {here!r}")
    tab.page.keyboard.press("Control+z")
    tab.until("new URL(location).searchParams.get('p') === 'r3'")
    tab.page.keyboard.press("Control+Shift+z")
    tab.until(f"new URL(location).searchParams.get('p') === 'r{row}'")
    tab.page.get_by_role("button", name="Unpin").click()
    tab.until(f"{pinned} === null")


def test_what_was_moved_is_saved_by_name_renamed_and_deleted(new_tab):
    tab = new_tab().open()
    tab.page.wait_for_selector(".zc-row input")
    names = "[...document.querySelectorAll('.zc-name')].map((name) => name.textContent)"
    assert tab.page.get_by_role("button", name="Save as …").is_disabled()
    drag(tab, 0, 30)
    tab.rest()
    tab.page.get_by_role("button", name="Save as …").click()
    tab.page.get_by_label("Name of the direction").fill("wider")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("tab", name="Named").click()
    tab.until(f"({names}).includes('wider')", timeout=30_000)
    tab.page.locator(".zc-name button").click()
    tab.page.get_by_label("New name").fill("much wider")
    tab.page.keyboard.press("Enter")
    tab.until(f"({names}).includes('much wider')")
    tab.page.locator(".zc-row").hover()
    tab.page.get_by_role("button", name="Delete much wider").click()
    tab.page.get_by_role("button", name="Delete much wider").click()
    tab.until("document.querySelector('.zc-rows').textContent.includes('No direction saved')")
