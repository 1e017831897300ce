"""The studio as a link, and as a file where a link would be too long. Pure; nothing that a link says is believed."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.state.studio import CHECKS, COORDINATE_MAX, POINTS, ROW_MAX, ROWS, WAYPOINTS_MAX, Studio
from vae.studies.point import Point

WIDTH_MAX = 512  # latent dimensions a link may carry
LINK_MAX = 4000  # characters of a link's parameters; what is beyond fits in no address bar for sure
ROWS_MAX = 1_000_000
RECIPE, RECIPE_BYTES = "zscope studio", 20_000_000
_READ = {"t": float, "temperature": float, "seed": int, "count": int, "label": int, "held": int}
_KEYS = {"point": "p", "pin": "pin", "waypoints": "w", "selected": "s", "group_a": "ga", "group_b": "gb"}


def to_query(state: Studio, longest: int | None = LINK_MAX) -> tuple[dict[str, str], tuple[str, ...]]:
    """The link's parameters, and what had to be left out, in words, to keep it shorter than `longest` characters.

    What equals its default is left out, the model never. Groups of rows are what gives way.
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
                left_out.append(f"{name.replace('_', ' ')} ({len(rows)} rows)")
            else:
                query[_KEYS[name]] = packed
    return query, tuple(left_out)


def from_query(query: Mapping[str, str]) -> tuple[Studio, tuple[str, ...]]:
    """The state a link asks for, and a sentence for each part that could not be read and took its default."""
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
        except (ValueError, OverflowError) as error:
            reason = str(error) if str(error).startswith("expected") else "expected a number"
            problems.append(f"{name}={_short(text)} in the link: {reason}")
    for name, key in _KEYS.items():
        if key not in query:
            continue
        text = str(query[key])
        read = _unpack if name in POINTS else _unpack_rows if name in ROWS else _unpack_way
        try:
            found[name] = read(text)
        except ValueError as error:
            problems.append(f"{key}={_short(text)} in the link: {error}")
    return replace(Studio(), **found), tuple(problems)


def to_recipe(state: Studio, digest: str) -> str:
    """The whole state as a JSON file, however much is selected. digest: what the model's file hashes to."""
    return json.dumps({"recipe": RECIPE, "version": 1, "digest": digest, "link": to_query(state, None)[0]}, indent=1)


def from_recipe(text: str | bytes) -> tuple[Studio, str, tuple[str, ...]]:
    """State, digest of the model it was made with, and what could not be read. Raises: ValueError: no such file."""
    if len(text) > RECIPE_BYTES:
        raise ValueError(f"a file of {len(text)} bytes; a recipe has at most {RECIPE_BYTES}")
    try:
        recipe = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("expected a JSON file that Copy link or Save as file made; this is no JSON") from None
    if not isinstance(recipe, dict) or recipe.get("recipe") != RECIPE:
        raise ValueError(f'expected a JSON object with "recipe": "{RECIPE}", as Save as file makes it')
    if recipe.get("version") != 1:
        raise ValueError(f"version {recipe.get('version')!r} of a recipe; this zscope reads version 1")
    link = recipe.get("link")
    if not isinstance(link, dict) or not all(isinstance(v, str) for v in link.values()):
        raise ValueError('expected the parameters of a link under "link"')
    state, problems = from_query(link)
    return state, str(recipe.get("digest", "")), problems


# ---------------------------------------------------------------- parts


def _text(value) -> str:
    if isinstance(value, tuple):
        return ",".join(f"{v:.6g}" for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _camera(text: str) -> tuple[float, ...]:
    return tuple(float(v) for v in text[:200].split(","))


def _pack(p: Point) -> str:
    """A row as r<number>; else float32 (x, y, z...) in base64url, x = y = NaN for a point not yet placed."""
    if p.row is not None:
        return f"r{p.row}"
    x, y = p.xy or (math.nan, math.nan)
    return base64.urlsafe_b64encode(struct.pack(f"<{len(p.z) + 2}f", x, y, *p.z)).decode().rstrip("=")


def _unpack(text: str) -> Point:
    if re.fullmatch(r"r\d{1,9}", text):
        return Point(row=int(text[1:]))
    if len(text) > math.ceil((WIDTH_MAX + 2) * 4 / 3) * 4:
        raise ValueError(f"longer than a point of {WIDTH_MAX} numbers")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("expected r<row> or a packed point") from None
    if len(raw) % 4 or not 3 <= len(raw) // 4 <= WIDTH_MAX + 2:
        raise ValueError("expected r<row> or a packed point; it seems cut short")
    x, y, *z = struct.unpack(f"<{len(raw) // 4}f", raw)
    xy = None if math.isnan(x) and math.isnan(y) else (x, y)
    if not all(abs(v) <= COORDINATE_MAX for v in (*(xy or ()), *z)):  # NaN fails this too
        raise ValueError(f"its numbers must be finite and within +-{COORDINATE_MAX:g}")
    return Point(tuple(z), xy)


def _unpack_way(text: str) -> tuple[Point, ...]:
    parts = text.split(".", WAYPOINTS_MAX)
    if len(parts) > WAYPOINTS_MAX:
        raise ValueError(f"more than {WAYPOINTS_MAX} waypoints")
    return tuple(map(_unpack, parts))


def _pack_rows(rows: tuple[int, ...]) -> str:
    """Rising rows as the zlib-packed gaps between them, u32 each."""
    gaps = [row - before for before, row in zip((0, *rows), rows, strict=False)]
    return base64.urlsafe_b64encode(zlib.compress(struct.pack(f"<{len(gaps)}I", *gaps), 9)).decode().rstrip("=")


def _unpack_rows(text: str) -> tuple[int, ...]:
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        opened = zlib.decompressobj()
        raw = opened.decompress(packed, 4 * ROWS_MAX)
    except (binascii.Error, ValueError, zlib.error):
        raise ValueError("expected packed rows; they seem cut short") from None
    if not opened.eof or len(raw) % 4:
        raise ValueError(f"expected at most {ROWS_MAX} packed rows, whole")
    rows, at = [], 0
    for i, gap in enumerate(struct.unpack(f"<{len(raw) // 4}I", raw)):
        at += gap
        if (i and not gap) or at > ROW_MAX:
            raise ValueError("its rows must rise")
        rows.append(at)
    return tuple(rows)


def _short(text: str) -> str:
    return repr(text if len(text) <= 24 else text[:21] + "...")
