"""The state as a link, or as a file if a link would be too long. Every value of a link is checked."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from app.state.studio import (
    CHECKS,
    COORDINATE_MAX,
    POINTS,
    ROW_MAX,
    ROW_NAMES,
    ROWS,
    InvalidValue,
    Studio,
)
from vae.studies.point import WAYPOINTS_MAX, Point
from vae.text import _, ngettext, number, size

WIDTH_MAX = 512  # latent dimensions of a point in a link
LINK_MAX = 4000  # characters of a link's parameters; longer ones may not fit into an address bar
ROWS_MAX = 1_000_000
PAGES = ("explore", "interpolate", "generate", "compare", "train", "model")
RECIPE, RECIPE_BYTES = "zscope studio", 20_000_000


def _frames_key(text: str) -> str:
    """The key of frames in a link; older versions called a sweep a ladder."""
    return text.replace("ladder/", "sweep/", 1) if text.startswith("ladder/") else text


_READ: dict[str, Callable[[str], Any]] = {
    "watched": _frames_key,
    "beside": _frames_key,
    "t": float,
    "residual": float,
    "temperature": float,
    "seed": int,
    "count": int,
    "label": int,
    "held": int,
}
_KEYS = {
    "point": "p",
    "pin": "pin",
    "held_sample": "h",
    "waypoints": "w",
    "selected": "s",
    "group_a": "ga",
    "group_b": "gb",
}


def to_query(state: Studio, longest: int | None = LINK_MAX) -> tuple[dict[str, str], tuple[str, ...]]:
    """The link's parameters, and the names of the groups left out to keep it shorter than `longest` characters.

    Settings at their default are omitted, except for the model. Only groups of rows are left out.
    """
    default = Studio()
    query = {"model": state.model}
    for name in CHECKS:
        value = getattr(state, name)
        if name != "model" and value != getattr(default, name):
            query[name] = _text(value)
    for name in POINTS:
        if (p := getattr(state, name)) is not None:
            query[_KEYS[name]] = _pack(p)
    if state.waypoints:
        query["w"] = ".".join(map(_pack, state.waypoints))
    left_out = []
    for name in ROWS:
        if rows := getattr(state, name):
            packed = _pack_rows(rows)
            if longest is not None and sum(len(k) + len(v) + 2 for k, v in query.items()) + len(packed) > longest:
                group = _(ROW_NAMES[name])
                left_out.append(ngettext("{group} ({n} sample)", "{group} ({n} samples)", len(rows), group=group))
            else:
                query[_KEYS[name]] = packed
    return query, tuple(left_out)


def from_query(query: Mapping[str, str]) -> tuple[Studio, tuple[str, ...]]:
    """The state of a link, and a sentence for each part that could not be read and has its default."""
    found: dict[str, Any] = {}
    problems: list[str] = []
    for name, check in CHECKS.items():
        if name not in query:
            continue
        text = str(query[name])
        try:
            value = _camera(text) if name == "camera" else _READ.get(name, str)(text)
            check(value)
            found[name] = value
        except InvalidValue as error:
            problems.append(_problem(name, text, error))
        except (ValueError, OverflowError):
            problems.append(_problem(name, text, _("expected a number")))
    for name, key in _KEYS.items():
        if key not in query:
            continue
        text = str(query[key])
        read = _unpack if name in POINTS else _unpack_rows if name in ROWS else _unpack_path
        try:
            found[name] = read(text)
        except ValueError as error:
            problems.append(_problem(key, text, error))
    return replace(Studio(), **found), tuple(problems)


def to_recipe(state: Studio, digest: str, page: str) -> str:
    """The whole state as JSON, including selections of any size. digest: hash of the model's weights; page: the one of
    PAGES that shows it."""
    whole = {"recipe": RECIPE, "version": 1, "page": page, "digest": digest, "link": to_query(state, None)[0]}
    return json.dumps(whole, indent=1)


def from_recipe(text: str | bytes) -> tuple[Studio, str, str, tuple[str, ...]]:
    """The state, the digest of its model, its page ("" in files of older versions), and what could not be read.

    Raises: ValueError: not a saved file.
    """
    if len(text) > RECIPE_BYTES:
        message = _(
            "the file has {size}; a saved file has at most {most}", size=size(len(text)), most=size(RECIPE_BYTES)
        )
        raise ValueError(message)
    try:
        recipe = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(_('this is not JSON; expected a file from "Save as file"')) from None
    if not isinstance(recipe, dict) or recipe.get("recipe") != RECIPE:
        raise ValueError(_('expected a JSON object with "recipe": "{name}", as in a saved file', name=RECIPE))
    if recipe.get("version") != 1:
        given = recipe.get("version")
        raise ValueError(_("the file has version {given!r}; this zscope reads version 1", given=given))
    link = recipe.get("link")
    if not isinstance(link, dict) or not all(isinstance(v, str) for v in link.values()):
        raise ValueError(_('expected the parameters of a link under "link"'))
    state, problems = from_query(link)
    page = recipe.get("page")
    return state, str(recipe.get("digest", "")), page if page in PAGES else "", problems


# ---------------------------------------------------------------- parts


def _text(value) -> str:
    if isinstance(value, tuple):
        return ",".join(f"{v:.6g}" for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _camera(text: str) -> tuple[float, ...]:
    return tuple(float(v) for v in text[:200].split(","))


def _pack(p: Point) -> str:
    """A row as r<number>; another point as float32 (x, y, z...) in base64url, with x = y = NaN if it is not placed."""
    if p.row is not None:
        return f"r{p.row}"
    x, y = p.xy or (math.nan, math.nan)
    return base64.urlsafe_b64encode(struct.pack(f"<{len(p.z) + 2}f", x, y, *p.z)).decode().rstrip("=")


def _unpack(text: str) -> Point:
    if re.fullmatch(r"r\d{1,9}", text):
        return Point(row=int(text[1:]))
    if len(text) > math.ceil((WIDTH_MAX + 2) * 4 / 3) * 4:
        raise ValueError(_("longer than a point with {most} numbers", most=number(WIDTH_MAX)))
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(_("expected r<row> or a packed point")) from None
    if len(raw) % 4 or not 3 <= len(raw) // 4 <= WIDTH_MAX + 2:
        raise ValueError(_("expected r<row> or a packed point; it seems to be truncated"))
    x, y, *z = struct.unpack(f"<{len(raw) // 4}f", raw)
    xy = None if math.isnan(x) and math.isnan(y) else (x, y)
    if not all(abs(v) <= COORDINATE_MAX for v in (*(xy or ()), *z)):  # NaN fails this too
        raise ValueError(_("its numbers must be finite and within ±{most}", most=number(COORDINATE_MAX)))
    return Point(tuple(z), xy)


def _unpack_path(text: str) -> tuple[Point, ...]:
    parts = text.split(".", WAYPOINTS_MAX)
    if len(parts) > WAYPOINTS_MAX:
        raise ValueError(_("more than {most} waypoints", most=number(WAYPOINTS_MAX)))
    return tuple(map(_unpack, parts))


def _pack_rows(rows: tuple[int, ...]) -> str:
    """Ascending rows as the zlib-compressed gaps between them, u32 each."""
    gaps = [row - before for before, row in zip((0, *rows), rows, strict=False)]
    return base64.urlsafe_b64encode(zlib.compress(struct.pack(f"<{len(gaps)}I", *gaps), 9)).decode().rstrip("=")


def _unpack_rows(text: str) -> tuple[int, ...]:
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        opened = zlib.decompressobj()
        raw = opened.decompress(packed, 4 * ROWS_MAX)
    except (binascii.Error, ValueError, zlib.error):
        raise ValueError(_("expected packed rows; they seem to be truncated")) from None
    if not opened.eof or len(raw) % 4:
        raise ValueError(_("expected at most {most} packed rows, not truncated", most=number(ROWS_MAX)))
    rows, at = [], 0
    for i, gap in enumerate(struct.unpack(f"<{len(raw) // 4}I", raw)):
        at += gap
        if (i and not gap) or at > ROW_MAX:
            raise ValueError(_("its rows must be in ascending order"))
        rows.append(at)
    return tuple(rows)


def _problem(key: str, text: str, reason: object) -> str:
    return _("{key}={value} in the link: {reason}", key=key, value=_short(text), reason=reason)


def _short(text: str) -> str:
    return repr(text if len(text) <= 24 else text[:21] + "...")
