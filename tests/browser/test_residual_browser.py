"""A held sample: the map decoded with its residual, the share of it, and the ways to let it go."""

from __future__ import annotations

import numpy as np
import pytest

from app.live import engines
from tests.browser.test_explore_browser import FRAMES, crowded, last

HELD = "new URL(location).searchParams.get('h')"


@pytest.fixture
def model(tiny_checkpoint):
    return engines.engine("tiny-vae")


def test_places_are_decoded_with_what_the_map_cannot_say_of_the_held_sample(new_tab, model):
    tab = new_tab().open("/?model=tiny-vae&p=r3&tool=group")  # the slider is on the map, whatever tool is open
    tab.do(FRAMES)
    tab.do(
        "zscope.on('frame', ({payload}) => {"
        "  window.__asked = [...new Float32Array(payload?.slice(32).buffer ?? [])] }), 0"
    )
    tab.page.get_by_role("button", name="Hold", exact=True).click()
    tab.until(f"{HELD} === 'r3'")
    tab.until("/Holding .* #\\d/.test(document.querySelector('.zm-hold').textContent)")
    at = model.atlas.xy[crowded(model.atlas)] + np.float32(0.3)
    tab.hover(at)
    tab.until("window.__frames.at(-1)?.kind === 'place'")
    tab.until("/lies [\\d.]+% of/.test(document.querySelector('.zm-hold').textContent)")
    frame, asked = last(tab), tab.do("window.__asked")
    expected = model.with_residual([asked[:2]], model.atlas.z[3], 1.0)
    np.testing.assert_allclose(asked[2:], [*model.atlas.z[3], 1.0], atol=1e-6)
    np.testing.assert_allclose(frame["z"], expected[0], atol=1e-4)

    slider = tab.page.get_by_label("Share of the held sample's residual")
    slider.fill("0.6")
    slider.dispatch_event("change")
    tab.until("new URL(location).searchParams.get('residual') === '0.6'")
    tab.until("window.__frames.at(-1).source === 'slider'")  # the place of the selected point, which is the held sample
    np.testing.assert_allclose(
        last(tab)["z"], model.with_residual(model.atlas.xy[3:4], model.atlas.z[3], 0.6)[0], atol=1e-4
    )
    tab.page.locator("[data-testid=zscope-map]").press("Escape")
    tab.until(f"{HELD} === null")
    tab.until("document.querySelector('.zm-hold').hidden")


def test_a_link_opens_with_what_is_held_and_undo_releases_it(new_tab):
    tab = new_tab().open("/?model=tiny-vae&p=r3&h=r5&residual=0.25")
    tab.until("document.querySelector('.zm-residual input')?.value === '0.25'")
    tab.page.get_by_role("button", name="Release", exact=True).last.click()
    tab.until(f"{HELD} === null")
    tab.page.keyboard.press("Control+z")
    tab.until(f"{HELD} === 'r5'")
