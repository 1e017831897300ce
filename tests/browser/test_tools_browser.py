"""The tools of Explore in a real Chromium: what a stroke, a draw of the posterior and an attribute move."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from PIL import Image

DOT = "document.querySelector('.zm-live').style"


@pytest.fixture
def tab(new_tab):
    return lambda tool: new_tab().open(f"/?model=tiny-vae&tool={tool}")


def test_a_stroke_moves_the_place_on_the_map_while_it_is_drawn_and_can_be_kept(tab):
    tab = tab("draw")
    tab.until("window.zscope.strokes?.shown > 0")
    tab.page.get_by_role("button", name="Clear").click()
    tab.until("document.querySelector('.zk-near button')")
    tab.until(f"{DOT}.visibility === 'visible'")
    made = "document.querySelector('.zk-made').toDataURL()"
    shown, place, before = tab.do("zscope.strokes.shown"), tab.do(f"{DOT}.transform"), tab.do(made)
    link = tab.do("new URL(location).searchParams.get('p')")
    box = tab.page.locator(".zk-draw").bounding_box()
    tab.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
    tab.page.mouse.down()
    for step in range(1, 7):
        tab.page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + (0.2 + 0.1 * step) * box["height"])
        tab.until(f"zscope.strokes.shown > {shown + step - 1}")
    assert tab.do(made) != before  # with the button still down
    tab.until(f"{DOT}.transform !== {place!r}")
    tab.page.mouse.up()
    tab.until("/odder than/.test(document.querySelector('.zk-said').textContent)")
    tab.page.get_by_role("button", name="Keep").click()
    tab.until(f"new URL(location).searchParams.get('p') !== {link!r}")


def test_erasing_inverting_and_taking_back_change_what_the_model_sees(tab):
    tab = tab("draw")
    tab.until("window.zscope.strokes?.shown > 0")
    seen = "document.querySelector('.zk-draw').toDataURL()"
    start = tab.do(seen)
    tab.page.get_by_role("button", name="Invert").click()
    inverted = tab.do(seen)
    assert inverted != start
    tab.page.get_by_role("button", name="Clear").click()
    black = tab.do(seen)
    tab.page.get_by_title("Undo the last stroke").click()
    assert tab.do(seen) == inverted
    tab.page.get_by_role("button", name="Reset", exact=True).click()
    assert tab.do(seen) == start != black


def test_a_file_that_is_refused_leaves_what_is_drawn(tab):
    """Also after one that was taken."""
    tab = tab("draw")
    tab.until("window.zscope.strokes?.shown > 0")
    seen, good = "document.querySelector('.zk-draw').toDataURL()", io.BytesIO()
    start = tab.do(seen)
    Image.new("L", (8, 8), 90).save(good, "PNG")

    def give(name: str, data: bytes) -> None:
        tab.page.get_by_role("button", name="Upload or take a photo").click()
        file = {"name": name, "mimeType": "image/png", "buffer": data}
        tab.page.locator("input[type=file]").set_input_files(file)

    give("grey.png", good.getvalue())
    tab.until(f"{seen} !== {start!r}")
    tab.until("!document.querySelector('[data-testid=stPopoverBody]')")
    tab.page.get_by_role("button", name="Invert").click()
    drawn = tab.do(seen)
    give("torn.png", good.getvalue()[:40])
    tab.page.get_by_text("torn.png: ").wait_for()
    tab.page.wait_for_timeout(500)
    assert tab.do(seen) == drawn


def test_a_light_background_is_offered_inverted_and_that_is_taken_back(tab):
    tab = tab("draw")
    tab.until("window.zscope.strokes?.shown > 0")
    file, row = io.BytesIO(), tab.page.locator(".zk-ground")
    picture = Image.new("L", (8, 8), 255)
    picture.putpixel((4, 4), 90)
    picture.save(file, "PNG")
    tab.page.get_by_role("button", name="Upload or take a photo").click()
    tab.page.locator("input[type=file]").set_input_files(
        {"name": "white.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    row.get_by_text("Light background; the training samples have a dark one.").wait_for()
    seen = "document.querySelector('.zk-draw').toDataURL()"
    start = tab.do(seen)
    row.get_by_role("button", name="Invert").click()
    row.get_by_text("Inverted: the background was light.").wait_for()
    assert tab.do(seen) != start
    row.get_by_role("button", name="Undo").click()
    assert tab.do(seen) == start
    tab.page.get_by_role("button", name="Clear").click()
    assert not row.is_visible()


def test_before_the_first_answer_the_sample_stands_dimmed_for_its_reconstruction(new_tab):
    tab = new_tab()
    tab.page.route_web_socket("**/live/**", lambda socket: None)  # opens, and never answers
    tab.page.goto(f"{tab.url}/?model=tiny-vae&tool=draw")
    tab.until("document.querySelector('.zk-awaited')", timeout=30_000)
    assert tab.do("document.querySelector('.zk-made').toDataURL() === document.querySelector('.zk-draw').toDataURL()")
    assert float(tab.do("getComputedStyle(document.querySelector('.zk-made')).opacity")) < 0.5


def test_a_pen_draws_a_series_on_the_scale_of_its_charts(tab):
    """The parts themselves: what a place on the canvas means, what lies between two places, what is taken back."""
    given = tab("draw").do("""async () => {
      const { Curve } = await import('/browser/sketch/curve.js'), curve = new Curve([2, 11])
      curve.begin()
      curve.line(8, 0.5, 2, 0.5 - 0.46875 * Math.tanh(3 / 5)) // backwards, from 0 at time 8 up to 3 at time 2
      const drawn = [...curve.values], bytes = curve.payload.length
      curve.channel = 1
      curve.line(0, -5, 0, -5) // far above the canvas: the end of the scale, and finite
      const beyond = curve.values[11]
      curve.invert()
      const inverted = curve.values[2]
      curve.undo()
      curve.undo()
      return { drawn, bytes, beyond, inverted, left: Math.max(...curve.values) }
    }""")
    drawn = given["drawn"]
    assert drawn[2] == pytest.approx(3, abs=1e-3)
    assert all(a > b for a, b in pairwise(drawn[2:9]))
    assert drawn[:2] + drawn[9:] == [0] * 15
    assert given["bytes"] == 4 * 22
    assert 10 < given["beyond"] < 20
    assert given["inverted"] == pytest.approx(-3, abs=1e-3)
    assert given["left"] == 0


def test_charts_at_the_ends_of_sliders_lie_over_a_faint_middle(tab):
    given = tab("sliders").do("""async () => {
      const { band, over } = await import('/browser/latent_console/ends.js'), shape = [16, 4, 3]
      const row = (y, ink) => { const p = new Uint8ClampedArray(192); p.fill(ink, 12 * y, 12 * y + 12); return p }
      const rows = band([row(6, 200), row(9, 200), row(1, 40)], shape)
      const { pixels, shape: small } = over(row(6, 100), row(9, 200), shape, rows)
      return { rows, small, end: pixels[12 * 2], middle: pixels[12 * 5], empty: pixels[12 * 3] }
    }""")
    assert given["rows"] == [4, 12]  # what hardly has ink is not looked at, and two rows are left free
    assert given["small"] == [8, 4, 3]
    assert (given["end"], given["middle"], given["empty"]) == (150, 80, 0)


def test_draws_of_the_posterior_are_a_cloud_that_goes_with_its_tool(tab):
    tab = tab("posterior")
    dots = "document.querySelector('[data-testid=zscope-cloud]').dataset.n"
    tab.until(f"{dots} === '200'")
    wall = "document.querySelector('.zp-wall button').style.backgroundImage"
    before = tab.do(wall)
    tab.page.get_by_role("button", name="Resample").click()
    tab.until(f"{wall} !== {before!r}")
    tab.page.get_by_role("radio", name="Mean only").click()
    tab.until(f"{dots} === '0'")
    tab.page.get_by_role("radio", name="Draws").click()
    tab.until(f"{dots} === '200'")
    tab.page.get_by_role("tab", name="Sliders").click()
    tab.until(f"{dots} === '0'")


def test_an_attribute_is_applied_live_and_saved(tab, tiny_checkpoint):
    tab = tab("attribute")
    for which, name in (("A: more of this", "0"), ("B: less of this", "1")):
        tab.page.get_by_label(which).click()
        tab.page.get_by_role("option", name=name, exact=True).click()
        tab.rest()
    tab.page.wait_for_selector(".zc-row input[type=range]", timeout=20_000)
    verdict = tab.page.get_by_text("random pairs: 95%")
    verdict.wait_for(timeout=20_000)
    area = tab.page.locator(".st-key-zscope-tool").bounding_box()
    said = verdict.bounding_box()
    assert said["y"] + said["height"] <= area["y"] + area["height"]  # without scrolling
    for part in ("Evidence", "Changes", "A − B + C", "Slider"):  # each of them
        tab.page.get_by_role("tab", name=part, exact=True).click()
        fits = "(({ scrollHeight, clientHeight }) => scrollHeight <= clientHeight)"
        tab.until(f"{fits}(document.querySelector('.st-key-zscope-tool'))")
    slider = tab.page.locator(".zc-row input[type=range]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    link = tab.do("new URL(location).searchParams.get('p')")
    tab.page.mouse.move(x, y)
    tab.page.mouse.down()
    tab.moves_picture(lambda: tab.page.mouse.move(x + 30, y, steps=3))
    assert tab.do("new URL(location).searchParams.get('p')") == link  # still live
    tab.page.mouse.up()
    tab.until(f"new URL(location).searchParams.get('p') !== {link!r}")
    tab.page.get_by_role("button", name="Save as …").click()
    tab.page.get_by_label("Name of the direction").fill("rounder")
    tab.page.keyboard.press("Enter")
    tab.page.get_by_role("tab", name="Sliders").click()
    tab.page.get_by_role("tab", name="Named").click()
    tab.until("[...document.querySelectorAll('.zc-name')].some((name) => name.textContent === 'rounder')")


def test_a_minus_b_plus_c_of_one_sample_is_that_sample(tab):
    tab = tab("attribute")
    tab.page.get_by_role("tab", name="A − B + C").click()
    for place in "ABC":
        tab.page.locator(f"[data-place={place}]").click()
    tab.until("document.querySelector('[data-testid=zscope-sum]').dataset.row === '0'")
    assert "0.00 away" in tab.page.locator("[data-testid=zscope-sum]").inner_text()
