"""What the later frames of a connection decode with: a condition, where a label is not all that a model is told."""

from __future__ import annotations

import math

import numpy as np

from app.live.requests import BAD_FRAME, Kind, Refused, Request, Scene, floats, parcel, register
from vae.text import _


def _read(payload: bytes, scene: Scene) -> np.ndarray | None:
    """One condition (*shape), row by row; none: again what the nearest reference samples are told. Raises: Refused."""
    if not scene.condition:
        raise Refused(BAD_FRAME, _("condition for a model that is told nothing beside a sample"))
    if not payload:
        return None
    return floats(payload, "condition", math.prod(scene.condition)).reshape(scene.condition)


def _answer(engine, request: Request) -> bytes:
    return parcel(request, {"shape": list(engine.condition), "set": request.values is not None})


CONDITION = register(Kind(80, "condition", lambda scene: 4 * math.prod(scene.condition), _read, _answer))
