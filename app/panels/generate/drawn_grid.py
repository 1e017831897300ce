"""The pictures that Generate drew, the evidence for each, and the way to Explore."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
import streamlit as st
from jaxtyping import Float, UInt8

from app import session
from app.browser.picture_grid import picture_grid
from app.state.generation import Draws
from app.state.studio import commit
from vae.engine.engine import Engine
from vae.studies.copies import nearest
from vae.studies.point import point_of

EVERY_S = 1.0
LOOKING = "Reading the training samples: is it a copy of one?"


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
    """x: the decoded samples; pictures: as they look. What each is nearest to among the training samples follows once
    those have been read; until then the page asks every second."""
    known = session.training(engine)
    looking = known if isinstance(known, Future) else None
    rows = [engine.atlas.neighbours(one, k=1)[0][0] for one in drawn.z]  # not in what asks every second
    trust = engine.trust(drawn.z, drawn.y, c=drawn.c)
    real = None if known is None or isinstance(known, Future) else nearest(engine, known, x)

    @st.fragment(run_every=EVERY_S if looking else None)
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
            real=real,
            waiting=LOOKING if looking else "",
        ).picked
        if picked is not None and 0 <= int(picked) < len(drawn.z):
            z = drawn.z[int(picked)]
            session.update(commit(session.studio(), point_of(z, engine.to_map(z[None])[0])))
            st.switch_page("views/explore.py")
        if looking and looking.done():  # after the click is heard, which a new run would not know of
            st.rerun()

    grid()
