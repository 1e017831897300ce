"""Compare in a real Chromium: one cursor for two maps."""

from __future__ import annotations

import pytest

SIDE = "document.querySelectorAll('.zscope-twins section')[{}]"
RING = f"{SIDE}.querySelector('.zt-ring').style.transform"
NUMBER = f"{SIDE}.querySelector('.zt-words span').textContent"
PICTURE = f"{SIDE}.querySelector('figure canvas').toDataURL()"


@pytest.fixture
def twins(new_tab):
    tab = new_tab().open()
    tab.page.locator("[data-testid=stTopNavLink]", has_text="Compare").click()
    tab.until("document.querySelector('[data-testid=zscope-twins][data-ready=true]')", 20_000)
    tab.until(
        f"{NUMBER.format(1)} !== '' && /trust [01][.]/.test({SIDE.format(1)}.querySelector('.zt-words').innerText)"
    )
    return tab


def test_the_pointer_on_either_map_shows_the_same_sample_on_the_other(twins):
    for side, other in ((0, 1), (1, 0)):
        before = [twins.do(PICTURE.format(k)) for k in (0, 1)]
        box = twins.page.locator(".zt-map").nth(side).bounding_box()
        twins.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
        twins.page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.6 * box["height"])
        twins.until(f"{PICTURE.format(0)} !== {before[0]!r} && {PICTURE.format(1)} !== {before[1]!r}")
        assert twins.do(NUMBER.format(side)) == twins.do(NUMBER.format(other)) != ""
        assert twins.do(RING.format(side)) != twins.do(RING.format(other))


def test_a_click_keeps_the_sample_and_leaving_comes_back_to_it(twins):
    box = twins.page.locator(".zt-map").nth(1).bounding_box()
    twins.page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"])
    kept = twins.do(NUMBER.format(0))
    twins.page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.9 * box["height"])
    twins.until(f"{NUMBER.format(0)} !== {kept!r}")
    twins.page.mouse.move(box["x"] + 0.5 * box["width"], 5)
    twins.until(f"{NUMBER.format(0)} === {kept!r} && {NUMBER.format(1)} === {kept!r}")
