"""The English catalogue, collected from the code: `python -m docs.catalogue` writes vae/text/locales/en.po again.

It holds every message of Python and of the browser, with the files that show it, and is where a translation begins:
`pybabel init -i vae/text/locales/en.po -l fr -o vae/text/locales/fr.po`, then `pybabel update` as messages change.
"""

from __future__ import annotations

import io
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import write_po

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "vae/text/locales/en.po"
# where the message stands among a call's arguments; a setting's help is the second of knob's
KEYWORDS = {"_": None, "N_": None, "ngettext": (1, 2), "knob": (2,)}


def collected() -> Catalog:
    """Every message in the order of the files, each with itself as its English text."""
    catalog = Catalog(locale="en", project="zscope", charset="utf-8", fuzzy=False)
    for name, method in [("*.py", "python"), ("*.js", "javascript")]:
        for file in sorted(path for room in ("vae", "app") for path in (ROOT / room).rglob(name)):
            place = file.relative_to(ROOT).as_posix()
            for _line, message, _comments, _context in extract_from_file(method, file, keywords=KEYWORDS):
                catalog.add(message, message, locations=[(place, None)])
    return catalog


def written() -> str:
    """The catalogue as the text of a PO file; the same code gives the same text."""
    out = io.BytesIO()
    write_po(out, collected(), width=120, omit_header=True, include_lineno=False)
    header = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    return header + '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n' + out.getvalue().decode()


if __name__ == "__main__":
    PAGE.write_text(written(), "utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
