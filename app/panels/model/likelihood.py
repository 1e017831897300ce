"""log p(x) by annealing on the Model page: what the card holds, or a button that measures it."""

from __future__ import annotations

import dataclasses

import streamlit as st

from app import session
from app.browser.pulse import pulse
from app.live import annealing
from app.live.rights import Right
from app.show import annealed
from app.show.cards import has_prior
from app.show.literal import literal
from app.show.terms import more
from vae.engine.engine import Engine
from vae.errors import ZscopeError
from vae.text import _

EVERY_S = 1.0


def show(engine: Engine) -> None:
    """Nothing for a model without a likelihood or with codes that are points."""
    card = engine.card
    if not has_prior(card) or engine.traits & {"deterministic", "discrete", "implicit"}:
        return
    st.markdown("##### " + _("How far off is the NLL?"), help=more("annealed-importance-sampling"))
    stored = {key: one for key, one in (card.get("estimates") or {}).items() if key in annealed.ROWS}
    if "annealed_gain_nats" in stored:
        annealed.show(stored)
        return
    _measuring(engine.name, session.digest(engine))


@st.fragment
def _measuring(name: str, weights: str) -> None:
    found = annealing.look(name, weights)
    failed = found.job.exception() if found and found.job.done() else None
    if failed is not None and not isinstance(failed, ZscopeError):
        raise failed
    if found and found.job.done() and failed is None:
        annealed.show({key: dataclasses.asdict(one) for key, one in found.job.result().items()})
        return
    if found and not found.job.done():
        if found.n:
            st.progress(found.done / found.n, _("Annealing: {done} / {n}", done=found.done, n=found.n))
        else:
            st.progress(0.0, _("Annealing the first samples ..."))
        pulse(EVERY_S, key="unseen-annealing")
        return
    st.caption(
        _(
            "Chains that move from a Gaussian near q(z|x) to the posterior itself find log p(x) where importance "
            "sampling misses it. It takes about a minute for a small model; meanwhile the pages go on."
        )
    )
    if failed is not None:
        st.error(literal(str(failed)), icon=":material/error:")
    here = session.may(Right.TRAIN)
    if st.button(_("Measure by annealing"), disabled=not here, help=session.why_not(Right.TRAIN) or None, key="anneal"):
        annealing.begin(name, weights)
        st.rerun(scope="fragment")
