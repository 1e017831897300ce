"""What the user has chosen, and how a choice changes it. Plain data and pure functions; a link holds all of it."""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

DEFAULT_MODEL = "fashion-vae"
METHODS = ("linear", "slerp")
SOURCES = ("prior", "aggregate")
COUNTS = (16, 36, 64, 100)
TEMPERATURE_MAX = 2.0
SEED_MAX = 2**31 - 1
LEVELS_MAX = 99
LABEL_MAX = 254  # what the live channel's byte can say
WIDTH_MAX = 512  # latent dimensions a link may carry
COORDINATE_MAX = 1e4  # largest |z_j| or map coordinate a link may carry
UNDO_STEPS = 50
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Point:
    """One place of the latent space. row: the reference row it is, if any; xy: on the map, None until placed.

    A point that came from a link as a row has an empty z until `placed` fills it in.
    """

    z: tuple[float, ...] = ()
    xy: tuple[float, float] | None = None
    row: int | None = None


@dataclass(frozen=True)
class Studio:
    """Everything a link restores, plus `past`, the points before each of the last changes."""

    model: str = DEFAULT_MODEL
    point: Point | None = None
    a: Point | None = None
    b: Point | None = None
    method: str = "linear"
    t: float = 0.5
    temperature: float = 1.0
    seed: int = 0
    count: int = 36
    source: str = "prior"
    other: str = ""
    held: int = 0  # levels of the kept point that Generate keeps, from the top, for a hierarchical model
    label: int = -1  # a conditional model decodes with it; -1: that of the nearest sample
    past: tuple[tuple[Point | None, Point | None, Point | None], ...] = field(default=(), compare=False)


# ---------------------------------------------------------------- transitions


def point_of(z, xy=None, row: int | None = None) -> Point:
    """A Point from anything array-like, its numbers as Python floats."""
    place = None if xy is None else (float(xy[0]), float(xy[1]))
    return Point(tuple(float(v) for v in z), place, None if row is None else int(row))


def commit(state: Studio, point: Point | None) -> Studio:
    """The point under study becomes `point`; undo brings the last one back."""
    return state if point == state.point else replace(_remember(state), point=point)


def set_waypoints(state: Studio, **points: Point | None) -> Studio:
    """a=, b= or both: those waypoints become these points, in one step. Raises: ValueError: another name."""
    if not set(points) <= {"a", "b"}:
        raise ValueError(f"unknown waypoint among {sorted(points)}; known: a, b")
    return replace(_remember(state), **points)


def pick(state: Studio, point: Point) -> Studio:
    """A click on the map: it fills A, then B, then moves whichever of them is nearer on the map."""
    if state.a is None or state.b is None:
        which = "a" if state.a is None else "b"
    else:
        which = "a" if _apart(state.a, point) <= _apart(state.b, point) else "b"
    return set_waypoints(state, **{which: point})


def swap(state: Studio) -> Studio:
    """A and B change places."""
    return replace(_remember(state), a=state.b, b=state.a, t=1 - state.t)


def undo(state: Studio) -> Studio:
    """The points as they were before the last change; settings stay."""
    if not state.past:
        return state
    point, a, b = state.past[-1]
    return replace(state, point=point, a=a, b=b, past=state.past[:-1])


def choose(state: Studio, **settings) -> Studio:
    """New settings, each within its limits. Raises: ValueError: a setting that does not exist or is out of range."""
    for name, value in settings.items():
        if name not in _CHECKS:
            raise ValueError(f"unknown setting {name!r}; known: {', '.join(_CHECKS)}")
        _CHECKS[name](value)
    return replace(state, **settings)


def choose_model(state: Studio, name: str, d: int, row_there: Callable[[int], int | None]) -> Studio:
    """Another model: settings stay, and each point that still means something there.

    A reference row becomes row_there(row), the same sample there (None: not shown); a bare z stays if it has d numbers.
    Either is placed anew on the new map.
    """
    if name == state.model:
        return state

    def carried(p: Point | None) -> Point | None:
        if p is None:
            return None
        if p.row is not None:
            row = row_there(p.row)
            return None if row is None else Point(row=row)
        return Point(p.z) if len(p.z) == d else None

    state = choose(state, model=name, label=-1, held=0)
    return replace(state, point=carried(state.point), a=carried(state.a), b=carried(state.b), past=())


def placed(state: Studio, atlas_z, atlas_xy, to_map) -> tuple[Studio, tuple[str, ...]]:
    """The state with z and xy of every point, from the atlas or to_map (z (d) -> xy (2)), and what was dropped."""
    n, d = atlas_z.shape
    points, problems = {}, []
    for name in ("point", "a", "b"):
        p = getattr(state, name)
        label = {"point": "the point", "a": "waypoint A", "b": "waypoint B"}[name]
        if p is None or (p.z and len(p.z) == d and p.xy is not None):
            continue
        if not p.z and p.row is not None and p.row < n:
            p = point_of(atlas_z[p.row], atlas_xy[p.row], p.row)
        elif not p.z and p.row is not None:
            problems.append(f"{label} is row {p.row}, but {state.model} has {n} reference rows; it was left out")
            p = None
        elif len(p.z) != d:
            problems.append(f"{label} has {len(p.z)} numbers, but a latent of {state.model} has {d}; it was left out")
            p = None
        else:
            p = point_of(p.z, to_map(p.z), p.row)
        points[name] = p
    return (replace(state, **points) if points else state), tuple(problems)


def _remember(state: Studio) -> Studio:
    return replace(state, past=(*state.past, (state.point, state.a, state.b))[-UNDO_STEPS:])


def _apart(p: Point, q: Point) -> float:
    if p.xy is None or q.xy is None:
        return math.inf
    return math.dist(p.xy, q.xy)


# ---------------------------------------------------------------- limits


def _name(value) -> None:
    if not (isinstance(value, str) and NAME.fullmatch(value)):
        raise ValueError("expected a checkpoint's name: up to 64 letters, digits, '.', '_' or '-'")


def _between(low, high, kind):
    def check(value) -> None:
        if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
            raise ValueError(f"expected a {'whole ' if kind is int else ''}number from {low} to {high}")

    return check


def _one_of(known):
    def check(value) -> None:
        if value not in known:
            raise ValueError(f"expected one of {', '.join(map(str, known))}")

    return check


_CHECKS = {
    "model": _name,
    "method": _one_of(METHODS),
    "t": _between(0, 1, (int, float)),
    "temperature": _between(0, TEMPERATURE_MAX, (int, float)),
    "seed": _between(0, SEED_MAX, int),
    "count": _one_of(COUNTS),
    "source": _one_of(SOURCES),
    "held": _between(0, LEVELS_MAX, int),
    "label": _between(-1, LABEL_MAX, int),
    "other": lambda value: None if value == "" else _name(value),
}
_READ = {"t": float, "temperature": float, "seed": int, "count": int, "label": int, "held": int}
_POINTS = {"point": "p", "a": "a", "b": "b"}  # field -> key in the link


# ---------------------------------------------------------------- link


def to_query(state: Studio) -> dict[str, str]:
    """The link's parameters. What equals its default is left out, the model never."""
    default = Studio()
    query = {"model": state.model}
    for name in _CHECKS:
        value = getattr(state, name)
        if name != "model" and value != getattr(default, name):
            query[name] = f"{value:g}" if isinstance(value, float) else str(value)
    for name, key in _POINTS.items():
        if (p := getattr(state, name)) is not None:
            query[key] = _pack(p)
    return query


def from_query(query: Mapping[str, str]) -> tuple[Studio, tuple[str, ...]]:
    """The state a link asks for, and a sentence for each part that could not be read and took its default."""
    found, problems = {}, []
    for name, check in _CHECKS.items():
        if name not in query:
            continue
        text = str(query[name])
        try:
            value = _READ.get(name, str)(text)
            check(value)
            found[name] = value
        except (ValueError, OverflowError) as error:
            reason = str(error) if str(error).startswith("expected") else "expected a number"
            problems.append(f"{name}={_short(text)} in the link: {reason}")
    for name, key in _POINTS.items():
        if key in query:
            try:
                found[name] = _unpack(str(query[key]))
            except ValueError as error:
                problems.append(f"{key}={_short(str(query[key]))} in the link: {error}")
    return Studio(**found), tuple(problems)


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


def _short(text: str) -> str:
    return repr(text if len(text) <= 24 else text[:21] + "...")
