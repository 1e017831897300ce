"""The model to compare with: which one is shown, and why it may not be the one that was asked for."""

from __future__ import annotations

import streamlit as st

from app import session
from app.show.cards import grouped, not_comparable, summary
from app.show.literal import literal
from vae.engine.engine import Engine
from vae.text import _


def show(engine: Engine) -> Engine | None:
    """The names of both models, the second one to choose; its engine, None if there is no model to compare with."""
    cards, data, wanted = session.offered(), engine.card["dataset"], session.studio().other
    others = [n for n in grouped(cards) if data and n != engine.name and cards[n].get("dataset") == data]
    if data and wanted and (reason := not_comparable(cards, engine.name, wanted)):
        instead = others and _("{model} is compared with {other} instead.", model=engine.name, other=others[0])
        session.tell(f"{reason} {instead or ''}".strip())
        session.setting("other")(others[0] if others else "")  # the link leads to what is shown
        st.rerun()
    if not others:
        st.info(literal(_nothing(engine), code=True))
        return None
    asked = wanted if wanted in others else ""
    other = session.first_opened([asked, *others] if asked else others, aloud=bool(asked))
    if asked and (other is None or other.name != asked):  # show why, and the one in its place
        session.setting("other")(other.name if other else "")
        st.rerun()
    if other is None:
        none = _("None of the other models of {data} can be opened: the page Train makes another.", data=literal(data))
        st.info(none)
        return None
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    left.markdown(f"### {literal(engine.name)}")
    right.selectbox(
        _("Compare with"),
        others,
        format_func=lambda name: f"{name}\u2002{summary(cards[name])}",
        **session.tied("field.other", other.name, session.setting("other")),
    )
    return other


def _nothing(engine: Engine) -> str:
    data = engine.card["dataset"]
    if not data:
        return _("{model} has no data set here: there are no samples to compare it by.", model=engine.name)
    return _(
        "{model} is the only model of {data} here. Train another to compare them: {command}",
        model=engine.name,
        data=data,
        command=f"`python -m vae train beta_vae {data}`",
    )
