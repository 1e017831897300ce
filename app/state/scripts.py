"""The current view as lines of Python that need only `import vae`. An engine is used only for names."""

from __future__ import annotations

from collections.abc import Sequence

from app.state import generation
from app.state.studio import Studio
from vae.engine.engine import Engine
from vae.saved.checkpoint import MODEL
from vae.studies.point import Point

DIGITS = 7  # significant digits of float32
FRAMES = 11


def script(page: str, engine: Engine, state: Studio) -> str:
    """The lines for a page, by its title in lower case. Raises: KeyError: a page without Python."""
    return "\n".join([*_opening(engine), "", *_PAGES[page](engine, state), ""])


def _opening(engine: Engine) -> list[str]:
    weights = engine.card["files"][MODEL][:12]
    head = ["# run this in the zscope folder", "import numpy as np", "", "import vae", ""]
    return [*head, f"model = vae.load({engine.name!r})  # weights {weights}"]


def _explore(engine: Engine, state: Studio) -> list[str]:
    lines = [f"z = {_latents([state.point])}"] if state.point else ["z = model.atlas.z[:1]"]
    lines += _labels(engine, state, "z")
    condition = "c=c" if engine.conditioned else "y"
    lines += [f"x = model.decode(z, {condition})  # (1, {', '.join(map(str, engine.shape))})"]
    lines += [f"xy, trust = model.to_map(z), model.trust(z, {condition})"]
    if state.pin:
        lines += ["", f"pinned = model.decode({_latents([state.pin])}, {condition})"]
    if state.held_sample:
        held, share = f"{_latents([state.held_sample])}[0]", f"{state.residual:g}"
        lines += ["", "# the same place with the residual of the held sample"]
        lines += [f"swept = model.decode(model.with_residual(xy, {held}, {share}), {condition})"]
    for name in ("selected", "group_a", "group_b"):
        if rows := getattr(state, name):
            lines += ["", f"{name} = np.array({list(rows)})  # rows of the map"]
            lines += [f"mean = model.decode(model.atlas.z[{name}].mean(0, keepdims=True), {condition})"]
    return lines


def _interpolate(engine: Engine, state: Studio) -> list[str]:
    lines = [f"waypoints = {_latents(state.waypoints)}"]
    lines += [f"z = model.interpolate(waypoints, {FRAMES}, {state.method!r})", *_labels(engine, state, "z")]
    return [*lines, f"frames = model.decode(z, {'c=c' if engine.conditioned else 'y'})"]


def _generate(engine: Engine, state: Studio) -> list[str]:
    return generation.lines(generation.recipe(engine, state, generation.draw(engine, state)))


def _model(engine: Engine, state: Studio) -> list[str]:
    return ['print(model.card["metrics"])', f"# measure again with: python -m vae eval {engine.name}"]


def _train(engine: Engine, state: Studio) -> list[str]:
    return ['print(model.card["command"])  # the command that trained this model']


def _compare(engine: Engine, state: Studio) -> list[str]:
    return [f"other = vae.load({state.other!r})" if state.other else "other = model", 'print(other.card["metrics"])']


_PAGES = {
    "explore": _explore,
    "interpolate": _interpolate,
    "generate": _generate,
    "compare": _compare,
    "model": _model,
    "train": _train,
}


def _latents(points: Sequence[Point]) -> str:
    """The latents of points, (n, d): as rows of the map if all are rows, else as numbers."""
    if all(p.row is not None for p in points):
        return f"model.atlas.z[{[p.row for p in points]}]"
    numbers = ",\n    ".join("[" + ", ".join(f"{v:.{DIGITS}g}" for v in p.z) + "]" for p in points)
    return f"np.array([{numbers}], np.float32)" if len(points) == 1 else f"np.array([\n    {numbers},\n], np.float32)"


def _labels(engine: Engine, state: Studio, z: str) -> list[str]:
    chosen = generation.chosen_label(engine, state)
    if engine.conditioned:
        return [f"c = model.condition_at({z})"]
    if not engine.conditional:
        return ["y = None"]
    return [f"y = {chosen}  # {engine.atlas.classes[chosen]}" if chosen is not None else f"y = model.labels_at({z})"]
