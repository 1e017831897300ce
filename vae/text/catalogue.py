"""Messages in the language in use, by GNU gettext's conventions: the English text is the message's own name."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, SupportsInt

from . import language_choice
from .formats import number
from .language_choice import SOURCE, language

if TYPE_CHECKING:
    from gettext import GNUTranslations

    from babel.messages.catalog import Catalog


def _(message: str, **values: Any) -> str:
    """A message in the language in use, with its {named} values filled in; without values braces stay as they are."""
    text = message if (used := language()) == SOURCE or not message else _translations(used).gettext(message)
    return text.format(**values) if values else text


def ngettext(one: str, many: str, n: SupportsInt, **values: Any) -> str:
    """The form of a message that n takes in the language in use; {n} is filled in as `number` writes it."""
    used, n = language(), int(n)
    text = (one if n == 1 else many) if used == SOURCE else _translations(used).ngettext(one, many, n)
    return text.format(n=number(n), **values)


def N_(message: str) -> str:
    """Marks a message that `_` translates where it is shown: a constant of a module, the help of a field."""
    return message


def messages(name: str) -> dict[str, str | list[str]]:
    """A language's catalogue for the browser: English text -> its translation, or the list of its plural forms."""
    if name == SOURCE:
        return {}
    return {
        (m.id if isinstance(m.id, str) else m.id[0]): (m.string if isinstance(m.string, str) else list(m.string))
        for m in _read(language_choice.LOCALES / f"{name}.po")
        if m.id and m.string
    }


@cache  # some tenths of a second; Python's messages and the browser's come from the same catalogue
def _read(path: Path) -> Catalog:
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        return read_po(file, locale=path.stem)


def _translations(name: str) -> GNUTranslations:
    return _compiled(language_choice.LOCALES / f"{name}.po")


@cache
def _compiled(path: Path) -> GNUTranslations:
    from gettext import GNUTranslations

    from babel.messages.mofile import write_mo

    compiled = io.BytesIO()
    write_mo(compiled, _read(path))
    compiled.seek(0)
    return GNUTranslations(compiled)
