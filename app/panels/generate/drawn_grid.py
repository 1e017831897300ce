"""The samples of Generate, the evidence for each, and the link to Explore."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
import streamlit as st
from jaxtyping import Float, UInt8

from app import session
from app.browser.picture_grid import picture_grid
from app.browser.pulse import pulse
from app.state.generation import Draws
from app.state.studio import commit
from vae.engine.engine import Engine
from vae.modalities.chart_scale import scale
from vae.studies.copies import nearest
from vae.studies.point import point_of
from vae.text import N_, _

EVERY_S = 1.0
VALUES_BYTES_MAX = 2 * 2**20  # of all samples, sent to the page with their pictures
SEARCHING = N_("Reading the training samples to find copies ...")


def show(
    engine: Engine,
    drawn: Draws,
    x: Float[np.ndarray, "n ..."],
    pictures: UInt8[np.ndarray, "n c h w"],
    columns: int,
    *,
    names: Sequence[str],
    pinned: bool,
) -> None:
    """x: the decoded samples; pictures: the same as pictures. The nearest training samples are shown once the training
    set has been read; until then the fragment polls every second."""
    known = session.training(engine)
    searching = known if isinstance(known, Future) else None
    rows = [engine.atlas.neighbours(one, k=1)[0][0] for one in drawn.z]  # outside the fragment that polls
    trust = engine.trust(drawn.z, drawn.y, c=drawn.c)
    real = None if known is None or isinstance(known, Future) else nearest(engine, known, x)

    @st.fragment
    def grid() -> None:
        picked = picture_grid(
            engine.name,
            pictures,
            key="generate.grid",
            columns=columns,
            rows=rows,
            trust=trust,
            pinned=pinned,
            labels=names,
            values=x if engine.variables is not None and x.nbytes <= VALUES_BYTES_MAX else None,
            scale=scale(engine.variables, engine.shape),
            real=real,
            waiting=_(SEARCHING) if searching else "",
        ).picked
        if picked is not None and 0 <= int(picked) < len(drawn.z):
            z = drawn.z[int(picked)]
            session.update(commit(session.studio(), point_of(z, engine.to_map(z[None])[0])))
            st.switch_page("views/explore.py")
        if searching and searching.done():  # after the click was handled, which a rerun would lose
            st.rerun()
        if searching:
            pulse(EVERY_S, key="unseen-training")

    grid()
