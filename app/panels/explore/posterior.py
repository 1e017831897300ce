"""The posterior of the point under study: on the map to true scale, and as a wall of pictures."""

from __future__ import annotations

import numpy as np

from app import session
from app.browser.posterior_wall import posterior_wall
from app.state.generation import chosen_label, label_of
from vae.engine.engine import Engine
from vae.studies.path import describe

TITLE, HELP = "Posterior", "What the model thinks the code of this sample may be"
KEY = "explore.posterior"


def unavailable(engine: Engine) -> str:
    return "" if engine.can_encode else f"{engine.name} has no encoder, so no posterior: it was imported as a decoder."


def show(engine: Engine, committed: dict) -> None:
    state = session.studio()
    assert state.point is not None  # Explore begins with one
    y = label_of(engine, np.asarray(state.point.z, np.float32), chosen_label(engine, state))
    seed = int(session.sent(KEY, "seed") or 0)
    found = session.posterior(engine, state.point, describe(engine.atlas, state.point), y, seed)
    posterior_wall(engine.name, key=KEY, found=found, seed=seed, point=not engine.has_width)
