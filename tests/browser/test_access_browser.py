"""The way through the pages by keys alone, what is read out on it, and the pages of those who asked for no motion."""

from __future__ import annotations

import pytest

from tests.browser.conftest import MODEL
from tests.browser.test_axe_browser import READY

NAME = """() => {
  const one = document.activeElement
  return one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.innerText?.trim() || one.title || ""
}"""
SEEN = """async () => { // whether what has the focus looks different without it, or something around or in it does
  const one = document.activeElement, near = [one.querySelector("canvas"), one]
  for (let up = one.parentElement, k = 0; up && k < 8; up = up.parentElement, k++) near.push(up)
  const marks = ["outline", "boxShadow", "borderColor", "backgroundColor"]
  const wait = (ms) => new Promise((done) => setTimeout(done, ms))
  const look = () => near.filter(Boolean).map((e) => marks.map((p) => getComputedStyle(e)[p])).join()
  for (const ms of [20, 200, 1000]) { // until whoever draws it has
    await wait(ms)
    const on = look()
    one.blur()
    for (let k = 0; k < 10 && look() === on; k++) await wait(ms / 10)
    const seen = look() !== on
    one.focus({ preventScroll: true })
    if (seen) return true
  }
  return false
}"""
SAID = (
    r"^Position \S+, \S+: (on|near|far from all samples; the nearest is) \d, number \d+[.] Trust 0[.]\d\d, \w+[.] Recon"
)


@pytest.mark.parametrize("page", [p for p in READY if p != "terms"])
def test_tab_goes_through_a_page_and_every_stop_is_named_and_seen(new_tab, page):
    tab = new_tab(reduced_motion="reduce")
    tab.page.goto(f"{tab.url}/{page}?model={MODEL}")
    tab.until(READY[page], 30_000)
    tab.rest(60_000)
    tab.page.add_style_tag(content="*, ::before, ::after { transition: none !important }")  # looks change at once
    names, faults = [], []
    for _ in range(100):
        tab.page.keyboard.press("Tab")
        if tab.do("document.activeElement === document.body"):
            break
        if tab.do("document.activeElement.matches('[data-testid=stMain], [data-testid=stDataFrame] *')"):
            continue  # all that scrolls; a grid of Streamlit's, which draws its own focus
        names.append(tab.do(NAME))
        if not names[-1] or not tab.do(SEEN):
            faults.append(tab.do("document.activeElement.outerHTML.slice(0, 200)"))
    else:
        raise AssertionError(f"no way out of {names[-5:]}")
    assert not faults, "\n".join(faults)
    first = [names.index(next(n for n in names if said in n)) for said in ("Explore", "Model", "Share", "Help")]
    assert first == sorted(first)


def test_a_point_a_sample_and_a_selection_by_keys(new_tab):
    tab = new_tab().open()
    page, press = tab.page, tab.page.keyboard.press
    page.locator("[data-testid=zscope-map]").focus()
    for _ in range(4):
        press("Shift+ArrowRight")
    tab.until(f"/{SAID}/.test(document.querySelector('.zm-words').textContent)")
    assert page.locator(".zm-words").get_attribute("aria-live") == "polite"
    press("Enter")
    tab.until("document.querySelector('.zm-words').textContent.startsWith('Selected. Position')")
    tab.until("new URL(location).searchParams.get('p') !== 'r0'", 15_000)

    press("m")
    assert tab.do(NAME) == "Select this point"
    press("ArrowDown")
    assert tab.do(NAME) == "Pin this point"
    press("Escape")
    assert tab.do("document.activeElement.className") == "zscope-map"

    tab.do("document.querySelector('[data-do=box]').focus()")
    press("Enter")
    assert tab.do("document.activeElement.className") == "zscope-map"
    press("Enter")
    for key in ("ArrowLeft", "ArrowUp") * 4:
        press(f"Shift+{key}")
    press("Enter")
    page.wait_for_selector("[data-testid=zscope-group]", timeout=15_000)
    tab.rest(60_000)

    page.locator(".zc-tools [tabindex='0']").focus()
    assert tab.do(NAME) == "Group"
    press("Home")
    assert tab.do(NAME) == "Sliders"
    press("Enter")
    page.wait_for_selector(".zc-row", timeout=15_000)
    slider = page.locator(".zc-row input").first
    slider.focus()
    tab.moves_picture(lambda: press("End"))
    tab.moves_picture(lambda: press("0"))
    assert slider.get_attribute("aria-valuetext") == "0"

    entry = page.locator(".zm-classes button").nth(2)
    page.locator(".zm-classes [tabindex='0']").focus()
    press("ArrowDown")
    press("ArrowDown")
    press("Shift+Enter")
    assert [e.get_attribute("aria-pressed") for e in page.locator(".zm-classes button").all()].count("true") == 1
    assert entry.get_attribute("aria-pressed") == "true"


def test_a_drawing_by_keys(new_tab):
    tab = new_tab().open()
    tab.page.locator("[data-tool=draw]").click()
    tab.page.wait_for_selector(".zk-draw", timeout=15_000)
    tab.until("zscope.strokes.shown > 0")
    canvas = "document.querySelector('.zk-draw').toDataURL()"
    tab.page.locator("[data-brush=erase]").click()
    tab.page.locator(".zk-draw").focus()
    before = tab.do(canvas)
    tab.page.keyboard.press("Shift+ArrowLeft")
    assert tab.do(canvas) == before  # the brush is up
    tab.page.keyboard.press(" ")
    for _ in range(3):
        tab.page.keyboard.press("Shift+ArrowRight")
    assert tab.do(canvas) != before
    tab.page.keyboard.press("Control+z")
    assert tab.do(canvas) == before  # one stroke


# ---------------------------------------------------------------- motion

LASTING = """() => { // how many elements take their time
  const styles = (e) => [null, "::before", "::after"].map((part) => getComputedStyle(e, part))
  const lasts = (s) => `${s.transitionDuration},${s.animationDuration}`.split(",").some((d) => parseFloat(d) > 0.02)
  return [...document.querySelectorAll("body, body *")].filter((e) => styles(e).some(lasts)).length
}"""
ZOOMS = (
    "(plot => { const before = plot.view; plot.zoom(0.5); return plot.view !== before && !plot.flight })(zscope.plot)"
)


def test_asked_to_keep_still_nothing_moves(new_tab):
    moves = new_tab().open()
    assert moves.do(LASTING) > 0
    assert not moves.do(ZOOMS)
    tab = new_tab(reduced_motion="reduce").open()
    tab.page.locator("[data-testid=zscope-map]").focus()
    tab.page.keyboard.press("t")
    assert tab.do(LASTING) == 0
    tab.page.keyboard.press("Escape")
    assert tab.do(ZOOMS)  # at once
