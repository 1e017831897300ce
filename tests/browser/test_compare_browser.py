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


def test_two_fingers_zoom_one_map_and_a_button_shows_it_whole(new_tab):
    tab = new_tab(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    tab.page.goto(f"{tab.url}/compare?model=tiny-vae")
    tab.until("document.querySelector('[data-testid=zscope-twins][data-ready=true]')", 30_000)
    tab.rest(20_000)
    view = "document.querySelectorAll('.zt-map')[{}].view"
    before = [tab.do(view.format(k)) for k in (0, 1)]
    box = tab.page.locator(".zt-map").first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = tab.page.context.new_cdp_session(tab.page)

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": k} for k, (x, y) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    touch("Start", (x - 20, y), (x + 20, y))
    for step in range(1, 6):
        touch("Move", (x - 20 - 10 * step, y), (x + 20 + 10 * step, y))
    touch("End")
    tab.until(f"({view.format(0)}[1] - {view.format(0)}[0]) * 2 < {before[0][1] - before[0][0]}")
    assert tab.do(view.format(1)) == before[1]
    whole = tab.page.get_by_role("button", name="Show the whole map").first
    size = whole.bounding_box()
    assert min(size["width"], size["height"]) >= 39.5
    whole.tap()
    tab.until(f"Math.abs({view.format(0)}[0] - ({before[0][0]})) < 1e-3")
    assert tab.page.get_by_role("button", name="Show the whole map").count() == 0
