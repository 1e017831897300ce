"""Messages in another language, plural forms, and numbers, times and sizes as people read them."""

from __future__ import annotations

import pytest

from vae import text
from vae.text import _, formats, language_choice, ngettext

FRENCH = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "{name} has no map"
msgstr "{name} n'a pas de carte"

msgid "{n} file"
msgid_plural "{n} files"
msgstr[0] "{n} fichier"
msgstr[1] "{n} fichiers"
"""


@pytest.fixture
def french(tmp_path, monkeypatch):
    (tmp_path / "en.po").write_text("")
    (tmp_path / "fr.po").write_text(FRENCH)
    monkeypatch.setattr(language_choice, "LOCALES", tmp_path)


def test_a_message_is_in_the_language_in_use(french):
    with text.using("fr"):
        assert _("{name} has no map", name="vae") == "vae n'a pas de carte"
        assert _("not translated") == "not translated"
    assert _("{name} has no map", name="vae") == "vae has no map"
    assert text.messages("fr") == {
        "{name} has no map": "{name} n'a pas de carte",
        "{n} file": ["{n} fichier", "{n} fichiers"],
    }
    assert text.messages("en") == {}


def test_plural_forms_are_the_languages(french):
    assert [ngettext("{n} file", "{n} files", n) for n in (0, 1, 1437)] == ["0 files", "1 file", "1,437 files"]
    with text.using("fr"):
        assert ngettext("{n} file", "{n} files", 0) == "0 fichier"
        assert ngettext("{n} file", "{n} files", 1437) == "1\u202f437 fichiers"


def test_the_environment_chooses_where_there_is_a_catalogue(french, monkeypatch):
    for asked, used in (("fr", "fr"), ("xx", "en")):
        monkeypatch.setenv("ZSCOPE_LANGUAGE", asked)
        assert text.language() == used
    with pytest.raises(LookupError, match="'xx'; there are en, fr"), text.using("xx"):
        pass


def test_braces_without_values_stay():
    assert _("a set {a, b}") == "a set {a, b}"
    assert text.N_("later {x}") == "later {x}"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        (text.number(1437), "1,437"),
        (text.number(-1234.567, 2), "−1,234.57"),
        (text.number(10**400), "1e400"),  # more digits than Babel rounds to
        (text.number(-1e25, 2), "−1e25"),
        (text.number(None), "–"),
        (text.number(float("nan")), "nan"),
        (text.number(float("-inf")), "−inf"),
        (text.significant(0.00123456), "0.00123"),
        (text.significant(123456.7), "123,457"),
        (text.significant(0.00996, 2), "0.01"),  # rounded up to the next power of ten
        (text.significant(0.0996, 2), "0.1"),
        (text.significant(0.000996, 2), "0.001"),
        (text.significant(-0.09996, 3), "−0.1"),
        (text.significant(0.996, 2), "1"),
        (text.significant(9.96, 2), "10"),
        (formats.measured(35.9021, 0.98), ("35.90", "0.98")),
        (formats.measured(206.903, 12.3), ("207", "12")),
        (formats.measured(-0.0041313, 0.00996), ("−0.004", "0.010")),
        (formats.measured(0.5, 0.0), ("0.5", "–")),
        (text.significant(-1e-9), "−1e−9"),
        (text.significant(1.2345e9), "1.23e9"),
        (text.significant(0.0), "0"),
        (text.percent(0.983), "98%"),
        (text.percent(0.98345, 1), "98.3%"),
        (text.moment("2026-11-29T16:44:59+00:00"), "Nov 29, 2026, 4:44\u202fPM"),
        (text.duration(0.2), "1 second"),
        (text.duration(89), "89 seconds"),
        (text.duration(100), "2 minutes"),
        (text.duration(9000), "2.5 hours"),
        (text.size(1), "1 byte"),
        (text.size(12_345_678), "12.3 MB"),
        (text.size(123_456_789), "123 MB"),
    ],
)
def test_amounts_are_written_as_english_does(said, written):
    assert said == written


def test_amounts_are_written_as_french_does(french):
    with text.using("fr"):
        assert (text.number(1437.5, 1), text.percent(0.5)) == ("1\u202f437,5", "50\u00a0%")
