"""The decoded picture at the pointer, with its trust and neighbours, and the row of tools below it."""

from __future__ import annotations

import numpy as np

from app import session
from app.browser.latent_view import latent_view
from app.panels.explore import tools
from app.state.generation import chosen_label
from app.state.studio import choose
from vae.engine.engine import Engine

KEY = "explore.view"
NEIGHBOURS = 6


def take_label() -> None:
    sent = session.sent(KEY, "label") or {"label": None}
    session.update(choose(session.studio(), label=-1 if sent["label"] is None else int(sent["label"])))


def take_tool() -> None:
    session.setting("tool")(session.sent(KEY, "tool"))


def show(engine: Engine, committed: dict) -> None:
    """committed: the current point, {"row", "xy", "z"}."""
    state = session.studio()
    indices, distances = engine.atlas.neighbours(np.asarray(committed["z"], np.float32), NEIGHBOURS + 1)
    near = [(int(i), float(d)) for i, d in zip(indices, distances, strict=True) if i != committed["row"]]
    latent_view(
        engine.name,
        key=KEY,
        committed=committed,
        neighbours=[{"row": row, "distance": distance} for row, distance in near[:NEIGHBOURS]],
        labels=engine.atlas.classes if engine.conditional else (),
        label=chosen_label(engine, state),
        on_label=take_label,
        pin=None if state.pin is None else {"row": state.pin.row, "z": state.pin.z},
        tools=tools.offered(engine),
        tool=tools.opened(engine),
        on_tool=take_tool,
    )
