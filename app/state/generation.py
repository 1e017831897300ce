"""The latents of Generate, and the labels to decode with. Needs an engine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from app.state.studio import Studio
from vae.engine.engine import Engine
from vae.saved.checkpoint import MODEL

WIDEST = 12  # columns of a grid in which pictures are still large enough


@dataclass(frozen=True)
class Draws:
    """Latents z with their labels y, for a conditional model, or conditions c, for a conditioned one; else None. held:
    number of latent levels kept from the Explore point."""

    z: Float[np.ndarray, "n d"]
    y: Int[np.ndarray, " n"] | None
    source: str
    held: int
    c: Float[np.ndarray, "n ..."] | None = None


def chosen_label(engine: Engine, state: Studio) -> int | None:
    """The label that the user chose for a conditional model; None if there is no choice or none was made."""
    return state.label if engine.conditional and 0 <= state.label < len(engine.atlas.classes) else None


def label_of(engine: Engine, z: Float[np.ndarray, " d"], chosen: int | None) -> int | None:
    """The label that z is decoded with: the chosen one, else that of the nearest sample; None for other models."""
    if chosen is not None or not engine.conditional:
        return chosen
    near = engine.labels_at(z[None])
    return None if near is None else int(near[0])


def columns_of(engine: Engine, state: Studio) -> int:
    """Columns of the grid: those of a square, or one per label if labels alternate and fit."""
    turns = len(engine.atlas.classes) if engine.conditional and chosen_label(engine, state) is None else 0
    return turns if 1 < turns <= min(WIDEST, state.count) else math.isqrt(state.count)


def draw(engine: Engine, state: Studio) -> Draws:
    """As many latents as the state asks for: from its source, or with the upper levels of the Explore point."""
    source = state.source if state.source in engine.sources else engine.sources[0]
    held = min(state.held, len(engine.levels) - 1) if state.point else 0
    y, label = None, chosen_label(engine, state)
    if engine.conditional:
        y = np.arange(state.count) % len(engine.atlas.classes) if label is None else np.full(state.count, label)
    if held and state.point:
        z = engine.redraw([state.point.z], held, state.count, state.seed, state.temperature)
    else:
        z = engine.sample(state.count, seed=state.seed, temperature=state.temperature, source=source, y=y)
    return Draws(z, y, source, held, engine.condition_at(z) if engine.conditioned else None)


def recipe(engine: Engine, state: Studio, drawn: Draws) -> dict[str, Any]:
    """Everything needed to generate the same samples again, as plain data."""
    held = {"levels_held": drawn.held, "z_held": list(state.point.z)} if drawn.held and state.point else {}
    return {
        "recipe": "zscope generate",
        "version": 1,
        "model": engine.name,
        "weights_sha256": engine.card["files"][MODEL],
        "source": drawn.source,
        "seed": state.seed,
        "temperature": state.temperature,
        "n": len(drawn.z),
        "labels": None if drawn.y is None else drawn.y.tolist(),
        **({} if drawn.c is None else {"conditions": "nearest"}),
        **held,
    }


def lines(given: Mapping[str, Any]) -> list[str]:
    """Lines of Python that generate the samples of a recipe, where `model` is its model."""
    settings = f"seed={given['seed']}, temperature={float(given['temperature'])}"
    labels = given["labels"]
    out = [f"y = {None if labels is None else f'np.array({labels})'}"]
    if "z_held" in given:
        out.append(f"held = np.array([{given['z_held']}], np.float32)")
        out.append(f"z = model.redraw(held, {given['levels_held']}, {given['n']}, {settings})")
    else:
        out.append(f"z = model.sample({given['n']}, {settings}, source={given['source']!r}, y=y)")
    if "conditions" in given:
        return [*out, "x = model.decode(z, c=model.condition_at(z))"]
    return [*out, "x = model.decode(z, y)"]
