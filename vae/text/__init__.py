"""Text that people read: messages in the language in use, and numbers, times and sizes as that language writes them.

Every sentence shown to a user is the argument of `_` or `ngettext`, in English, whole, with its values named:

    _("{model} has {d} latent dimensions", model=name, d=d)
    ngettext("{n} file was skipped", "{n} files were skipped", len(skipped))

`python -m docs.catalogue` collects them in locales/en.po, from which other languages are translated.
"""

from .amounts import duration, size
from .catalogue import N_, _, messages, ngettext
from .formats import moment, number, percent, significant
from .language_choice import language, languages, using

__all__ = [
    "N_",
    "_",
    "duration",
    "language",
    "languages",
    "messages",
    "moment",
    "ngettext",
    "number",
    "percent",
    "significant",
    "size",
    "using",
]
