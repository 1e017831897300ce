"""A whole way through waypoints at once: its latents, its line on the map, its film and the evidence for each step."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np

from app.live.requests import BAD_FRAME, Kind, Refused, Request, Scene, floats, parcel, register
from vae.engine.engine import Engine
from vae.latent.paths import METHODS
from vae.studies.path import measured_path
from vae.studies.point import WAYPOINTS_MAX
from vae.text import _

HEAD = 5  # method, waypoint that is dragged or -1, row that it is on or -1, and else its place on the map, x and y


class Way(NamedTuple):
    """What is asked: waypoints (w, d), of which `dragged` (None: none) is on a row, or else at a place of the map."""

    method: str
    waypoints: np.ndarray
    dragged: int | None
    row: int | None
    xy: np.ndarray


def _read(payload: bytes, scene: Scene) -> Way:
    n, left = divmod(len(payload) // 4 - HEAD, scene.d)
    if left or not 2 <= n <= WAYPOINTS_MAX:
        expected = _(
            "{head} float32 and 2 to {waypoints_max} waypoints of {d}",
            head=HEAD,
            waypoints_max=WAYPOINTS_MAX,
            d=scene.d,
        )
        raise Refused(
            BAD_FRAME,
            _("path payload of {payload} bytes; expected {expected}", payload=len(payload), expected=expected),
        )
    values = floats(payload, "path", HEAD + n * scene.d, most=np.inf)
    for name, value, least, end in (
        ("method", values[0], 0, len(METHODS)),
        ("waypoint", values[1], -1, n),
        ("row", values[2], -1, scene.n),
    ):
        if not (float(value).is_integer() and least <= value < end):
            raise Refused(
                BAD_FRAME,
                _(
                    "{name} {value:g} of a path; expected a whole number, {least} to {end}",
                    name=name,
                    value=value,
                    least=least,
                    end=end - 1,
                ),
            )
    floats(payload[12:], "way", len(values) - 3)  # places and latents within bounds
    dragged, row = (None if v < 0 else int(v) for v in values[1:3])
    return Way(METHODS[int(values[0])], values[HEAD:].reshape(n, scene.d), dragged, row, values[3:HEAD])


def _answer(engine: Engine, request: Request) -> bytes:
    start, way = time.perf_counter(), request.values
    waypoints, xy = way.waypoints.copy(), None
    if way.dragged is not None:
        if way.row is not None:
            waypoints[way.dragged], xy = engine.atlas.z[way.row], engine.atlas.xy[way.row]
        else:
            waypoints[way.dragged], xy = engine.from_map(way.xy[None])[0][0], way.xy
    fine = way.dragged is None
    walked = measured_path(engine, waypoints, way.method, request.label, fine=fine, condition=request.condition)
    facts = {
        "method": way.method,
        "dragged": way.dragged,
        "xy": None if xy is None else [float(v) for v in xy],
        "line": [None if place is None else [round(v, 4) for v in place] for place in walked.line],
        "length": walked.length,
        "off_data": walked.off_data,
        "server_ms": 1e3 * (time.perf_counter() - start),
    }
    values = {} if walked.values is None or not fine else {"values": walked.values}  # once the path is at rest
    return parcel(
        request,
        facts,
        **values,
        waypoints=waypoints,
        t=walked.t.astype(np.float32),
        z=walked.z,
        density=walked.density.astype(np.float32),
        change=walked.change.astype(np.float32),
        frame_t=walked.frame_t.astype(np.float32),
        frame_density=walked.frame_density.astype(np.float32),
        rows=walked.rows.astype(np.int32),
        frames=walked.frames.transpose(0, 2, 3, 1),
    )


WAY = register(Kind(60, "way", lambda scene: 4 * (HEAD + WAYPOINTS_MAX * scene.d), _read, _answer))
