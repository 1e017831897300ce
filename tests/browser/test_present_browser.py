"""A presentation: large enough for a lecture hall, nothing of the page around it, and everything in it still live."""

from __future__ import annotations

LEAST_PX = 24
ON = "'present' in document.documentElement.dataset"
SMALL = """() => { // visible text in smaller type, and what there is of the page's own frame
  const out = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const { data, parentElement: element } = texts.currentNode, box = element.getBoundingClientRect()
    const shown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && box.width > 1
    const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth
    if (data.trim() && shown && inside && parseFloat(getComputedStyle(element).fontSize) < 24) out.push(data.trim())
  }
  for (const one of ["stHeader", "stSidebar", "zscope-status"]) {
    const part = document.querySelector(`[data-testid=${one}]`)
    if (part?.checkVisibility({ visibilityProperty: true })) out.push(one)
  }
  return out }"""
# what a lecture hall has to see besides: the model, what trust is, whole sliders, a small card
SEEN = """() => {
  const box = (name) => document.querySelector(name).getBoundingClientRect()
  const map = box("[data-testid=zscope-map]"), rows = [...document.querySelectorAll(".zc-row")]
  const tool = box(".st-key-zscope-tool"), legend = document.querySelector(".zm-legend"), { plot } = zscope
  return {
    title: document.querySelector(".zm-title")?.textContent ?? "",
    trust: box(".zc-trust h4").height > 0,
    cut: rows.filter((row) => row.getBoundingClientRect().bottom > tool.bottom + 1).length,
    card: (box(".zm-card").width * box(".zm-card").height) / (map.width * map.height),
    keys: [...legend.querySelectorAll(".zm-classes button")].filter((one) => one.checkVisibility()).length,
    below: Math.max(...plot.xy.filter((_v, i) => i % 2).map((y) => plot.toPixels(0, y)[1])) <= legend.offsetTop,
  } }"""
NAMES = "zscope.plot.above.find((layer) => layer.stands)"
# each shape as the shader draws it, against its outline on a plain canvas: the share of pixels that differ
SHAPES = """async () => {
  const { Points, LOOK, SHAPE } = await import("/browser/latent_map/points.js")
  const { SHAPES, trace } = await import("/browser/latent_map/shapes.js")
  const xy = Float32Array.of(0.5, 0.5), points = new Points(1), px = 64
  points.places(xy, xy)
  const found = SHAPES.map((_name, shape) => {
    const read = (act) => {
      const canvas = Object.assign(document.createElement("canvas"), { width: px, height: px })
      act(canvas.getContext("2d"))
      return canvas.getContext("2d").getImageData(0, 0, px, px).data
    }
    points.looks(Uint8Array.of(255, 0, 0, LOOK.plain + SHAPE * shape))
    const how = { width: px, height: px, ratio: 1, view: [0, 1, 0, 1], t: 1, size: 40, alpha: 1, most: 1, front: false }
    const drawn = read((context) => context.drawImage(points.draw(how), 0, 0))
    const traced = read((context) => { trace(context, shape, px / 2, px / 2, 20); context.fill() })
    let differ = 0, covered = 0
    for (let i = 3; i < drawn.length; i += 4) { differ += Math.abs(drawn[i] - traced[i]); covered += traced[i] }
    return differ / covered
  })
  points.remove()
  return found }"""


def test_a_presentation_is_large_live_and_left_by_escape(new_tab):
    tab = new_tab(viewport={"width": 1280, "height": 720}).open()
    tab.until(f"{NAMES}.stands.length > 3")
    at_desk, size = tab.do(SMALL), tab.do("zscope.plot.pointSize()")
    assert {"stHeader", "zscope-status"} < set(at_desk)
    search = tab.page.locator(".zm-search input")
    search.press("p")  # typed, not meant
    assert not tab.do(ON)
    search.fill("")
    tab.page.locator("[data-testid=zscope-map]").focus()

    tab.page.keyboard.press("p")
    tab.until(f"{ON} && zscope.plot.size()[1] === 720 && {NAMES}.px >= {LEAST_PX} && {NAMES}.stands.length > 3")
    assert tab.do(SMALL) == []
    assert tab.do("zscope.plot.pointSize()") > 1.9 * size
    seen = tab.do(SEEN)
    assert seen["title"].startswith("tiny-vae")
    assert seen["trust"]
    assert seen["cut"] == 0, seen
    assert seen["card"] < 0.12
    picture = tab.page.get_by_test_id("zscope-picture").bounding_box()
    assert picture["width"] > 300
    assert picture["y"] + picture["height"] < 720
    tab.moves_picture(lambda: tab.page.mouse.move(400, 300))

    tab.moves_picture(lambda: tab.page.mouse.move(1100, 700))  # back at the selected point
    place = tab.do("new URL(location).searchParams.get('p')")
    slider = tab.page.locator(".zc-row input").first
    slider.focus()
    tab.moves_picture(lambda: slider.press("End"))
    tab.until(f"new URL(location).searchParams.get('p') !== {place!r}", 15_000)
    tab.until("!document.querySelector('[data-do=undo]').disabled", 15_000)
    tab.page.locator("[data-do=undo]").click()
    tab.until(f"new URL(location).searchParams.get('p') === {place!r}", 15_000)
    assert tab.do(ON)  # through every run of Python
    assert tab.do(SMALL) == []

    tab.page.keyboard.press("Escape")
    tab.until(f"!({ON}) && {NAMES}.px < {LEAST_PX} && zscope.plot.size()[1] < 720")
    tab.until("!document.fullscreenElement")
    assert tab.do("document.querySelector('.zm-cursor').style.visibility") == "hidden"  # another place lies there now
    assert {"stHeader", "zscope-status"} < set(tab.do(SMALL))
    tab.page.get_by_role("button", name="Present", exact=True).click()
    tab.until(ON)
    tab.page.get_by_role("button", name="Leave the presentation").click()
    tab.until(f"!({ON})")
    assert max(tab.do(SHAPES)) < 0.05


def test_on_a_phone_the_whole_map_is_presented_below_the_picture(new_tab):
    tab = new_tab(viewport={"width": 390, "height": 844}, has_touch=True)
    tab.page.add_init_script("localStorage.setItem('zscope.shapes', 'true')")
    tab.open()
    tab.page.keyboard.press("p")
    tab.until(ON)
    tab.until("document.querySelector('.zscope-map').getBoundingClientRect().bottom <= innerHeight")
    boxes = [tab.page.locator(part).first.bounding_box() for part in (".zscope-map", "[data-testid=zscope-picture]")]
    assert boxes[0]["y"] >= boxes[1]["y"] + boxes[1]["height"]
    assert boxes[0]["height"] > 300
    seen = tab.do(SEEN)
    assert seen["keys"] == 10  # what each shape means
    assert seen["below"]  # and no point lies under that
    assert not tab.page.locator(".st-key-zscope-tool").is_visible()
    tab.page.set_viewport_size({"width": 820, "height": 1180})  # a tablet has room for the sliders, below the map
    tab.until("document.querySelector('.zc-row')?.checkVisibility()")
    boxes = [tab.page.locator(part).first.bounding_box() for part in (".zscope-map", ".st-key-zscope-tool")]
    assert boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"] < boxes[1]["y"] + boxes[1]["height"] < 1180
    assert boxes[0]["height"] > 300
    leave = tab.page.get_by_role("button", name="Leave the presentation")
    assert leave.evaluate("(button) => getComputedStyle(button).backgroundColor") != "rgba(0, 0, 0, 0)"
    leave.tap()
    tab.until(f"!({ON})")
