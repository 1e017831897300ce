"""A model whose texts are full of markup: every page shows them as text."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import vae
from app.live import training_cost
from app.show.literal import literal
from app.state import links
from tests import hostile
from tests.app.views.test_views import PAGES, opened, words
from vae.runs import diagnosis, folder, starting
from vae.training.plan import Plan

MARKUP = (
    '![x](http://127.0.0.1:9/x.png) <img src="http://127.0.0.1:9/y.png"> [a](javascript:b) :material/x: $\\LaTeX$ **b**'
)
LIVE = re.compile(  # what of MARKUP would be read as Markdown
    r"(?<!\\)\[[xa](?<!\\)\]\(|(?<!\\)<img|(?<!\\)(?<!\[):material/x:|(?<!\\)\$\\?\\LaTeX|(?<!\\)\*\*b(?<!\\)\*\*"
)
PLAIN = {"code", "text", "text_area", "text_input", "selectbox", "multiselect", "arrow_data_frame", "bidi_component"}


@pytest.fixture
def root(tiny_root, tmp_path, monkeypatch) -> Path:
    """A folder with a model of foreign texts, `foreign`, and a second one of the same data."""
    monkeypatch.setattr(training_cost, "look", lambda plan: MARKUP)
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path / "checkpoints"))
    for name in ("foreign", "second"):
        foreign(Path(shutil.copytree(tiny_root / "tiny-vae", tmp_path / "checkpoints" / name)))
    return tmp_path / "checkpoints"


def foreign(folder: Path) -> None:
    """Put markup into every text of a card that may be any text."""
    card = json.loads((folder / "config.json").read_text())
    texts = (
        "title",
        "dataset",
        "note",
        "command",
        "trained_on",
        "data_title",
        "data_licence",
        "data_origin",
        "data_cite",
    )
    card |= dict.fromkeys(texts, MARKUP) | {"classes": [f"{k} {MARKUP}" for k in range(10)]}
    card |= {"versions": {MARKUP: MARKUP}, "changes": [{"after_epoch": 1, MARKUP: [MARKUP, MARKUP]}]}
    card["metrics"] |= {MARKUP: 3.0}
    hostile.sign(folder, card)


def markdown(at) -> list[str]:
    """Every text of a page that Streamlit reads as Markdown."""
    found = []
    for element in [*at.main, *at.sidebar]:
        proto = getattr(element, "proto", None)
        for name in ("label", "help", "body", "value", "caption", "text"):
            said = getattr(proto, name, "")
            if isinstance(said, str) and said and (name in ("label", "help") or element.type not in PLAIN):
                found.append(said)
    return found


def test_the_pattern_finds_markup():
    assert len(LIVE.findall(MARKUP)) == 6
    assert not LIVE.search(literal(MARKUP))


@pytest.mark.parametrize("page", PAGES)
def test_no_page_lets_a_text_be_markup(root, page):
    labels = vae.load("foreign").atlas.labels
    a, b = (links._pack_rows(tuple(np.flatnonzero(labels == k).tolist())) for k in (0, 1))
    at = opened(page, model="foreign", other="second", tool="attribute", ga=a, gb=b)
    assert not at.exception
    said = markdown(at)
    assert not [text for text in said if LIVE.search(text)]
    if page == "explore":
        assert any("Classifier" in text and literal(MARKUP) in text for text in said)
    if page == "model":
        assert sum(text.count(literal(MARKUP)) for text in said) > 5
        charts = "".join(chart.proto.spec for chart in at.get("plotly_chart"))
        assert "&lt;img src" in charts
        assert "<img" not in charts


def test_a_message_is_text(root):
    at = opened("explore", model="<img src=x>")
    assert literal("<img src=") in at.warning[0].value
    assert not [text for text in markdown(at) if LIVE.search(text)]


def test_a_run_and_its_failure_are_text(root):
    run = starting.start(Plan("vae", "digits", {}, 4, name="a"), work=False)
    with folder.lock():
        folder.fail(run, diagnosis.Diagnosis(f"{MARKUP} run `python -m vae`", MARKUP))
    at = opened("train", model="foreign")
    assert literal(MARKUP) in at.error[0].value
    assert "`python -m vae`" in at.error[0].value
    assert not [text for text in markdown(at) if LIVE.search(text)]


def test_our_own_markdown_is_still_markdown(root):
    at = opened("model", model="foreign")
    assert "Delete **foreign** (" in words(at)
    assert ":gray[" in words(at)
