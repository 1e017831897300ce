"""What the browser fetches once: browser modules, and a checkpoint's map, its views, quantities, thumbnails, trust."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import io
import json
from collections.abc import Awaitable, Callable
from functools import cache, wraps
from pathlib import Path
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from PIL import Image
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.live import access, engines, map_views, requests, theatre
from app.show import palette
from vae import text
from vae.atlas.colours import quantities
from vae.atlas.fidelity import baselines_of
from vae.data import metadata
from vae.engine.engine import Engine
from vae.errors import SettingError, UnknownName, ZscopeError
from vae.modalities.series import HEIGHT, MARGIN_PX, SOFT
from vae.studies.posterior import real_sample
from vae.text import _

Endpoint = Callable[[Request], Awaitable[Response]]

BROWSER = Path(__file__).parents[1] / "browser"
NO_LABEL = 255
DIMENSIONS = 64  # of the latent, widest first, that can span a view
TRUST_RGB = (10, 159, 120)  # the green of the trust bar
TRUST_ALPHA = 135  # of 255, where trust is 1


class Asset(NamedTuple):
    """A body with its type and fingerprint."""

    body: bytes
    mime: str
    etag: str


def _asset(body: bytes, mime: str) -> Asset:
    return Asset(body, mime, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')


HEADERS = {
    "Cache-Control": "private,no-cache",  # kept by the browser alone, which asks each time whether it is still good
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Accept-Ranges": "none",
}


def with_token(endpoint: Endpoint) -> Endpoint:
    """Only for requests that carry a token, in a header, as it must not be part of what the browser's cache goes by."""

    @wraps(endpoint)
    async def checked(request: Request) -> Response:
        try:
            access.check_token(request.headers.get(access.HEADER), access.browser_of(request.cookies))
        except requests.Refused as refused:
            return PlainTextResponse(refused.reason, 401, {"Cache-Control": "no-store"})
        return await endpoint(request)

    return checked


def _respond(request: Request, asset: Asset) -> Response:
    headers = HEADERS | {"ETag": asset.etag}
    if asset.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.body, media_type=asset.mime, headers=headers)


# ---------------------------------------------------------------- scripts


@cache
def scripts() -> dict[str, Path]:
    """path below app/browser -> file, of every module that there is when the first is asked for."""
    return {file.relative_to(BROWSER).as_posix(): file for file in BROWSER.rglob("*.js")}


async def script(request: Request) -> Response:
    """A browser module of ours, by its path below app/browser; no path but those of `scripts` leads to a file."""
    file = scripts().get(request.path_params["path"])
    if file is None:
        return PlainTextResponse(_("no such script"), 404)
    return _respond(request, _asset(file.read_bytes(), "text/javascript"))


async def messages(request: Request) -> Response:
    """The catalogue of the language in use, as a module that shared/text.js imports."""
    used = text.language()
    module = f"export const language = {json.dumps(used)}\nexport const messages = {json.dumps(text.messages(used))}\n"
    return _respond(request, _asset(module.encode(), "text/javascript"))


async def colours(request: Request) -> Response:
    """The colours of classes, and of symbols in text, as a module that shared/zscope.js imports."""
    names = ("LIGHT", "DARK", "INK_LIGHT", "INK_DARK")
    module = "".join(f"export const {name} = {json.dumps(getattr(palette, name))}\n" for name in names)
    return _respond(request, _asset(module.encode(), "text/javascript"))


# ---------------------------------------------------------------- a checkpoint's own


def map_bytes(engine: Engine) -> bytes:
    """The map's geometry: u32 header length, JSON header padded to 4, xy (n, 2) f32, index (n,) i32, label (n,) u8.

    index is the row in the training split; label 255 means none. Read by mapOf() in frame_codec.js.
    """
    atlas, (c, h, w) = engine.atlas, engine.picture_shape
    xy = np.ascontiguousarray(atlas.xy, "<f4")
    index = np.ascontiguousarray(atlas.index, "<i4")
    labels = np.full(len(xy), NO_LABEL) if atlas.labels is None else atlas.labels
    _, box = atlas.projector.trust_field()
    header = {
        "model": engine.name,
        "title": engine.card.get("title", engine.name),
        "n": len(xy),
        "d": engine.d,
        "shape": [h, w, c],
        "sample": engine.shape,
        "variables": _variables(engine),
        "device": engine.device,
        "classes": list(atlas.classes),
        "labelled": atlas.labels is not None,
        "thumbs": {
            "columns": atlas.thumb_columns,
            "height": atlas.thumb_size[0],
            "width": atlas.thumb_size[1],
            "count": atlas.n_thumbnails,
        },
        "trust_box": [float(v) for v in box],
        "baselines": baselines_of(engine.card),
        "kinds": {kind.name: code for code, kind in requests.kinds().items()},
        "columns": [
            {name: value for name, value in vars(q).items() if name != "values"} for q in quantities(engine).values()
        ],
        "described": bool(atlas.metadata),
        "first": bool((engine.card.get("atlas") or {}).get("first")),
        "spread": [{"j": int(j), "std": float(atlas.z_std[j])} for j in np.argsort(-atlas.z_std)[:DIMENSIONS]],
    }
    return _headed(header, xy.tobytes(), index.tobytes(), labels.astype("u1").tobytes())


def _variables(engine: Engine) -> dict | None:
    """The `Variables` of the samples, and the height of a chart at which a value is drawn; None of pictures."""
    if engine.variables is None:
        return None
    return {**dataclasses.asdict(engine.variables), "soft": SOFT, "margin": MARGIN_PX / HEIGHT}


def view_bytes(engine: Engine, key: str) -> bytes:
    """Another view's geometry: u32 header length, JSON header padded to 4, xy (n, 2) f32. Raises: SettingError."""
    view = map_views.view(engine, key)
    linear = {"axes": None, "centre": None}
    if view.axes is not None and view.centre is not None:
        linear = {"axes": view.axes.tolist(), "centre": view.centre.tolist()}
    header = {"key": view.key, "title": view.title, "note": view.note, "trust": False, **linear}
    return _headed(header, np.ascontiguousarray(view.xy, "<f4").tobytes())


def column_bytes(engine: Engine, key: str) -> bytes:
    """A quantity of every row, (n,) f32, NaN for none. Raises: UnknownName. SettingError: it is not known."""
    known = quantities(engine)
    if key not in known:
        raise UnknownName("quantity", key[:40], known)
    if known[key].absent:
        raise SettingError(_("{title} is {absent}", title=known[key].title, absent=known[key].absent))
    return np.ascontiguousarray(known[key].values(), "<f4").tobytes()


def row_bytes(engine: Engine, key: str) -> bytes:
    """The standardised values of the sample of a row, f32. Raises: SettingError: no such row, or its data set is not on
    this machine."""
    if not key.isdecimal() or int(key) >= engine.atlas.n:
        raise SettingError(_("row {row}; expected 0 to {last}", row=key[:40], last=engine.atlas.n - 1))
    x = None if engine.variables is None else real_sample(engine, int(key))
    if x is None:
        raise SettingError(_("the data set of {model} is not on this machine", model=engine.name))
    return np.ascontiguousarray(x, "<f4").tobytes()


def metadata_bytes(engine: Engine) -> bytes:
    """The metadata of the rows as JSON: [{"name", "values": [number, null or text]}]."""
    columns = engine.atlas.metadata
    plain = json.loads(metadata.packed(columns))
    return json.dumps([{"name": metadata.said(name), "values": plain[name]} for name in columns]).encode()


def _headed(header: dict, *parts: bytes) -> bytes:
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *parts])


def trust_bytes(engine: Engine) -> bytes:
    """The trust field as a PNG whose opacity is the trust; north up, covering trust_box."""
    field, _ = engine.atlas.projector.trust_field()
    pixels = np.empty((*field.shape, 4), np.uint8)
    pixels[..., :3] = TRUST_RGB
    pixels[..., 3] = np.rint(TRUST_ALPHA * np.clip(field, 0, 1))
    out = io.BytesIO()
    Image.fromarray(pixels[::-1]).save(out, "png")
    return out.getvalue()


_PARTS: dict[str, tuple[str, Callable[..., bytes]]] = {
    "map.bin": ("application/octet-stream", map_bytes),
    "thumbnails.webp": ("image/webp", lambda engine: engine.atlas.thumbnails_webp),
    "metadata.json": ("application/json", metadata_bytes),
    "trust.png": ("image/png", trust_bytes),
}
_KEYED: dict[str, Callable[..., bytes]] = {"view": view_bytes, "column": column_bytes, "row": row_bytes}
_made: WeakKeyDictionary = WeakKeyDictionary()  # engine -> {part: Asset}


def _part(name: str, part: str, key: str = "") -> Asset:
    engine = engines.engine(name)
    made = _made.setdefault(engine, {})
    if (part, key) not in made:
        if key:
            return _asset(_KEYED[part](engine, key), "application/octet-stream")
        mime, make = _PARTS[part]
        made[part, key] = _asset(make(engine), mime)
    return made[part, key]


async def part(request: Request) -> Response:
    """The map, sprite sheet or trust field of a checkpoint."""
    name, wanted = request.path_params["checkpoint"], request.path_params["part"]
    if wanted not in _PARTS:
        return PlainTextResponse(_("no such part; known: {parts}", parts=", ".join(_PARTS)), 404)
    return await _answer(request, name, wanted)


async def keyed(request: Request) -> Response:
    """One of many parts of a kind: a view of the map, a quantity of its rows, the values of one row."""
    name, wanted, key = (request.path_params[p] for p in ("checkpoint", "part", "key"))
    if wanted not in _KEYED:
        return PlainTextResponse(_("no such part; known: {keyed}", keyed=", ".join(_KEYED)), 404)
    return await _answer(request, name, wanted, key)


async def _answer(request: Request, *what: str) -> Response:
    try:
        return _respond(request, await asyncio.to_thread(_part, *what))
    except (UnknownName, SettingError) as error:
        return PlainTextResponse(str(error), 404)
    except ZscopeError as error:
        return PlainTextResponse(str(error), 500)


# ---------------------------------------------------------------- frames


async def frames(request: Request) -> Response:
    """A part of the Frames of a key: index.json, fixed.bin, or the number of a frame with .bin."""
    kind, id, wanted = (request.path_params[p] for p in ("kind", "id", "part"))
    try:
        return _respond(request, await asyncio.to_thread(_frames, f"{kind}/{id}", wanted))
    except (UnknownName, FileNotFoundError, ValueError) as error:  # gone, perhaps just now, or never there
        return PlainTextResponse(str(error) or _("not there"), 404)
    except ZscopeError as error:
        return PlainTextResponse(str(error), 500)


def _frames(key: str, part: str) -> Asset:
    if part == "index.json":
        return _asset(json.dumps(theatre.index(key), allow_nan=False).encode(), "application/json")
    found = theatre.of(key)
    if found is None:
        raise ValueError(f"{key} has no snapshot")
    if part == "fixed.bin":
        return _asset(theatre.fixed_bytes(found), "application/octet-stream")
    number = int(part.removesuffix(".bin"))
    if not 0 <= number < len(found.snapshots):
        raise ValueError(f"frame {number}: expected 0 to {len(found.snapshots) - 1}")
    return _asset(theatre.frame_bytes(found, number), "application/octet-stream")


ENDPOINTS: dict[str, Endpoint] = {  # by the path below the app's own address
    "/browser/shared/messages.js": messages,
    "/browser/shared/palette.js": colours,
    "/browser/{path:path}": script,
    "/frames/{kind}/{id}/{part}": with_token(frames),
    "/asset/{checkpoint}/{part}": with_token(part),
    "/asset/{checkpoint}/{part}/{key}": with_token(keyed),
}
