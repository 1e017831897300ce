"""How alike the codes of two models are."""

from __future__ import annotations

import streamlit as st

from app import session
from app.show.terms import more
from vae.engine.engine import Engine
from vae.studies.similarity import Alike, Similarity
from vae.text import _, ngettext, number, percent

N = 1000  # test samples that both models encode


def show(engine: Engine, other: Engine) -> None:
    """A table of CKA, Procrustes and shared neighbours, beside the raw samples and chance; nothing for a model that
    cannot encode."""
    if not (engine.can_encode and other.can_encode):
        return
    st.markdown("##### " + _("How alike are the two codes?"), help=more("cka"))
    found = session.similarity(engine, other, N)
    if found is None:
        st.caption(_("Not measured: the data set is not on this machine."))
        return
    st.markdown(table(found, engine.name, other.name))
    st.caption(
        _(
            "CKA and Procrustes: 1 for codes that differ by a rotation and a scale. Neighbours: the share of the 15 "
            "nearest samples that are the same. Two codes that are both like the raw samples are alike for that reason "
            "alone. Shuffled: the samples of one code in another order."
        )
        + " "
        + ngettext("Measured on {n} test sample.", "Measured on {n} test samples.", found.n)
    )


def table(found: Similarity, a: str, b: str) -> str:
    """The measures as a Markdown table."""
    rows: dict[str, Alike] = {
        _("both codes"): found.codes,
        _("{model} and raw samples", model=a): found.a_raw,
        _("{model} and raw samples", model=b): found.b_raw,
        _("shuffled"): found.chance,
    }
    lines = [" | ".join(["| ", "CKA", "Procrustes", _("neighbours")]) + " |", "| --- | ---: | ---: | ---: |"]
    for name, one in rows.items():
        cells = (number(one.cka, 2), number(one.procrustes, 2), percent(one.neighbours))
        lines.append(" | ".join([f"| {name}", *cells]) + " |")
    return "\n".join(lines)
