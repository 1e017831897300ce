"""The map's own tools in a real Chromium: colours, selections, search, other views, pictures all over."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from app.live import engines, map_views

LEGEND = "document.querySelector('.zm-legend').innerText"
LINK = "new URL(location).searchParams"
PIXELS = """() => { const c = document.querySelector('.zm-plot canvas'), w = c.width, out = []
  const d = c.getContext('2d').getImageData(0, 0, w, c.height).data
  for (let y = 0; y < c.height; y += 8) for (let x = 0; x < w; x += 8) {
    const at = 4 * (x + y * w)
    out.push(...d.subarray(at, at + 4))
  }
  return out }"""
MOVED = "(n => window.zscope.live.painted > n)"


@pytest.fixture
def engine(tiny_checkpoint):
    return engines.engine("tiny-vae")


@pytest.fixture
def tab(new_tab):
    return new_tab().open()


def choose(tab, menu: str, entry: str) -> None:
    tab.page.locator(".zm-drop > button", has_text=menu).click()
    tab.page.locator(".zm-menu:not([hidden]) .zm-item", has_text=entry).first.click()


def search(tab, text: str) -> None:
    tab.page.locator(".zm-search input").fill(text)
    tab.page.locator(".zm-search input").press("Enter")


def settled(tab) -> None:
    """The map has flown where it was going."""
    tab.do("window.__view = null")
    tab.until(
        "(v => { const now = document.querySelector('.zm-plot').view.join(); const same = now === window.__view;"
        " window.__view = now; return same })()"
    )
    tab.page.wait_for_timeout(300)


def points(tab) -> np.ndarray:
    """The canvas of the map, every 8th pixel of every 8th row, RGBA."""
    return np.asarray(tab.do(f"({PIXELS})()")).reshape(-1, 4)


def covered(tab, pixels: np.ndarray) -> np.ndarray:
    """Where something lies on the map's ground."""
    ground = tab.do("getComputedStyle(document.querySelector('[data-testid=zscope-map]')).backgroundColor")
    numbers = np.array([float(v) for v in re.findall(r"[0-9.]+", ground.replace("srgb", ""))][:3])
    return np.abs(pixels[:, :3] - numbers * (255 if "srgb" in ground else 1)).max(1) > 6


def test_points_take_the_colour_of_a_quantity_with_its_scale(tab):
    before = points(tab)
    choose(tab, "Colour", "Reconstruction error")
    tab.until(f"{LEGEND}.includes('Reconstruction error, MSE')")
    tab.until(f"{LINK}.get('colour') === 'error'", 15_000)
    tab.page.wait_for_timeout(200)
    after = points(tab)
    drawn = covered(tab, before) & covered(tab, after)
    assert drawn.sum() > 20
    assert (np.abs(before[drawn] - after[drawn]).sum(1) > 30).mean() > 0.5
    ends = tab.do("[...document.querySelectorAll('.zm-bar em')].map((e) => Number(e.textContent))")
    assert 0 < ends[0] < ends[1] < ends[2] < 1
    choose(tab, "Colour", "Label")
    tab.until(f"{LINK}.get('colour') === null", 15_000)


def test_a_lasso_selects_and_stays_under_zoom_and_rerun(tab, engine):
    atlas = engine.atlas
    tab.page.get_by_role("button", name="Lasso").click()
    centre, radius = atlas.xy[atlas.labels == 0].mean(0), 0.12 * np.ptp(atlas.xy[:, 0])
    ring = [centre + radius * np.array([math.cos(a), math.sin(a)]) for a in np.linspace(0, 2 * math.pi, 40)]
    tab.hover(ring[0])
    tab.page.mouse.down()
    for corner in ring[1:]:
        tab.page.mouse.move(*tab.at(corner))
    tab.page.mouse.up()
    inside = int((np.linalg.norm(atlas.xy - centre, axis=1) < 0.97 * radius).sum())
    outside = int((np.linalg.norm(atlas.xy - centre, axis=1) < 1.03 * radius).sum())
    tab.until("document.querySelector('[data-testid=zscope-group] b')?.textContent.endsWith('selected')", 15_000)
    said = "document.querySelector('[data-testid=zscope-group] b').textContent"
    chosen = int("".join(c for c in tab.do(said) if c.isdigit()))
    assert inside <= chosen <= outside
    tab.until("/\\d \\/ \\d/.test(document.querySelector('.zm-legend').innerText)")  # "47 / 178"
    tab.until(f"{LINK}.get('s')")

    tab.page.get_by_role("button", name="Lasso").click()
    tab.page.get_by_role("button", name="Zoom in").click()
    tab.until(f"{LINK}.get('camera')", 15_000)  # a rerun
    assert tab.do(said).startswith(str(chosen)[0])
    legend = tab.do(LEGEND)
    tab.page.get_by_role("button", name="Invert").click()
    tab.until(f"{LEGEND} !== {legend!r}")
    tab.until(f"{said}.replace(/\\D/g, '') === '{atlas.n - chosen}'", 15_000)
    tab.page.locator("[data-testid=zscope-map]").focus()
    tab.page.keyboard.press("Escape")
    tab.until(f"{LINK}.get('s') === null", 15_000)


def test_search_goes_to_a_label_or_a_sample_or_says_what_there_is(tab, engine):
    atlas, row = engine.atlas, 123
    search(tab, f"#{atlas.index[row]}")
    tab.until(f"{LINK}.get('p') === 'r{row}'", 15_000)
    settled(tab)
    x0, x1, y0, y1 = tab.do("document.querySelector('.zm-plot').view")
    assert x1 - x0 < 0.3 * np.ptp(atlas.xy[:, 0])
    assert x0 < atlas.xy[row, 0] < x1
    assert y0 < atlas.xy[row, 1] < y1
    search(tab, "7")  # the name of a class is that class
    total = int((atlas.labels == 7).sum())
    tab.until(f"document.querySelector('.zm-words').textContent === '{total} samples found for 7, now selected'")
    search(tab, "a hat")
    tab.until("document.querySelector('.zm-note').textContent.includes('Labels: 0, 1, 2')")
    tab.rest()
    tab.moves_picture(tab.page.locator(".zm-plot").hover)  # and yet the sample is shown
    shown = tab.moves_picture(lambda: search(tab, f"#{atlas.index[row]}"))
    tab.page.wait_for_timeout(300)
    assert tab.picture() == shown
    assert tab.do("document.activeElement.type") == "search"


def test_a_group_is_saved_cleared_selected_again_renamed_and_deleted(tab, engine):
    total = int((engine.atlas.labels == 7).sum())
    page, name = tab.page, "document.querySelector('input[aria-label=\"Name of the group\"]')?.value"
    tool, groups = page.locator("[data-tool=group]"), page.locator(".st-key-explore-groups button").first

    def press(key: str) -> None:
        tab.rest()  # a click on a line that is being drawn anew is lost
        page.locator(f".st-key-explore-group-{key} button").first.click()

    tool.click()
    groups.wait_for()
    search(tab, "7")
    tab.until(f"document.querySelector('.gc-head b')?.textContent === '{total} selected'", 15_000)
    tab.rest()
    groups.click()
    page.get_by_label("Save the selection as").fill("sevens")
    page.get_by_label("Save the selection as").press("Enter")
    tab.until(f"{name} === 'sevens'", 15_000)
    tab.rest()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Clear", exact=True).click()
    tab.until("!document.querySelector('.gc-head')", 15_000)
    assert tab.do("document.activeElement.className") == "zscope-map"
    tab.rest()
    tool.click()  # for the second time: the first one opened it, and the selection's end closed it
    groups.click()
    press("0-again")
    tab.until(f"document.querySelector('.gc-head b')?.textContent === '{total} selected'", 15_000)
    field = page.locator("input[aria-label='Name of the group']").first
    field.fill("7s")
    field.press("Enter")
    page.get_by_text("Undo: sevens was renamed to 7s").click()
    tab.until(f"{name} === 'sevens'", 15_000)
    tab.rest()
    press("0-drop")
    page.get_by_text("Undo: sevens was deleted").click()
    tab.until(f"{name} === 'sevens'", 15_000)
    tab.rest()


def test_another_view_keeps_the_latent_and_reads_places_its_own_way(tab, engine):
    atlas, pca = engine.atlas, map_views.view(engine, "pca")
    tab.do(
        "window.__frames = []; zscope.on('frame', (f) => __frames.push({kind: f.kind, z: [...f.z], xy: [...f.xy]})), 0"
    )
    search(tab, f"#{atlas.index[50]}")
    tab.until(f"{LINK}.get('p') === 'r50'", 15_000)
    choose(tab, "Map", "PCA")
    tab.until(f"{LINK}.get('view') === 'pca'", 15_000)
    settled(tab)
    assert tab.do(f"{LINK}.get('p')") == "r50"
    mark = tab.page.locator(".zm-committed").bounding_box()
    x, y = tab.at(pca.xy[50])
    assert abs(mark["x"] + mark["width"] / 2 - x) < 3
    assert abs(mark["y"] + mark["height"] / 2 - y) < 3
    low, high = np.quantile(pca.xy, [0.3, 0.7], axis=0)  # clear of what lies over the map's edges
    places = np.random.default_rng(0).uniform(low, high, (400, 2))
    place = max(places, key=lambda p: np.linalg.norm(pca.xy - p, axis=1).min())  # no sample is near enough to be meant
    tab.hover(place)
    tab.until("window.__frames.at(-1)?.kind === 'place'")
    tab.page.wait_for_timeout(200)
    frame = tab.do("window.__frames.at(-1)")
    expected = pca.from_map(np.array([frame["xy"]], np.float32), atlas.z[50])[0]
    np.testing.assert_allclose(frame["z"], expected, atol=1e-3)
    again = tab.url + tab.do("location.search")
    tab.page.goto(again)  # a link is a state
    tab.page.wait_for_selector("[data-testid=zscope-map][data-ready=true]", timeout=30_000)
    tab.until("document.querySelector('.zm-drop:nth-child(2) button').textContent.includes('PCA')")


def test_decoded_pictures_all_over_the_view(tab, engine):
    before = points(tab)
    choose(tab, "Layers", "Manifold")
    tab.until("document.querySelector('[data-testid=zscope-map]').dataset.cells === '160'", 30_000)
    tab.page.wait_for_timeout(200)
    assert covered(tab, points(tab)).mean() > covered(tab, before).mean() + 0.1


def test_a_finger_taps_pans_and_pinches(new_tab, engine):
    tab = new_tab(has_touch=True).open()
    row = int(np.argmax(engine.atlas.projector.coverage(engine.atlas.xy)))
    before = tab.do(f"{LINK}.get('p')")
    tab.page.touchscreen.tap(*tab.at(engine.atlas.xy[row]))
    tab.page.wait_for_selector(".zm-card.zm-rested")  # names the sample, as no finger hovers
    assert f"{engine.atlas.labels[row]}" in tab.page.locator(".zm-card b").inner_text()
    tab.until(f"{LINK}.get('p') !== {before!r}", 15_000)
    assert tab.page.locator(".zm-note").inner_text() == "Hold a finger still to open a menu"
    view = tab.do("document.querySelector('.zm-plot').view")
    fingers = """([kind, ...at]) => {
      const map = document.querySelector('[data-testid=zscope-map] .zm-plot'), box = map.getBoundingClientRect()
      at.forEach(([x, y], k) => map.dispatchEvent(new PointerEvent(kind, {bubbles: true, pointerId: 70 + k,
        pointerType: 'touch', button: 0, buttons: 1, clientX: box.x + x, clientY: box.y + y}))) }"""
    tab.do("Element.prototype.setPointerCapture = () => {}")  # these fingers are no real ones
    for kind, *at in (
        ("pointerdown", [200, 300], [300, 300]),
        ("pointermove", [150, 300], [350, 300]),
        ("pointerup", [150, 300], [350, 300]),
    ):
        tab.do(fingers, [kind, *at])
    wide = 0.6 * (view[1] - view[0])
    tab.until(f"(v => v[1] - v[0] < {wide})(document.querySelector('.zm-plot').view)")


def test_while_the_map_is_dragged_the_points_as_drawn_move_along_and_are_drawn_anew_at_rest(tab, engine):
    tab.until("!zscope.plot.moving && zscope.plot.points.last.whole")
    made, before = tab.do("zscope.plot.points.made"), points(tab)
    script = f"(() => {{ zscope.plot.pan(40, 24); zscope.plot.draw(performance.now()); return ({PIXELS})() }})()"
    shifted = np.asarray(tab.do(script))
    width = -(-tab.do("document.querySelector('.zm-plot canvas').width") // 8)
    was, now = (a.reshape(-1, width, 4) for a in (before, shifted))
    gap = np.abs(now[20:-20, 20:-20] - was[17:-23, 15:-25]).max(2)  # 5 and 3 of the pixels looked at further on
    assert gap.mean() < 1 < np.abs(now - was).max(2).mean()
    tab.until("!zscope.plot.moving && zscope.plot.points.last.whole")
    assert tab.do("zscope.plot.points.made") == made + 1  # once, at rest
