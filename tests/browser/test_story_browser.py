"""One visitor's way through everything that can be explored, with a picture of each step kept under tests/story.

Nothing may be logged as an error on the way (the tab sees to that), and no page may show an exception.
"""

from __future__ import annotations

import math
import shutil
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from app.live import engines
from tests.browser.test_map_browser import choose, search, settled
from tests.browser.test_pages_browser import FRAMES, go, until_link

STORY = Path(__file__).parents[1] / "story"


@pytest.fixture
def tell(new_tab):
    """A tab, and what keeps a picture of it: tell("name")."""
    shutil.rmtree(STORY, ignore_errors=True)
    STORY.mkdir()
    tab, number = new_tab().open(), count(1)

    def tell(name: str) -> None:
        tab.page.screenshot(path=STORY / f"{next(number):02}-{name}.png")
        assert tab.page.locator("[data-testid=stException], [data-testid=stAlertContentError]").count() == 0, name

    tell.tab = tab
    return tell


def layers(tab, *names: str) -> None:
    """Switch layers on, or off; their menu stays open meanwhile."""
    button = tab.page.locator(".zm-drop > button", has_text="Layers")
    button.click()
    for name in names:
        tab.page.locator(".zm-menu:not([hidden]) .zm-item", has_text=name).first.click()
    button.click()


@pytest.mark.slow  # each of its steps has a test of its own
@pytest.mark.timeout(240)
def test_a_visitor_explores_asks_walks_and_takes_it_along(tell, new_tab, tiny_checkpoint):
    tab, atlas = tell.tab, engines.engine("tiny-vae").atlas
    tell("explore")

    choose(tab, "Colour", "Reconstruction error")
    until_link(tab, "get('colour') === 'error'")
    layers(tab, "Trust", "Density", "Manifold")
    settled(tab)
    tell("every-layer")
    layers(tab, "Trust", "Density", "Manifold")
    choose(tab, "Colour", "Label")
    choose(tab, "Map", "PCA")
    until_link(tab, "get('view') === 'pca'")
    settled(tab)
    tell("principal-axes")
    choose(tab, "Map", "UMAP")
    until_link(tab, "get('view') === null")
    settled(tab)

    search(tab, f"#{atlas.index[3]}")
    until_link(tab, "get('p') === 'r3'")
    settled(tab)
    tell("found")
    tab.page.get_by_role("button", name="Show the whole map").click()
    settled(tab)

    tab.page.get_by_role("button", name="Lasso").click()
    centre, radius = atlas.xy[atlas.labels == 0].mean(0), 0.12 * np.ptp(atlas.xy[:, 0])
    tab.hover((centre[0] + radius, centre[1]))
    tab.page.mouse.down()
    for angle in np.linspace(0, 2 * math.pi, 24):
        tab.page.mouse.move(*tab.at(centre + radius * np.array([math.cos(angle), math.sin(angle)])))
    tab.page.mouse.up()
    tab.until("document.querySelector('[data-testid=zscope-group] b')?.textContent.endsWith('selected')", 15_000)
    tell("group")

    tab.page.get_by_role("tab", name="Posterior").click()
    tab.until("document.querySelector('[data-testid=zscope-cloud]')?.dataset.n === '200'", 15_000)
    tell("posterior")

    tab.page.get_by_role("tab", name="Draw").click()
    tab.until("window.zscope.strokes?.shown > 0", 15_000)
    box, shown = tab.page.locator(".zk-draw").bounding_box(), tab.do("zscope.strokes.shown")
    tab.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"], steps=5)
    tab.page.mouse.up()
    tab.until(f"zscope.strokes.shown > {shown}")
    tell("drawn")

    tab.page.get_by_role("tab", name="Attribute").click()
    for title, label in (("A: more of this", "0"), ("B: less of this", "7")):
        tab.page.get_by_role("combobox", name=title).click()
        tab.page.get_by_role("option", name=label, exact=True).click()
        until_link(tab, f"get('g{title[0].lower()}')")
    tab.page.get_by_role("tab", name="Evidence").click()
    tab.until("/(weak|real) direction/i.test(document.querySelector('.st-key-zscope-tool').innerText)", 30_000)
    tell("attribute")

    tab.page.get_by_role("tab", name="Sliders").click()
    tab.page.wait_for_selector(".zc-row input")
    tab.page.get_by_role("button", name="Pin", exact=True).click()
    until_link(tab, "get('pin')")
    tell("pinned")

    go(tab, "Interpolate")
    tab.until(f"{FRAMES} === 33", 20_000)
    tell("ways")
    go(tab, "Generate")
    tab.until("document.querySelectorAll('.zg-tile').length === 36", 20_000)
    tab.until("/copy/i.test(document.querySelector('.zg-copy').textContent)", 30_000)
    tell("generated")
    for name, there in (("Compare", "[data-testid=zscope-twins]"), ("Model", "[data-testid=stMetric]")):
        go(tab, name)
        tab.page.wait_for_selector(there, timeout=20_000)
        tell(name.lower())

    go(tab, "Explore")
    tab.page.wait_for_selector(".zscope-map[data-mode=explore][data-ready=true]", timeout=20_000)
    tab.page.locator(".st-key-zscope-share button").first.click()
    link = tab.page.locator(".st-key-zscope-share, [data-testid=stPopoverBody]").locator("code").first
    link.wait_for(timeout=20_000)
    tell("shared")
    address = link.inner_text().replace("\n", "")
    other = new_tab().open(address.removeprefix(tab.url))
    same = "[...new URL(location).searchParams].map(String).sort().join()"
    other.until(f"({same}) === {tab.do(same)!r}", 15_000)
    other.until(f"document.querySelector('[data-testid=zscope-picture]').toDataURL() === {tab.picture()!r}", 15_000)
