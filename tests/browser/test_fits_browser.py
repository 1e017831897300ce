"""Map, legend and main buttons lie inside the window, nothing in the bar overlaps; and what fingers do."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError

SIZES = [(1280, 720), (1920, 1080)]
TOUCH_SIZES = [(1024, 768), (820, 1180), (390, 844), (844, 390)]
PAGES = {
    "": "document.querySelector('.zscope-map[data-ready=true]') && document.querySelector('.zc-tools button')",
    "interpolate": "document.querySelector('.zscope-map[data-ready=true]') && document.querySelector('.fs-frame')",
    "generate": "document.querySelector('.zg-tile')",
    "compare": "document.querySelector('.zscope-twins[data-ready=true]')",
    "train": "[...document.querySelectorAll('button')].some((one) => one.textContent.includes('Start'))",
}
FAULTS = (Path(__file__).parent / "faults.js").read_text()


@pytest.mark.parametrize(("sizes", "touch"), [(SIZES, False), (TOUCH_SIZES, True)], ids=["mouse", "touch"])
def test_every_page_fits_the_window(new_tab, sizes, touch):
    tab = new_tab(viewport=dict(zip(("width", "height"), sizes[0], strict=True)), has_touch=touch, is_mobile=touch)
    found = []
    for page, ready in PAGES.items():
        tab.page.set_viewport_size({"width": sizes[0][0], "height": sizes[0][1]})
        tab.page.goto(f"{tab.url}/{page}?model=tiny-vae")
        tab.until(ready, 30_000)
        tab.rest(20_000)
        for width, height in sizes:
            tab.page.set_viewport_size({"width": width, "height": height})
            tab.page.wait_for_timeout(200)
            with suppress(TimeoutError):  # Streamlit lays the bar out anew a moment after the window has changed
                tab.until(f"({FAULTS})().length === 0", 4000)
            found += [f"{page or 'explore'} {width}x{height}: {fault}" for fault in tab.do(FAULTS)]
    assert not found, "\n".join(found)


TARGETS = ".zscope-part button, .zm-tools button, .zm-search input, .zm-fold, .st-key-zscope-pages a, .zm-place button"
SMALL = f"""[...document.querySelectorAll('{TARGETS}')].filter((e) => e.getClientRects().length)
  .map((e) => [e.textContent, e.getBoundingClientRect()]).filter(([, box]) => box.width < 39.5 || box.height < 39.5)
  .map(([text, box]) => `${{text}} ${{box.width}}x${{box.height}}`)"""


NEAR_TERM = """(() => {
  const term = document.querySelector('.zc-trust .zscope-term'), { x, y, width, height } = term.getBoundingClientRect()
  const at = (dx, dy) => document.elementFromPoint(x + width / 2 + dx, y + height / 2 + dy)
  return [-18, 0, 18].flatMap((dx) => [-18, 0, 18].map((dy) => at(dx, dy))).filter((one) => one === term).length
})()"""  # of 9 places within 40 px


def test_fingers_decode_zoom_and_ask_for_the_menu(new_tab):
    tab = new_tab(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).open()
    tab.rest()
    session = tab.page.context.new_cdp_session(tab.page)

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    box = tab.page.locator(".zm-plot").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 0.7 * box["height"]
    view = "document.querySelector('.zm-plot').view"

    back = "getComputedStyle(document.documentElement).overscrollBehaviorX"  # of a finger that goes sideways
    assert tab.do(back) == "none"
    before = tab.do(view)
    touch("Start", (x, y))
    painted = tab.do("zscope.live.painted")
    for step in range(1, 6):
        touch("Move", (x - 12 * step, y))
    tab.until(f"zscope.live.painted > {painted}")
    assert tab.do(view) == before  # one finger decodes, the map stays
    touch("End")
    tab.until("new URL(location).searchParams.get('p') !== 'r0'", 15_000)  # what lay below it is the current point
    assert tab.do("document.querySelector('[data-testid=stMain]').scrollTop") == 0

    touch("Start", (x - 20, y), (x + 20, y))
    for step in range(1, 6):
        touch("Move", (x - 20 - 10 * step, y), (x + 20 + 10 * step, y))
    touch("End")
    tab.until(f"({view}[1] - {view}[0]) * 2 < {before[1] - before[0]}")

    tab.rest()
    assert tab.do(SMALL) == []
    assert tab.do(NEAR_TERM) == 9
    touch("Start", (x, y))
    tab.page.wait_for_selector(".zm-place:not([hidden])")
    touch("End")
    assert tab.do(SMALL) == []
    tab.page.locator(".zm-place").get_by_role("button", name="Show the whole map").tap()
    tab.until(f"Math.abs({view}[0] - ({before[0]})) < 1e-3")
    assert not tab.page.locator(".zm-place").is_visible()

    tool = tab.page.locator(".st-key-zscope-tool")
    assert not tool.is_visible()  # a sheet that its tab opens and closes
    for shown in (True, False):
        tab.page.locator("[data-tool=sliders]").tap()
        assert tool.is_visible() == shown
    tab.page.locator(".st-key-zscope-pages a:visible", has_text="Model").tap()
    tab.until("document.querySelector('[data-testid=stMetric]')", 20_000)
