"""What axe-core finds on every page, light and dark, and where the terms on them lead."""

from __future__ import annotations

import os
import re

import pytest

from app.show import terms
from tests.browser.conftest import MODEL, ROOT
from tests.browser.test_fits_browser import PAGES

AXE = ROOT / "node_modules/axe-core/axe.min.js"
GRAVE = ("critical", "serious")
READY = PAGES | {
    "model": "document.querySelector('[data-testid=stMetric]')",
    "terms": "document.querySelector('.st-key-zscope-terms h3')",
}
FOUND = """async (rules) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], ...rules })
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target, any, all, none }) =>
    [impact, id, target.join(" "), [...any, ...all, ...none].map(({ message }) => message).join("; ")]))
}"""
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}  # all that another theme changes


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.is_file():
        lacks = "axe-core is not installed: tests/js/run.sh lint does that"
        if os.environ.get("CI"):
            pytest.fail(lacks)
        pytest.skip(lacks)
    return AXE.read_text("utf-8")


class Reviewed:
    """A tab of which each view is searched for what keeps people out."""

    def __init__(self, tab, axe: str, dark: bool):
        self.tab, self.axe, self.rules, self.found = tab, axe, CONTRAST if dark else {}, []

    def open(self, page: str) -> None:
        self.tab.page.goto(f"{self.tab.url}/{page}?model={MODEL}")
        self.tab.until(READY[page], 30_000)
        self.look(page or "explore")

    def look(self, where: str) -> None:
        if found := self.grave():  # seen twice: what waits for Python is dimmed meanwhile
            self.found += [f"{where}: {fault}" for fault in self.grave() if fault in found]

    def grave(self) -> list[str]:
        self.tab.rest(60_000)
        if not self.tab.do("'axe' in window"):
            self.tab.do(self.axe)
        all_of_it = self.tab.do(FOUND, self.rules)
        return [f"{rule} ({impact}) at {at}: {said}" for impact, rule, at, said in all_of_it if impact in GRAVE]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave(new_tab, axe, scheme):
    tab = new_tab(color_scheme=scheme, reduced_motion="reduce")  # nothing is judged half faded in
    page, press = tab.page, tab.page.keyboard.press
    view = Reviewed(tab, axe, scheme == "dark")

    view.open("")
    for menu in page.locator(".zm-tools > .zm-drop > button").all():
        menu.click()
        view.look(f"explore, {menu.inner_text()}")
        press("Escape")
    for what, opens in (("help", ".zh-open"), ("share", ".st-key-zscope-share button"), ("copy", "[popovertarget]")):
        page.locator(opens).first.click()
        if what == "share":
            page.locator(".token.keyword").first.wait_for()  # code has its colours a moment after its text
        view.look(f"explore, {what}")
        press("Escape")
    page.locator("[data-testid=zscope-map]").focus()
    for what, key in (("menu of a place", "m"), ("tour", "t"), ("presentation", "p")):
        press(key)
        view.look(f"explore, {what}")
        press("Escape")
    page.locator("[data-do=pin]").click()
    page.locator(".zm-search input").fill("7")
    press("Enter")
    page.wait_for_selector("[data-testid=zscope-group]")
    for tool in page.locator(".zc-tools button:enabled").all():
        tool.click()
        view.look(f"explore, {tool.inner_text()}")
    page.locator(".st-key-zscope-model input").click()
    view.look("explore, choice of the model")
    press("Escape")

    view.open("interpolate")
    view.open("generate")
    page.locator("[aria-label=Source] [role=radio]").nth(1).click()
    view.look("generate, another source")
    view.open("compare")
    page.locator("[data-testid=stMain] summary").click()
    view.look("compare, kinds")
    view.open("train")
    for summary in page.locator("[data-testid=stMain] summary").all():
        summary.click()
    view.look("train, all settings")
    view.open("model")
    page.get_by_role("button", name="Rename").click()
    view.look("model, rename")
    view.open("terms")

    page.set_viewport_size({"width": 390, "height": 844})
    view.open("")
    page.locator("[data-tool=sliders]").click()
    view.look("explore, sheet of a phone")
    for narrow in ("generate", "train"):
        view.open(narrow)
    assert not view.found, "\n".join(view.found)


def test_axe_can_find_something(new_tab, axe):
    tab = new_tab()
    view = Reviewed(tab, axe, False)
    tab.page.goto(f"{tab.url}/terms")
    tab.until(READY["terms"], 30_000)
    tab.rest(60_000)
    tab.do("document.querySelector('.st-key-zscope-terms h3').style.color = '#bbb'")
    tab.do("document.body.append(document.createElement('button'))")
    view.look("terms")
    assert {found.split()[1] for found in view.found} == {"color-contrast", "button-name"}


def test_every_term_of_a_part_is_explained_in_two_sentences_and_leads_to_its_heading(new_tab):
    tab = new_tab()
    headings = {
        re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^### (.*)$", terms.page(), re.M)
    }
    known = "[...document.querySelectorAll('.zscope-term')].map((a) => [a.textContent, a.title, a.href.split('#')[1]])"
    found = {}
    for page in ("", "interpolate", "generate", "compare"):
        tab.page.goto(f"{tab.url}/{page}?model={MODEL}")
        tab.until(READY[page], 30_000)
        tab.rest(60_000)
        tools = tab.page.locator(".zc-tools button:enabled").all()
        if tools:
            tab.page.locator(".zm-search input").fill("7")
            tab.page.keyboard.press("Enter")
            tab.page.wait_for_selector("[data-testid=zscope-group]")
        for tool in tools or [None]:
            if tool:
                tool.click()
                tab.rest(60_000)
            found |= {anchor: (name, said) for name, said, anchor in tab.do(known)}
    wanted = {
        "trust",
        "fidelity",
        "oddness",
        "mse",
        "posterior",
        "path",
        "geodesic",
        "off-data-score",
        "density",
        "copy",
    }
    assert wanted <= set(found), sorted(wanted - set(found))
    assert set(found) <= headings
    short = {anchor: said for anchor, (_name, said) in found.items() if len(re.findall(r"[.](?=\s|$)", said)) < 2}
    assert not short
