"""The metrics of one card as tiles, and of two side by side. Knows widgets, has no state."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from app.show import nats, usefulness
from app.show.cards import FIGURES, comparable, has_prior, merit
from app.show.literal import literal
from vae.metrics.bounds import not_tight
from vae.metrics.estimate import apart
from vae.registry import term_of
from vae.text import _, number


def metrics(card: Mapping) -> None:
    """The metrics of a card, each with its unit and what it was measured on."""
    every = merit(card)
    shown = [figure for figure in every if figure.value is not None] or every
    with st.grid(len(shown), gap="small", min_column_width=150):
        for figure in shown:
            spread = figure.spread or None
            st.metric(figure.label, figure.text, spread, "off", delta_arrow="off", help=figure.help, border=True)
    if said := not_tight(card.get("metrics") or {}):
        further = _("“How far off is the NLL?”, below, tells by how much.")
        st.warning(f"{said} {further}", icon=":material/expand:")
    measured = nats.test_set(card) + (" " + _("±: standard error.") if any(f.spread for f in shown) else "")
    st.caption(literal(" ".join([measured, *nats.notes(card)])))


def comparison(a: Mapping, b: Mapping) -> None:
    """The metrics of two cards side by side, with their difference where they are comparable."""
    lines = [
        "| " + " | ".join([_("test set"), literal(a["name"]), literal(b["name"]), _("difference")]) + " |",
        "| --- | ---: | ---: | ---: |",
    ]
    for plain, one, two in zip(FIGURES, merit(a), merit(b), strict=True):
        x, y, digits = one.value, two.value, plain.digits
        if x is None and y is None:
            continue
        cells = [one.text, two.text]
        difference = number(None, digits)
        if x is not None and y is not None and comparable(plain.key, a, b):
            pair = (float(x), one.error), (float(y), two.error)
            if plain.better and apart(*pair):
                best = 0 if (x > y) == (plain.better > 0) else 1
                cells[best] = f"**{cells[best]}**"
            difference = usefulness.difference(*pair, digits)
        cells = [f"{cell} {each.spread}".strip() for cell, each in zip(cells, (one, two), strict=True)]
        label = _(plain.label) if one.label != two.label else one.label
        if term := term_of(plain.key):
            label = f"[{label}](terms#{term})"
        lines.append(f"| {label} | {cells[0]} | {cells[1]} | {difference} |")
    useful = usefulness.compared(a, b)
    st.markdown("\n".join(lines + useful).replace(" ± ", "\u00a0±\u00a0"))  # a value and its error in one line
    st.caption(
        _(
            "±: standard error; that of a difference as if the two were independent, though both are of the same test "
            "samples: the true one can be several times smaller. Bold: better by more than two of them."
        )
    )
    if useful:
        st.caption(
            _(
                "k-NN, linear probe and k-means tell the classes by the code, by the raw samples, and by as many "
                "principal components as the code has dimensions: only a code that beats both helps."
            )
            + f" {usefulness.majority(a.get('estimates') or {})}"
        )
    if said := _by_validation(a, b):
        st.caption(said)
    for said in filter(None, (nats.not_comparable(a, b), nats.edited_for_training(a, b))):
        st.caption(literal(said))
    for card in (a, b):
        if said := not_tight(card.get("metrics") or {}):
            st.caption(literal(f"{card['name']}: {said}"))
    if said := nats.dequantised(a) or nats.dequantised(b):
        st.caption(literal(said))


def _by_validation(a: Mapping, b: Mapping) -> str:
    """Which of two models the validation set favours; "" where they do not have the same one, or no comparable ELBO."""
    one, two = (card.get("validation", {}) for card in (a, b))
    x, y = (part.get("elbo_nats") if has_prior(card) else None for part, card in ((one, a), (two, b)))
    if x is None or y is None or one["n"] != two["n"] or not comparable("elbo_nats", a, b):
        return ""
    return _(
        "Validation set, n = {n}: ELBO {x} and {y} nats. Choose a model by these: the test set is measured once, at "
        "the end.",
        n=number(one["n"]),
        x=number(x, 1),
        y=number(y, 1),
    )
