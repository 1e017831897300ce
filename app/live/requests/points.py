"""One place of the latent space, however it is named: its picture, its place on the map and how far to trust it."""

from __future__ import annotations

import math
import time

import numpy as np

from app.live.requests import BAD_FRAME, Kind, Refused, Request, Scene, floats, picture, register
from vae.atlas.fidelity import errors_near
from vae.engine.engine import Engine
from vae.text import _


def show(
    engine: Engine,
    request: Request,
    z: np.ndarray,
    xy: np.ndarray,
    *,
    start: float,
    trust: float | None = None,
    elsewhere: bool = False,
) -> bytes:
    """The picture of z (1, d) at xy (1, 2). start: when work on the answer began, time.perf_counter(). elsewhere: xy is
    of another view than the first map.

    Trust: does z come back when its picture is encoded again? At map positions the map knows how likely; elsewhere, and
    where the user chose another label or condition than belongs there, the picture is encoded again, here and now.
    The error of the reconstructions near z is what is stored with the map: no model is needed for it.
    """
    z = np.ascontiguousarray(z, np.float32)
    before = time.perf_counter()
    c = request.told(engine, z)
    x = engine.decode(z, c=c)
    after = time.perf_counter()
    if trust is None or request.chosen:
        again = engine.encode(x, c=c)[0] if engine.can_encode else None
        known = None if elsewhere else xy
        trust = float(engine.trust(z)[0] if again is None else engine.atlas.projector.returned(z, again, known)[0])
    pixels = engine.modality.pictures(x)[0]
    errors = errors_near(engine.atlas, z)
    spent = (1e3 * (after - before), 1e3 * (time.perf_counter() - start))
    rms = math.nan if errors is None else float(errors[0])
    values = None if engine.variables is None else x[0]
    return picture(request, trust, spent, xy[0], z, pixels=pixels, values=values, rms=rms)


def _map(engine: Engine, request: Request) -> bytes:
    start, xy = time.perf_counter(), request.values[None]
    z, trust = engine.from_map(xy)
    return show(engine, request, z, xy, start=start, trust=float(trust[0]))


def _latent(engine: Engine, request: Request) -> bytes:
    start, z = time.perf_counter(), request.values[None]
    return show(engine, request, z, engine.to_map(z), start=start)


def _read_row(payload: bytes, scene: Scene) -> int:
    row = float(floats(payload, "row", 1, most=np.inf)[0])
    if not (row.is_integer() and 0 <= row < scene.n):
        raise Refused(BAD_FRAME, _("row {row:g}; expected a whole number, 0 to {n}", row=row, n=scene.n - 1))
    return int(row)


def _row(engine: Engine, request: Request) -> bytes:
    start, part = time.perf_counter(), slice(request.values, request.values + 1)
    return show(engine, request, engine.atlas.z[part], engine.atlas.xy[part], start=start)


MAP = register(Kind(1, "map", lambda scene: 8, lambda payload, scene: floats(payload, "map", 2), _map))  # x, y
LATENT = register(  # z (d)
    Kind(2, "latent", lambda scene: 4 * scene.d, lambda payload, scene: floats(payload, "latent", scene.d), _latent)
)
ROW = register(Kind(3, "row", lambda scene: 4, _read_row, _row))  # index of a reference sample
