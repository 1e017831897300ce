"""Every term that code names is explained once, in docs/terms.md, with its source and the file that computes it."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from app.show import terms
from vae.registry import families, metric_groups, term_of
from vae.settings import knobs
from vae.training.trainer import TrainHparams

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/terms.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### (.*)\n((?:(?!^##).*\n)*)", PAGE, re.M))


def anchor(title: str) -> str:
    """That of a heading, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


ANCHORS = Counter(map(anchor, SECTIONS))


def named() -> set[str]:
    """The terms that settings and metrics name."""
    of = [f.Hparams for f in families().values()] + [TrainHparams]
    settings = {k["term"] for hparams in of for k in knobs(hparams).values()}
    return (settings | {term for g in metric_groups().values() for term in g.terms.values()}) - {""}


def test_every_term_named_in_code_is_explained():
    assert len(named()) > 20
    assert named() <= set(ANCHORS), f"docs/terms.md lacks {sorted(named() - set(ANCHORS))}"


def test_every_term_has_one_heading():
    assert not [name for name, times in ANCHORS.items() if times > 1]


@pytest.mark.parametrize("title", SECTIONS)
def test_a_term_has_a_formula_an_explanation_a_source_and_a_file(title):
    paragraphs = SECTIONS[title].strip().split("\n\n")
    assert len(paragraphs) == 3, "expected a formula, an explanation, and Source: ... File: ..."
    found = re.search(r"^Source: \S.*[.)] ?\s?File: `(.*)`\.$", paragraphs[-1], re.S | re.M)
    assert found, paragraphs[-1]
    assert (ROOT / found[1]).is_file(), found[1]


def test_every_metric_of_the_group_bounds_has_a_term():
    assert term_of("rate_nats") == "rate"
    assert term_of("no_such_metric") == ""


def test_help_texts_lead_to_the_term():
    assert terms.more("rate") == "[More](terms#rate)"
    assert terms.more("") == ""


def test_a_term_of_a_page_is_explained_in_two_sentences_and_leads_to_its_heading():
    assert set(terms.MEANING) <= set(ANCHORS), f"docs/terms.md lacks {sorted(set(terms.MEANING) - set(ANCHORS))}"
    for term, said in terms.MEANING.items():
        assert len(re.findall(r"[.](?= |$)", said.replace("vs.", ""))) == 2, term
    assert terms.meaning("rate").endswith("not used. [More](terms#rate)")


def test_links_of_browser_parts_lead_to_a_heading():
    linked = {
        n for f in (ROOT / "app/browser").rglob("*.js") for n in re.findall(r"terms#([\w-]+)", f.read_text("utf-8"))
    }
    linked |= {
        n for f in (ROOT / "app/browser").rglob("*.js") for n in re.findall(r'term\("([\w-]+)"', f.read_text("utf-8"))
    }
    assert len(linked) > 3
    assert linked <= set(ANCHORS), sorted(linked - set(ANCHORS))


def test_the_page_of_the_app_has_every_term_and_no_dead_link():
    page = terms.page()
    assert [title for title in SECTIONS if f"### {title}\n" not in page] == []
    assert set(re.findall(r"\]\(#([\w-]+)\)", page)) <= set(ANCHORS)
    assert not re.findall(r"\]\((?!#|http)", page)


def test_links_to_terms_lead_to_a_heading():
    for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        text = page.read_text("utf-8")
        for name in re.findall(r"\]\((?:docs/)?terms\.md#([\w-]+)\)", text):
            assert name in ANCHORS, f"{page.name}: {name}"


def test_the_contents_of_the_page_link_every_term_once():
    links = re.findall(r"\[([^]]*)\]\(#([^)]*)\)", terms.contents())
    assert [name for name, _anchor in links] == re.findall(r"^### (.*)$", terms.page(), re.M)
    assert dict(links)["Off-data score"] == "off-data-score"
    assert "**Metrics** [Active units](#active-units)" in terms.contents()
