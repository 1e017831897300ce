"""The posterior tool: draws from the posterior of the current point, on the map and as a grid of pictures."""

from __future__ import annotations

import numpy as np

from app import session
from app.browser.posterior_wall import posterior_wall
from app.state.generation import chosen_label, label_of
from vae.engine.engine import Engine
from vae.studies.path import describe
from vae.text import N_, _

TITLE, HELP = N_("Posterior"), N_("Draws from the posterior q(z|x) of this sample")
KEY = "explore.posterior"


def unavailable(engine: Engine) -> str:
    if engine.can_encode:
        return ""
    return _("{model} was imported as a decoder: without an encoder there is no posterior.", model=engine.name)


def show(engine: Engine, committed: dict) -> None:
    state = session.studio()
    assert state.point is not None  # Explore starts with one
    y = label_of(engine, np.asarray(state.point.z, np.float32), chosen_label(engine, state))
    seed = int(session.sent(KEY, "seed") or 0)
    found = session.posterior(engine, state.point, describe(engine.atlas, state.point), y, seed)
    posterior_wall(engine.name, key=KEY, found=found, seed=seed, point=not engine.has_width)
