"""Places of the map as it is laid out now: what lies there, where latents are, grids of pictures, new fits."""

from __future__ import annotations

import time
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from app.live import map_views
from app.live.requests import BAD_FRAME, Kind, Refused, Request, Scene, floats, parcel, register
from app.live.requests.points import show
from vae.engine.engine import Engine
from vae.latent.residual import with_residual
from vae.latent.views import UMAP
from vae.text import _

KEY_BYTES = 32
LATENTS_MAX = 256  # placed by one request
_held: WeakKeyDictionary = WeakKeyDictionary()  # engine -> (view and latent, its place): read on its own thread alone
CELLS_MAX = 64  # decoded by one request: longer, and the pointer would wait


class InView(NamedTuple):
    """A view's key, and the numbers that follow it."""

    key: str
    numbers: np.ndarray


class Beyond(NamedTuple):
    """What fixes the part of a latent that a position leaves open. z (d): the current latent; with share: a held one,
    of whose residual that share, 0-1, is kept."""

    z: np.ndarray
    share: float | None


def in_view(payload: bytes, name: str, expected: int) -> InView:
    """The key as ASCII padded with zeros to 32 bytes, then that many float32. Raises: Refused."""
    try:
        key = payload[:KEY_BYTES].rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError:
        raise Refused(BAD_FRAME, _("{name} payload: the view's name is no ASCII", name=name)) from None
    return InView(key, floats(payload[KEY_BYTES:], name, expected))


def with_share(payload: bytes, scene: Scene, name: str, before: int) -> InView:
    """So many numbers, z (d), and perhaps a share of the residual of z. Raises: Refused."""
    has = len(payload) == KEY_BYTES + 4 * (before + scene.d + 1)
    found = in_view(payload, name, before + scene.d + has)
    if has and not 0 <= found.numbers[-1] <= 1:
        raise Refused(BAD_FRAME, _("{name}: a share of {share:g}; expected 0 to 1", name=name, share=found.numbers[-1]))
    return found


def beyond_of(engine: Engine, numbers: np.ndarray) -> Beyond:
    """z, and the share that may follow it."""
    z, rest = numbers[: engine.d], numbers[engine.d :]
    return Beyond(z, float(rest[0]) if len(rest) else None)


def latents_at(engine: Engine, key: str, xy: np.ndarray, beyond: Beyond) -> tuple[np.ndarray, np.ndarray | None]:
    """Latents at places (b, 2) of a view, and the trust in each where it is known beforehand."""
    view = None if key == UMAP else map_views.view(engine, key)
    if beyond.share is None:
        return engine.from_map(xy) if view is None else (view.from_map(xy, beyond.z), None)
    own = view.own if view else lambda at: engine.from_map(at)[0]
    return with_residual(own, xy, beyond.z, _held_at(engine, key, beyond.z), beyond.share), None


def _held_at(engine: Engine, key: str, z: np.ndarray) -> np.ndarray:
    """Where a held latent lies in a view, found once for all frames while it is held."""
    asked = (key, z.tobytes())
    if _held.get(engine, (None,))[0] != asked:
        placed = engine.to_map(z[None]) if key == UMAP else map_views.view(engine, key).to_map(z[None])
        _held[engine] = (asked, placed[0])
    return _held[engine][1]


def _place(engine: Engine, request: Request) -> bytes:
    """At the place that was asked for; with the residual of a held latent, at the place where the latent then lies."""
    start, (key, numbers) = time.perf_counter(), request.values
    xy, beyond = numbers[None, :2], beyond_of(engine, numbers[2:])
    z, trust = latents_at(engine, key, xy, beyond)
    known = None if trust is None else float(trust[0])
    if beyond.share is not None:
        xy = engine.to_map(z) if key == UMAP else map_views.view(engine, key).to_map(z)
    return show(engine, request, z, xy, start=start, trust=known, elsewhere=key != UMAP)


def _read_latents(payload: bytes, scene: Scene) -> InView:
    count = (len(payload) - KEY_BYTES) // (4 * scene.d)
    if not 1 <= count <= LATENTS_MAX:
        raise Refused(
            BAD_FRAME,
            _("locate payload of {count} latents; expected 1 to {latents_max}", count=count, latents_max=LATENTS_MAX),
        )
    return in_view(payload, "locate", count * scene.d)


def _locate(engine: Engine, request: Request) -> bytes:
    z = request.values.numbers.reshape(-1, engine.d)
    placed = engine.to_map(z) if request.values.key == UMAP else map_views.view(engine, request.values.key).to_map(z)
    return parcel(request, {}, xy=placed)


def read_box(payload: bytes, scene: Scene, name: str) -> InView:
    """x0, y0, x1, y1, columns, rows, then z and perhaps a share. Raises: Refused."""
    given = with_share(payload, scene, name, 6)
    x0, y0, x1, y1, columns, rows = (float(v) for v in given.numbers[:6])
    if not (x0 < x1 and y0 < y1):
        raise Refused(
            BAD_FRAME,
            _(
                "{name} box {x0:g} {y0:g} {x1:g} {y1:g}; expected x0 < x1 and y0 < y1",
                name=name,
                x0=x0,
                y0=y0,
                x1=x1,
                y1=y1,
            ),
        )
    if not (columns >= 1 and rows >= 1 and columns.is_integer() and rows.is_integer() and columns * rows <= CELLS_MAX):
        raise Refused(
            BAD_FRAME,
            _(
                "{name} of {columns:g} x {rows:g} cells; expected at most {cells_max}",
                name=name,
                columns=columns,
                rows=rows,
                cells_max=CELLS_MAX,
            ),
        )
    return given


def decoded_in(engine: Engine, request: Request, given: InView) -> tuple[np.ndarray, np.ndarray]:
    """What is decoded at the middles of a box's cells, (cells, *shape), row by row from its top, and the trust in each
    (cells,): where it is not known beforehand, whether the sample, encoded again, comes back to where it was asked for.
    """
    key, numbers = given
    (x0, y0, x1, y1), (columns, rows) = numbers[:4], (int(v) for v in numbers[4:6])
    x = x0 + (np.arange(columns) + 0.5) * (x1 - x0) / columns
    y = y1 - (np.arange(rows) + 0.5) * (y1 - y0) / rows
    xy = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float32)
    z, trust = latents_at(engine, key, xy, beyond_of(engine, numbers[6:]))
    c = request.told(engine, z)
    samples, projector = engine.decode(z, c=c), engine.atlas.projector
    if trust is None or request.chosen:
        at = xy if key == UMAP else engine.to_map(z)  # trust is known on the first map alone
        can = engine.can_encode
        trust = projector.returned(z, engine.encode(samples, c=c)[0], at) if can else projector.trust(at)
    return samples, trust


def _manifold(engine: Engine, request: Request) -> bytes:
    """pixels (cells, h, w, c) u8 and trust (cells,) f32 at the middles of a box's cells, row by row from its top."""
    samples, trust = decoded_in(engine, request, request.values)
    return parcel(request, {}, pixels=engine.modality.pictures(samples).transpose(0, 2, 3, 1), trust=trust)


def _refit(engine: Engine, request: Request) -> bytes:
    """{state: "running", share} or {state: "done", key}; asking again tells how far it is."""
    found = map_views.fit(engine, *(float(f"{v:.6g}") for v in request.values))
    if isinstance(found, map_views.Job):
        if found.error:
            return parcel(request, {"state": "failed", "key": found.key, "error_text": found.error})
        return parcel(request, {"state": "running", "key": found.key, "share": found.share})
    return parcel(request, {"state": "done", "key": found.key, "title": found.title})


def _read_place(payload: bytes, scene: Scene) -> InView:
    return with_share(payload, scene, "place", 2)


def _read_manifold(payload: bytes, scene: Scene) -> InView:
    return read_box(payload, scene, "manifold")


PLACE = register(  # view, x, y, current z; or held z and the share of its residual
    Kind(20, "place", lambda scene: KEY_BYTES + 12 + 4 * scene.d, _read_place, _place)
)
LOCATE = register(  # view, latents
    Kind(21, "locate", lambda scene: KEY_BYTES + 4 * LATENTS_MAX * scene.d, _read_latents, _locate)
)
MANIFOLD = register(  # view, x0, y0, x1, y1, columns, rows, current z; or held z and the share of its residual
    Kind(22, "manifold", lambda scene: KEY_BYTES + 28 + 4 * scene.d, _read_manifold, _manifold)
)
REFIT = register(  # n_neighbors, min_dist, n_epochs
    Kind(23, "refit", lambda scene: 12, lambda payload, scene: floats(payload, "refit", 3), _refit)
)
