"""log p(x) by annealing beside importance sampling, as a table. Knows widgets, has no state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.show.literal import literal
from vae.metrics.annealed import APART, IMPORTANCE
from vae.text import N_, _, number
from vae.text.formats import measured

ROWS = {
    "annealed_nll_nats": N_("NLL by annealing"),
    "importance_nll_nats": N_("NLL by importance sampling, the same samples"),
    "annealed_gain_nats": N_("what importance sampling misses"),
    "sandwich_gap_nats": N_("gap between lower and upper bounds, samples of the model"),
    "amortisation_gap_nats": N_("amortisation gap of the encoder"),
}
SURE = 1.0  # nats: a gap between the bounds that is small beside what models differ by


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The estimates, as a card holds them, as a Markdown table with a sentence below it on what follows."""
    lines = ["| " + _("test set") + " | " + _("nats") + " |", "| --- | ---: |"]
    for key, label in ROWS.items():
        if (one := found.get(key)) is not None:
            lines.append(f"| {_(label)} | {_value(one)} |")
    return "\n".join(lines)


def _value(one: Mapping[str, Any]) -> str:
    if not one["standard_error"]:
        return number(one["value"], 2)
    value, error = measured(one["value"], one["standard_error"])
    return f"{value}\u00a0±\u00a0{error}"


def verdict(found: Mapping[str, Mapping[str, Any]]) -> str:
    """What follows for the NLL of the card."""
    gain, gap = found["annealed_gain_nats"]["value"], found.get("sandwich_gap_nats")
    if abs(gain) <= APART:
        said = _(
            "Importance sampling with k = {k} is right within {gain} nats here.", k=IMPORTANCE, gain=number(gain, 2)
        )
    else:
        said = _(
            "Importance sampling with k = {k} misses {gain} nats of log p(x), as q(z|x) is off: the NLL above is too "
            "high by about as much.",
            k=IMPORTANCE,
            gain=number(gain, 1),
        )
    if gap is None:
        return said + " " + _("There is no upper bound: this decoder sees the sample that it decodes.")
    if gap["value"] <= SURE:
        return said + " " + _("On samples of the model the bounds meet: annealing can be trusted there.")
    return said + " " + _("On samples of the model the bounds do not meet: the true NLL may still be lower.")


def show(found: Mapping[str, Mapping[str, Any]]) -> None:
    """The table, what follows, and how it was measured."""
    st.markdown(table(found))
    st.caption(verdict(found) + " " + _("n = {n}, ±: standard error.", n=number(found["annealed_nll_nats"]["n"])))
    with st.expander(_("How this was measured")):
        st.markdown("\n".join(f"- `{key}`: " + literal(_(one["protocol"])) for key, one in found.items()))
