"""The real samples nearest to a latent."""

from __future__ import annotations

import numpy as np

from app.live.requests import Kind, Request, floats, parcel, register
from vae.engine.engine import Engine

NEAR = 1


def _answer(engine: Engine, request: Request) -> bytes:
    rows, distances = engine.atlas.neighbours(request.values, NEAR)
    return parcel(request, {}, rows=rows.astype(np.int32), distances=distances.astype(np.float32))


NEAREST = register(  # z (d)
    Kind(41, "nearest", lambda scene: 4 * scene.d, lambda payload, scene: floats(payload, "nearest", scene.d), _answer)
)
