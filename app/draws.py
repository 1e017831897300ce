"""What Generate shows: latents as the studio asks for them, and the labels to decode them with. Asks an engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from app.studio import Studio


@dataclass(frozen=True)
class Draws:
    """z, and for a conditional model the label of each (None for others). held: levels of the kept point that stay."""

    z: Float[np.ndarray, "n d"]
    y: Int[np.ndarray, " n"] | None
    source: str
    held: int


def draw(engine, state: Studio) -> Draws:
    """As many latents as the state asks for: from its source, or below the levels of the kept point that stay."""
    source = state.source if engine.has_prior else "aggregate"
    held = min(state.held, len(engine.levels) - 1) if state.point else 0
    classes, y = len(engine.atlas.classes), None
    if engine.conditional:
        one = 0 <= state.label < classes
        y = np.full(state.count, state.label) if one else np.arange(state.count) % classes
    if held:
        z = engine.redraw([state.point.z], held, state.count, state.seed, state.temperature)
    else:
        z = engine.sample(state.count, seed=state.seed, temperature=state.temperature, source=source, y=y)
    return Draws(z, y, source, held)
