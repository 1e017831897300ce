"""Terms of the field on the pages: what each means in two sentences, and the link to its place in docs/terms.md."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from vae.text import N_, _

HERE = Path(__file__).resolve().parents[1]
PLACES = HERE.parent / "docs/terms.md", HERE / "terms.md"  # in the source, and in an installed zscope

MEANING = {  # the anchor of a heading of docs/terms.md -> two sentences
    "rate": N_(
        "The rate is the information that a latent holds about its sample: KL(q(z|x) ‖ p(z)), in nats. A dimension "
        "with a rate near 0 is not used."
    ),
    "distortion": N_(
        "The distortion is what the reconstruction costs: −E log p(x|z), in nats. More rate buys less distortion."
    ),
    "perplexity": N_(
        "The perplexity is the effective number of codes in use. It equals the number of codes where all are used "
        "equally often."
    ),
    "map": N_(
        "The map shows the posterior means by UMAP: latents that are close lie close together. Distances between "
        "distant groups mean little."
    ),
    "validation-set": N_(
        "The validation set is held out of the training samples and measured after each epoch. Models are chosen by "
        "it; the test set is measured once, at the end."
    ),
    "attribute-direction": N_(
        "The direction from the mean of B to that of A; adding it should give a sample the attribute of A. Cohen's d "
        "says how well it separates held-out samples: below 0.5 it is called weak."
    ),
    "copy": N_(
        "A generated sample may be a copy if it is nearer to a training sample than almost any reconstruction of a "
        "test sample is. The distance is RMS, per value."
    ),
}


def more(term: str) -> str:
    """ "[More](terms#rate)", Markdown, at the end of a help text; "" without a term. term: the anchor of its heading.
    The link is relative to a page, so that it holds below a path prefix too."""
    said = _("More")
    return f"[{said}](terms#{term})" if term else ""


def meaning(term: str) -> str:
    """A term of MEANING in two sentences with the link to its place in the documents, Markdown."""
    return f"{_(MEANING[term])} {more(term)}"


@cache
def page() -> str:
    """docs/terms.md, Markdown, with names in place of links to the other documents, which the app does not have."""
    text = next(place for place in PLACES if place.is_file()).read_text("utf-8")
    return re.sub(r"\[([^]]*)\]\((?!#|http)([^)#]*)[^)]*\)", _named, text)


def contents() -> str:
    """Links to all terms of the page, a paragraph for each of its parts, Markdown."""
    parts = []
    for part in re.split(r"^## ", page(), flags=re.M)[1:]:
        title, names = part.split("\n", 1)[0], re.findall(r"^### (.*)$", part, re.M)
        parts.append(f"**{title}** " + " · ".join(f"[{name}](#{anchor(name)})" for name in names))
    return "\n\n".join(parts)


def anchor(heading: str) -> str:
    """The anchor of a heading, as GitHub and Streamlit make it of one without accents."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _named(link: re.Match) -> str:
    name, file = link.groups()
    return f"docs/{file}" if name == file else f"{name} (docs/{file})"
