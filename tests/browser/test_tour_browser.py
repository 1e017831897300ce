"""The tour of a first visit, on a desk and on a phone, and the list of keys."""

from __future__ import annotations

import pytest

# what a browser has stored before its first visit, once: conftest.py lets no other test be one
FIRST = "if (!sessionStorage.visited) { localStorage.setItem('zscope.tour', 'false'); sessionStorage.visited = 1 }"
SIZES = {"desk": {}, "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}}
WITHIN = """() => {
  const box = document.querySelector('.zh-card').getBoundingClientRect()
  return box.left >= 0 && box.top >= 0 && box.right <= innerWidth && box.bottom <= innerHeight && box.height > 60
}"""
PLACES = """() => ['.zscope-map', '.zscope-view', '.zscope-actions'].map((name) => {
  const { x, y, width, height } = document.querySelector(name).getBoundingClientRect()
  return [x, y, width, height].map(Math.round)
})"""


@pytest.mark.parametrize("size", SIZES)
def test_a_first_visit_is_shown_around_once(new_tab, size):
    tab = new_tab(**SIZES[size])
    tab.page.add_init_script(FIRST)
    tab.open()
    card = tab.page.get_by_role("dialog", name="Tour of Explore")
    card.wait_for()
    places, seen = tab.do(PLACES), []
    for _ in range(5):
        tab.page.wait_for_timeout(250)  # the card is on its way
        seen.append(card.locator("h4").inner_text())
        assert tab.do(WITHIN), seen
        card.get_by_role("button", name="Next" if len(seen) < 5 else "Done").click()
    assert len(set(seen)) == 5
    assert tab.do(PLACES) == places  # nothing has moved for it
    assert not card.is_visible()
    assert tab.do("document.activeElement.className") == "zscope-map"

    tab.page.keyboard.press("?")
    keys = tab.page.get_by_role("dialog", name="Help")
    keys.get_by_role("button", name="Take the tour").click()
    assert card.is_visible()
    assert not keys.is_visible()
    if size == "desk":  # the map is live beside the card
        box = tab.page.locator(".zscope-map").bounding_box()
        tab.moves_picture(lambda: tab.page.mouse.move(box["x"] + 60, box["y"] + 120, steps=3))
    tab.page.keyboard.press("Escape")
    assert not card.is_visible()

    tab.open()
    tab.page.wait_for_timeout(800)
    assert not card.is_visible()


def test_a_link_to_a_view_opens_without_the_tour(new_tab):
    tab = new_tab()
    tab.page.add_init_script(FIRST)
    tab.open("/?model=tiny-vae&colour=density")
    tab.page.wait_for_timeout(800)
    assert not tab.page.get_by_role("dialog").count()
    tab.page.keyboard.press("t")
    tab.page.get_by_role("dialog", name="Tour of Explore").wait_for()
