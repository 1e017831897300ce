"""Where a term is explained: each has one heading in docs/terms.md, with its formula and its source."""

from __future__ import annotations

from .catalogue import _

PAGE = "docs/terms.md"


def more(term: str) -> str:
    """ "More: docs/terms.md#rate." at the end of a help text; "" without a term. term: the anchor of its heading."""
    return _("More: {page}.", page=f"{PAGE}#{term}") if term else ""
