"""The Model page of an energy-based model: log p(x) with the log Z behind it, and the filters of its hidden units."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from app.show import records
from app.show.literal import literal
from app.show.terms import more
from vae.engine.engine import Engine
from vae.metrics.energy import kept
from vae.studies.filters import filters
from vae.text import N_, _, number
from vae.text.formats import measured

COLUMNS, MOST = 16, 128  # filters in a row, and in all
ROWS = {
    "log_likelihood_nats": N_("log p(x), mean over test samples"),
    "log_z_nats": N_("log Z"),
    "annealed_log_likelihood_nats": N_("log p(x) by a log Z annealed anew"),
    "annealed_log_z_nats": N_("log Z annealed anew"),
}
CHAINS = {"chain_r_hat": N_("R-hat of its chains"), "chain_ess": N_("effective sample size of its chains")}
UP_TO_LOG_Z = N_(
    "log p(x) is known only up to log Z, which is estimated at the end of a training, and this one did not end. "
    "Energies compare samples of this model, but not this model with others."
)


def show(engine: Engine) -> None:
    """Nothing for a model without an energy."""
    if "energy" not in engine.traits:
        return
    card = engine.card
    st.markdown("##### " + _("How likely are test samples?"), help=more("log-z"))
    found = {k: v for k, v in (card.get("estimates") or {}).items() if k in ROWS | CHAINS}
    if kept(card) is None:
        st.info(_(UP_TO_LOG_Z))
    elif found:
        st.markdown(_table(found))
        st.caption(_("±: standard error. Of log p(x): over samples and of log Z together."))
        with st.expander(_("How this was measured")):
            st.markdown("\n".join(f"- `{key}`: " + literal(_(one["protocol"])) for key, one in found.items()))
    _filters(engine)


def _table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """The estimates of a card as a Markdown table."""
    lines = ["| " + _("test set") + " | |", "| --- | ---: |"]
    for key, label in (ROWS | CHAINS).items():
        if (one := found.get(key)) is not None:
            lines.append(f"| {_(label)} | {_value(key, one)} |")
    return "\n".join(lines)


def _value(key: str, one: Mapping[str, Any]) -> str:
    if not one["standard_error"]:
        text = number(one["value"], 2)
    else:
        text = "\u00a0±\u00a0".join(measured(one["value"], one["standard_error"]))
    return _("{value} nats", value=text) if key in ROWS else text


def _filters(engine: Engine) -> None:
    drawn = filters(engine)
    if drawn is None:
        return
    st.markdown("##### " + _("Filters"))
    some = drawn[:MOST]
    records.rows(*(some[i : i + COLUMNS] for i in range(0, len(some), COLUMNS)), alt=_("Weights of the hidden units"))
    said = _(
        "The weights of each hidden unit as a picture. White pixels of a sample turn a unit on where its picture is "
        "bright, and off where it is dark. Grey is 0; the scale is the same for all."
    )
    if len(drawn) > MOST:
        said += " " + _("The first {shown} of {n} units.", shown=number(MOST), n=number(len(drawn)))
    st.caption(said)
