"""What had to be decided to read your files: each decision as a choice already made, which you can change."""

from __future__ import annotations

from collections.abc import Hashable

import streamlit as st

from app import session
from app.show.literal import literal
from vae.data.own.decisions import Decision, undecided
from vae.settings import QUESTIONS
from vae.text import _

ACROSS = 3  # choices in a row
SLOT = "own.decided"  # (the files, name -> value chosen, the decisions last shown): of one set of files


def chosen(files: Hashable) -> dict[str, str]:
    """What was chosen for these files: name -> value; nothing for others."""
    return dict(_slot(files)[1])


def told(decisions: tuple[Decision, ...]) -> None:
    """What was decided and why, in a line of text."""
    if decisions:
        said = [
            _("**{question}** {value} ({reason})", question=d.title, value=literal(d.value), reason=literal(d.reason))
            for d in decisions
        ]
        st.caption(_("Decided from the files: {decisions}", decisions=" · ".join(said)))


def show(files: Hashable, decisions: tuple[Decision, ...] | None) -> None:
    """A field for each decision; None if the files could not be read: for those made before, or all that may help."""
    _files, values, before = _slot(files)
    if decisions is None:
        decisions = before or undecided()
    session.put(SLOT, (files, values, decisions))
    for i in range(0, len(decisions), ACROSS):
        for column, decision in zip(st.columns(ACROSS), decisions[i : i + ACROSS], strict=False):
            with column:
                _field(files, decision, values.get(decision.name) or decision.value)


def _slot(files: Hashable) -> tuple[Hashable, dict[str, str], tuple[Decision, ...]]:
    kept = session.held(SLOT)
    return kept if kept and kept[0] == files else (files, {}, ())


def _field(files: Hashable, decision: Decision, value: str) -> None:
    key = f"{SLOT}.{decision.name}"

    def change() -> None:
        _files, values, decisions = _slot(files)
        picked = session.held(key)
        values = {name: v for name, v in values.items() if name != decision.name}
        session.put(SLOT, (files, values | ({} if picked == decision.guess else {decision.name: picked}), decisions))

    session.put(key, value)
    st.selectbox(
        decision.title,
        decision.options if decision.guess else ("", *decision.options),
        format_func=lambda v: _shown(v, decision),
        key=key,
        on_change=change,
        help=". ".join(filter(None, (_(QUESTIONS[decision.name].help).capitalize(), decision.why))),
    )


def _shown(value: str, decision: Decision) -> str:
    if not value:
        return _("detect")
    return _("{value} (detected)", value=value) if value == decision.guess else value
