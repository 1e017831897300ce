"""A sample drawn by hand, asked for while it is being drawn: where it is, what the model makes of it, how odd it is."""

from __future__ import annotations

import numpy as np

from app.live.requests import BAD_FRAME, Kind, Refused, Request, Scene, floats, parcel, register
from vae.engine.engine import Engine
from vae.studies import oddness
from vae.text import _

NEAR = 6  # nearest rows
SERIES_MAX = 100.0  # largest |value| of a series, std


def _size(scene: Scene) -> int:
    return int(np.prod(scene.shape)) * (1 if len(scene.shape) == 3 else 4)


def _read(payload: bytes, scene: Scene) -> np.ndarray:
    """A picture as uint8 (h, w, c), a series as float32 (c, t); the sample, (1, *shape). Raises: Refused."""
    if len(scene.shape) != 3:
        values = floats(payload, "stroke", int(np.prod(scene.shape)), most=SERIES_MAX)
        return values.reshape(1, *scene.shape)
    c, h, w = scene.shape
    if len(payload) != c * h * w:
        raise Refused(
            BAD_FRAME,
            _("stroke payload of {payload} bytes; expected {h}x{w}x{c} of uint8", payload=len(payload), h=h, w=w, c=c),
        )
    pixels = np.frombuffer(payload, np.uint8).reshape(h, w, c)
    return pixels.transpose(2, 0, 1)[None].copy()  # a view of the frame could not be written to, which torch dislikes


def _answer(engine: Engine, request: Request) -> bytes:
    """mu and std (d), the reconstruction (of samples with variables also its standardised values), nearest rows; facts:
    the place on the map and the trust in it, errors, how odd it is and by what.

    A conditional model is told the chosen label or condition, or the likeliest label; which, is in the facts."""
    x = request.values
    y = request.label if request.chosen else oddness.likeliest(engine, x)
    c = request.condition if y is None else None
    mu, std = engine.encode(x, y, c=c)
    given = np.array([y]) if y is not None else None if c is None else c[None]
    scores, known = oddness.scores(engine, x, given), oddness.reference(engine)
    error, nats = float(scores["reconstruction_error"][0]), scores.get("negative_elbo")
    share, by = known.oddness(scores)
    rows, distances = engine.atlas.neighbours(mu[0], NEAR)
    facts = {
        "xy": [float(v) for v in engine.to_map(mu)[0]],
        "mse": error,
        "elbo_nats": None if nats is None else -float(nats[0]),
        "oddness": float(share[0]),
        "by": by[0],
        "trust": float(engine.trust(mu, y, c=c)[0]),
        "label": y,
        "label_given": request.label is not None,
        "reference": known.said,
    }
    made = engine.decode(mu, y, c=c)
    values = {} if engine.variables is None else {"values": made[0]}
    return parcel(
        request,
        facts,
        **values,
        mu=mu[0],
        std=std[0],
        picture=engine.modality.pictures(made)[0].transpose(1, 2, 0),
        rows=rows.astype(np.int32),
        distances=distances.astype(np.float32),
    )


STROKE = register(Kind(40, "stroke", _size, _read, _answer))
