"""Compare: two models of the same data under one pointer, the same samples through both, and their metrics."""

from __future__ import annotations

import numpy as np
import streamlit as st

from app import session
from app.browser.twin_maps import twin_maps
from app.show import records
from app.show.cards import grouped, summary
from app.show.literal import literal
from vae.text import _, number

N_PICTURES = 10

engine, cards = session.engine(), session.offered()
data = engine.card["dataset"]
others = [n for n in grouped(cards) if data and n != engine.name and cards[n].get("dataset") == data]
if not others:
    if data:
        text = _(
            "{model} is the only model of {data} here. Train another to compare them: {command}",
            model=engine.name,
            data=data,
            command=f"`python -m vae train beta_vae {data}`",
        )
    else:
        text = _("{model} was imported without a data set: there are no samples to compare it by.", model=engine.name)
    st.info(literal(text, code=True))
    session.end()
    st.stop()

state = session.studio()
wanted = state.other if state.other in others else ""
other = session.first_opened([wanted, *others] if wanted else others, aloud=bool(wanted))
if wanted and (other is None or other.name != wanted):  # show why, and the one in its place
    session.setting("other")(other.name if other else "")
    st.rerun()
if other is None:
    st.info(_("None of the other models of {data} can be opened.", data=literal(data)))
    st.stop()
left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
left.markdown(f"### {literal(engine.name)}")
with right:
    st.selectbox(
        _("Compare with"),
        others,
        format_func=lambda name: f"{name}\u2002{summary(cards[name])}",
        **session.tied("field.other", other.name, session.setting("other")),
    )
row = state.point.row if state.point else None
twin_maps(engine.name, other.name, key="compare.maps", row=row)

left, right = st.columns([5, 9], gap="medium")
with left:
    st.markdown("##### " + _("Metrics"))
    records.comparison(engine.card, other.card)
with right:
    st.markdown("##### " + _("The same samples through both models"))
    if not (engine.can_encode and other.can_encode):
        st.info(_("One of the two models is an imported decoder, which has no encoder to reconstruct samples with."))
        st.stop()
    shown = session.samples(engine, N_PICTURES)
    given = [(one, shown.given(one)) for one in (engine, other)]
    decoded = [one.decode(one.encode(shown.x, **c)[0], **c) for one, c in given]
    scale = 255 if shown.x.dtype == np.uint8 else 1
    error = [np.square(d - shown.x / np.float32(scale)).mean() for d in decoded]
    records.rows(*(engine.modality.pictures(x) for x in (shown.x, *decoded)))
    st.caption(
        _(
            "Top: {source}. Middle: {a}, MSE {error_a} over these {n} samples. Bottom: {b}, MSE {error_b}.",
            source=shown.source,
            a=literal(engine.name),
            error_a=number(error[0], 4),
            n=number(len(shown.x)),
            b=literal(other.name),
            error_b=number(error[1], 4),
        )
    )
