"""Interpolate and Generate in a real Chromium: what moves while it is pulled, what a click keeps, what a link holds."""

from __future__ import annotations

import pytest

WALK = "[data-testid=zscope-walk]"
READOUT = "Number(document.querySelector('.wp-slider output').textContent.slice(2))"
FRAMES = "document.querySelectorAll('[data-testid=zscope-strip] button.fs-frame').length"
LISTED, PINNED = (f"document.querySelectorAll('{part}').length" for part in (".wp-list li", ".zm-pins button"))


def go(tab, name: str) -> None:
    tab.page.locator("[data-testid=stTopNavLink]", has_text=name).click()


def asked(tab, key: str) -> str | None:
    """A parameter of the link."""
    return tab.do(f"new URL(location).searchParams.get({key!r})")


def until_link(tab, condition: str) -> None:
    tab.until(f"(get => {condition})(key => new URL(location).searchParams.get(key))", 15_000)


@pytest.fixture
def tab(new_tab):
    return new_tab().open()


@pytest.fixture
def walk(new_tab):
    tab = new_tab()
    tab.page.goto(f"{tab.url}/interpolate?model=tiny-vae")
    tab.until(f"{FRAMES} === 33 && document.querySelector('.zscope-map[data-mode=waypoints][data-ready]')", 20_000)
    tab.until(f"{LISTED} === 2 && {PINNED} === 2")
    return tab


def test_a_visit_and_a_choice_of_model_are_one_step_back_each(new_tab):
    tab = new_tab().open("/")
    until_link(tab, "get('model') === 'tiny-ae' && get('p')")
    assert tab.do("history.length") == 3  # the empty tab, the address as it was typed, and the link of the state
    tab.page.locator("[data-testid=stSelectbox] input").click()
    tab.page.get_by_role("option", name="tiny-vae").click()
    until_link(tab, "get('model') === 'tiny-vae' && get('p')")
    tab.until("document.querySelector('.zscope-map[data-ready]') && zscope.client.model === 'tiny-vae'", 15_000)
    assert tab.do("history.length") == 4


def test_the_slider_paints_while_it_is_held_and_the_link_follows_when_it_rests(walk):
    box = walk.page.locator(WALK).bounding_box()
    y, at = box["y"] + box["height"] / 2, lambda t: box["x"] + 8 + t * (box["width"] - 16)
    walk.page.mouse.move(at(0.5), y)
    walk.page.mouse.down()
    pictures = {walk.moves_picture(lambda t=t: walk.page.mouse.move(at(t), y)) for t in (0.6, 0.75, 0.9)}
    assert len(pictures) == 3
    assert asked(walk, "t") is None
    walk.page.mouse.up()
    until_link(walk, "Math.abs(get('t') - .9) < .03")
    assert walk.do("document.querySelector('.zm-live').style.display") == ""  # the dot on the map


def test_a_frame_takes_the_slider_there_with_its_method(walk):
    walk.moves_picture(lambda: walk.page.locator("[data-method=slerp] button.fs-frame").nth(2).click())
    assert walk.do(READOUT) == 0.2
    until_link(walk, "get('method') === 'slerp' && get('t') === '0.2'")
    assert walk.do("document.querySelector('.fs-row[data-driving=true] [data-here=true]').dataset.t") == "0.2"


def test_space_plays_and_stops_and_arrows_walk(walk):
    walk.until("zscope.live.painted > 0")
    walk.page.keyboard.press("ArrowRight")
    walk.until(f"{READOUT} === .52")
    walk.page.keyboard.press(" ")
    walk.until(f"{READOUT} > .7")
    walk.page.keyboard.press(" ")
    stopped = walk.do(READOUT)
    walk.page.wait_for_timeout(400)
    assert walk.do(READOUT) == stopped
    until_link(walk, f"Math.abs(get('t') - {stopped}) < .006")


STRIPS = "[...document.querySelectorAll('.fs-frame canvas')].map((c) => c.toDataURL()).join()"
LINES = "[...document.querySelectorAll('.zm-path')].map((p) => p.getAttribute('d')).join()"


def test_strips_and_lines_follow_a_waypoint_while_it_is_dragged(walk):
    before, line, link = walk.do(STRIPS), walk.do(LINES), asked(walk, "w")
    pin = walk.page.locator("[data-testid=zscope-pin-0]").bounding_box()
    x, y = pin["x"] + pin["width"] / 2, pin["y"] + pin["height"] / 2
    walk.page.mouse.move(x, y)
    walk.page.mouse.down()
    walk.page.mouse.move(x + 70, y + 45, steps=5)
    walk.until(f"{STRIPS} !== {before!r} && {LINES} !== {line!r}", 20_000)
    assert asked(walk, "w") == link  # Python hears of it when it is let go
    walk.page.mouse.up()
    until_link(walk, f"get('w') !== {link!r} && get('w').split('.')[1] === {link.split('.')[1]!r}")
    moved = walk.page.locator("[data-testid=zscope-pin-0]").bounding_box()
    assert abs(moved["x"] - pin["x"] - 70) < 12
    assert abs(moved["y"] - pin["y"] - 45) < 12


def test_a_click_on_the_map_adds_a_waypoint_and_delete_takes_one_away(walk):
    link = asked(walk, "w")
    pin = walk.page.locator("[data-testid=zscope-pin-0]").bounding_box()
    walk.page.mouse.click(pin["x"] + pin["width"] / 2 + 40, pin["y"] + pin["height"] / 2)
    until_link(walk, f"get('w').startsWith({link + '.'!r})")
    walk.until(f"{LISTED} === 3 && {PINNED} === 3", 15_000)
    walk.page.locator("[data-testid=zscope-pin-2]").focus()
    walk.page.keyboard.press("Delete")
    until_link(walk, f"get('w') === {link!r}")


def test_the_list_changes_the_order(walk):
    first, last = asked(walk, "w").split(".")
    walk.page.locator(".wp-list [data-do=later]").first.click()
    until_link(walk, f"get('w') === '{last}.{first}'")


@pytest.mark.parametrize("size", [(1280, 800), (1920, 1080)])
def test_with_twelve_waypoints_the_files_stay_in_sight_and_the_status_on_one_line(new_tab, size):
    tab = new_tab(viewport={"width": size[0], "height": size[1]})
    tab.open("/?model=tiny-vae&w=" + ".".join(f"r{row}" for row in range(12)))
    go(tab, "Interpolate")
    tab.until(f"{LISTED} === 12 && {FRAMES} > 0", 20_000)
    recipe = tab.page.get_by_role("button", name="Recipe")
    recipe.wait_for()
    box = recipe.bounding_box()
    assert box["y"] + box["height"] <= size[1]
    assert tab.do("(list => list.scrollHeight > list.clientHeight)(document.querySelector('.wp-list'))")
    tab.until("/path/.test(document.querySelector('.fs-time').textContent)")
    parts = "[...document.querySelectorAll('.zscope-strip .zscope-status > :not(:empty)')]"
    assert tab.do(f"new Set({parts}.map((part) => part.offsetTop)).size") == 1


def test_the_legend_of_a_low_map_folds(walk):
    button, list_ = walk.page.locator(".zm-fold"), walk.page.locator(".zm-classes")
    for _ in range(2):
        open_ = button.get_attribute("aria-expanded") == "true"
        assert list_.is_visible() == open_
        button.click()
        assert list_.is_visible() != open_


def test_a_way_is_a_line_with_thin_dashes_over_its_jumps(walk):
    steps, jumps = walk.do("""async () => {
      const { Overlay } = await import('/browser/latent_map/overlay.js'), svg = 'http://www.w3.org/2000/svg'
      const layer = document.createElementNS(svg, 'g'), on = { plot: { toPixels: (x, y) => [x, y] }, pathLayer: layer }
      Overlay.prototype.drawPath.call(on, { xy: [[0, 0], [1, 1], null, [5, 5], null, [9, 9], [8, 8]] }, 0)
      return ['.zm-path', '.zm-jump'].map((part) => layer.querySelector(part).getAttribute('d'))
    }""")
    assert steps == "M0.0,0.0h0L1.0,1.0M5.0,5.0h0M9.0,9.0h0L8.0,8.0"
    assert jumps == "M1.0,1.0L5.0,5.0M5.0,5.0L9.0,9.0"


def test_a_picture_of_the_grid_opens_in_explore(tab):
    go(tab, "Generate")
    tab.until("document.querySelectorAll('.zg-tile').length === 36", 20_000)
    tab.page.locator(".zg-tile").first.focus()
    tab.page.keyboard.press("ArrowDown")
    tab.page.keyboard.press("ArrowRight")
    assert tab.do("document.querySelector('.zg-title').textContent") == "Picture 8 of 36"
    before = asked(tab, "p")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector(".zscope-map[data-mode=explore][data-ready]", timeout=20_000)
    until_link(tab, f"get('p') && get('p') !== {before!r} && !get('p').startsWith('r')")


def test_the_same_seed_draws_the_same_grid_and_back_brings_it_back(tab):
    tiles = "[...document.querySelectorAll('.zg-tile > canvas')].map((c) => c.toDataURL()).join()"
    go(tab, "Generate")
    tab.until("document.querySelectorAll('.zg-tile').length === 36", 20_000)
    before, link = tab.do(tiles), tab.do("location.href")
    tab.page.get_by_role("button", name="New seed").click()
    tab.until(f"{tiles} !== {before!r} && location.href !== {link!r}", 15_000)  # Back goes from the link of the new one
    tab.page.go_back()
    tab.until(f"{tiles} === {before!r}", 15_000)
