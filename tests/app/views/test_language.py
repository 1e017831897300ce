"""Every page in a made-up language, in which each message stands in brackets: what stands outside is no message."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from docs.catalogue import collected
from tests.app.views.test_views import PAGES, opened
from vae.registry import datasets, families
from vae.text import language_choice

LANGUAGE = "eo"  # Esperanto has Babel's rules for plural forms and numbers
SHOWN = ("label", "help", "body", "value", "caption", "placeholder", "text")
WORDS = re.compile(r"[A-Za-z]{3,} [a-z]{2,} [a-z]{2,}")
COMMAND = re.compile(r"`[^`]*`|python -m [^\n]*")


def bracketed(text: str) -> str:
    return f"⟦{text}⟧"


@pytest.fixture(scope="module")
def locales(tmp_path_factory):
    """A folder with the made-up language."""
    folder = tmp_path_factory.mktemp("locales")
    marked = Catalog(locale=LANGUAGE, fuzzy=False)
    for message in collected():
        if message.id:
            forms = message.id if isinstance(message.id, tuple) else (message.id,)
            marked.add(message.id, tuple(map(bracketed, forms)) if len(forms) > 1 else bracketed(forms[0]))
    with (folder / f"{LANGUAGE}.po").open("wb") as file:
        write_po(file, marked)
    (folder / "en.po").write_text("")
    return folder


@pytest.fixture
def made_up(locales, monkeypatch):
    monkeypatch.setattr(language_choice, "LOCALES", locales)
    monkeypatch.setenv("ZSCOPE_LANGUAGE", LANGUAGE)


def outside(text: str) -> str:
    """What stands in no brackets, however deep these go, and is no command and no fact of the model."""
    data, family = datasets()["digits"], families()["vae"]
    for fact in (data.licence, data.cite, data.origin, family.paper):
        text = text.replace(fact, "")
    while (shorter := re.sub(r"⟦[^⟦⟧]*⟧", "", text)) != text:
        text = shorter
    return COMMAND.sub("", re.sub(r"⟦.*", "", text, flags=re.S))  # of some only the first sentence is shown


def texts(at):
    """Each text that a page shows, with the kind of what shows it."""
    for element in at.main:
        proto = getattr(element, "proto", None)
        for name in SHOWN:
            said = getattr(proto, name, "")
            if isinstance(said, str) and said:
                yield f"{element.type}.{name}", said
        for option in getattr(proto, "options", ()):
            yield f"{element.type}.options", str(getattr(option, "content", option))


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_is_in_the_language_in_use(tiny_checkpoint, made_up, page):
    at = opened(page, model="tiny-vae")
    assert not at.exception
    found = list(texts(at))
    assert sum("⟦" in text for _kind, text in found) > 4
    literal = [(kind, text) for kind, text in found if WORDS.search(outside(text))]
    assert not literal
