"""What the user has chosen, and how a choice changes it. Plain data and pure functions; links.py puts it in a link."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from vae.studies.point import Point, point_of

DEFAULT_MODEL = "fashion-vae"
METHODS = ("linear", "slerp", "geodesic")
SOURCES = ("prior", "aggregate", "mixture")
TOOLS = ("sliders", "posterior", "draw", "group", "attribute")
COUNTS = (16, 36, 64, 100)
TEMPERATURE_MAX = 2.0
SEED_MAX = 2**31 - 1
LEVELS_MAX = 99
LABEL_MAX = 254  # what the live channel's byte can say
WAYPOINTS_MAX = 12
COORDINATE_MAX = 1e4  # largest |z_j| or map coordinate
ROW_MAX = 10**9 - 1
UNDO_STEPS = 50
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
FRAMES = re.compile(r"[a-z]+/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
CHOICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.,:+-]{0,63}")


@dataclass(frozen=True)
class Studio:
    """Everything a link restores, and what undo and redo go through: `past` and `future`, each the MARKS of a step."""

    model: str = DEFAULT_MODEL
    point: Point | None = None
    pin: Point | None = None  # kept to flip between
    waypoints: tuple[Point, ...] = ()  # of the way on Interpolate
    selected: tuple[int, ...] = ()  # rows of the map, rising
    group_a: tuple[int, ...] = ()
    group_b: tuple[int, ...] = ()
    method: str = "linear"
    t: float = 0.5
    temperature: float = 1.0
    seed: int = 0
    count: int = 36
    source: str = "prior"
    other: str = ""
    held: int = 0  # levels of the kept point that Generate keeps, from the top, for a hierarchical model
    label: int = -1  # a conditional model decodes with it; -1: that of the nearest sample
    tool: str = "sliders"  # what is open beside the map
    view: str = "umap"  # how the map is laid out
    colour: str = "label"  # what its points are coloured by
    camera: tuple[float, float, float, float] | None = None  # x0, x1, y0, y1 of the map in sight; None: all of it
    watched: str = ""  # on Train, the frames in the theatre, as app.live.theatre names them; "": the list of runs
    beside: str = ""  # those laid over them
    past: tuple[tuple, ...] = field(default=(), compare=False)
    future: tuple[tuple, ...] = field(default=(), compare=False)


MARKS = ("point", "pin", "waypoints", "selected", "group_a", "group_b")  # what undo brings back; settings stay
POINTS = ("point", "pin")
ROWS = ("selected", "group_a", "group_b")


# ---------------------------------------------------------------- transitions


def commit(state: Studio, point: Point | None) -> Studio:
    """The point under study becomes `point`; undo brings the last one back."""
    return _mark(state, point=point)


def start(state: Studio, **marks) -> Studio:
    """What a page begins with where nothing was chosen yet: no step of the user's, so none that undo goes back before.

    marks: values of POINTS, ROWS or waypoints, each set where it is empty, in every step that was kept too.
    """
    at = {MARKS.index(name): value for name, value in marks.items()}

    def begun(step: tuple) -> tuple:
        return tuple(at[i] if i in at and not value else value for i, value in enumerate(step))

    now = {name: getattr(state, name) or value for name, value in marks.items()}
    return replace(state, **now, past=tuple(map(begun, state.past)), future=tuple(map(begun, state.future)))


def pin(state: Studio, point: Point | None) -> Studio:
    """`point` is kept to flip to; None lets it go."""
    return _mark(state, pin=point)


def select(state: Studio, rows: Iterable[int], into: str = "selected") -> Studio:
    """These rows of the map are the selection, or group_a or group_b. Raises: ValueError: no such group or rows."""
    if into not in ROWS:
        raise ValueError(f"unknown group {into!r}; known: {', '.join(ROWS)}")
    chosen = tuple(sorted({int(row) for row in rows}))
    if chosen and not 0 <= chosen[0] <= chosen[-1] <= ROW_MAX:
        raise ValueError(f"rows from {chosen[0]} to {chosen[-1]}; expected 0 to {ROW_MAX}")
    return _mark(state, **{into: chosen})


def set_waypoints(state: Studio, waypoints: Sequence[Point]) -> Studio:
    """The way leads through these points, in this order. Raises: ValueError: more than WAYPOINTS_MAX."""
    if len(waypoints) > WAYPOINTS_MAX:
        raise ValueError(f"{len(waypoints)} waypoints; at most {WAYPOINTS_MAX}")
    return _mark(state, waypoints=tuple(waypoints))


def add_waypoint(state: Studio, point: Point, at: int | None = None) -> Studio:
    """One more waypoint, before the one that is now number `at`, or as the last. Raises: ValueError: too many."""
    at = len(state.waypoints) if at is None else at
    return set_waypoints(state, (*state.waypoints[:at], point, *state.waypoints[at:]))


def move_waypoint(state: Studio, at: int, point: Point) -> Studio:
    """Waypoint number `at` goes to `point`. Raises: ValueError: there is no such waypoint."""
    _waypoint(state, at)
    return set_waypoints(state, (*state.waypoints[:at], point, *state.waypoints[at + 1 :]))


def remove_waypoint(state: Studio, at: int) -> Studio:
    """Without waypoint number `at`. Raises: ValueError: there is no such waypoint, or only two are left."""
    _waypoint(state, at)
    if len(state.waypoints) <= 2:
        raise ValueError("a way has at least two waypoints")
    return set_waypoints(state, (*state.waypoints[:at], *state.waypoints[at + 1 :]))


def pick(state: Studio, point: Point) -> Studio:
    """A click on the map: it gives a way its two ends, then moves whichever waypoint is nearest on the map."""
    if len(state.waypoints) < 2:
        return add_waypoint(state, point)
    apart = [_apart(waypoint, point) for waypoint in state.waypoints]
    return move_waypoint(state, apart.index(min(apart)), point)


def reverse(state: Studio) -> Studio:
    """The way is walked backwards."""
    return replace(set_waypoints(state, state.waypoints[::-1]), t=1 - state.t)


def undo(state: Studio) -> Studio:
    """The marks as they were before the last change; settings stay."""
    if not state.past:
        return state
    marks = dict(zip(MARKS, state.past[-1], strict=True))
    return replace(state, **marks, past=state.past[:-1], future=_kept(state.future, state))


def redo(state: Studio) -> Studio:
    """What undo took back."""
    if not state.future:
        return state
    marks = dict(zip(MARKS, state.future[-1], strict=True))
    return replace(state, **marks, past=_kept(state.past, state), future=state.future[:-1])


def choose(state: Studio, **settings) -> Studio:
    """New settings, each within its limits. Raises: ValueError: a setting that does not exist or is out of range."""
    for name, value in settings.items():
        if name not in CHECKS:
            raise ValueError(f"unknown setting {name!r}; known: {', '.join(CHECKS)}")
        CHECKS[name](value)
    return replace(state, **settings)


def choose_model(state: Studio, name: str, d: int, row_there: Callable[[int], int | None]) -> Studio:
    """Another model: settings stay, and each point that still means something there.

    A reference row becomes row_there(row), the same sample there (None: not shown); a bare z stays if it has d numbers.
    Either is placed anew on the new map, of which all is in sight.
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

    def rows(group: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(sorted(there for row in group if (there := row_there(row)) is not None))

    marks: dict = {name: carried(getattr(state, name)) for name in POINTS}
    marks |= {name: rows(getattr(state, name)) for name in ROWS}
    marks["waypoints"] = tuple(there for p in state.waypoints if (there := carried(p)) is not None)
    state = choose(state, model=name, label=-1, held=0, view="umap", colour="label", camera=None)
    return replace(state, **marks, past=(), future=())


def placed(state: Studio, atlas_z, atlas_xy, to_map) -> tuple[Studio, tuple[str, ...]]:
    """The state with z and xy of every point, from the atlas or to_map (z (d) -> xy (2)), and what was dropped."""
    n, d = atlas_z.shape
    problems: list[str] = []

    def place(p: Point | None, label: str) -> Point | None:
        if p is None or (p.z and len(p.z) == d and p.xy is not None):
            return p
        if not p.z and p.row is not None and p.row < n:
            return point_of(atlas_z[p.row], atlas_xy[p.row], p.row)
        if not p.z and p.row is not None:
            problems.append(f"{label} is row {p.row}, but {state.model} has {n} reference rows; it was left out")
        elif len(p.z) != d:
            problems.append(f"{label} has {len(p.z)} numbers, but a latent of {state.model} has {d}; it was left out")
        else:
            return point_of(p.z, to_map(p.z), p.row)
        return None

    marks: dict = {name: place(getattr(state, name), f"the {name}") for name in POINTS}
    way = [place(p, f"waypoint {letter(i)}") for i, p in enumerate(state.waypoints)]
    marks["waypoints"] = tuple(p for p in way if p is not None)
    for name in ROWS:
        group = getattr(state, name)
        marks[name] = group if not group or group[-1] < n else tuple(row for row in group if row < n)
        if len(marks[name]) < len(group):
            gone = len(group) - len(marks[name])
            problems.append(f"{gone} rows of {name} lie beyond the {n} of {state.model}; they were left out")
    changed = {name: value for name, value in marks.items() if value != getattr(state, name)}
    return (replace(state, **changed) if changed else state), tuple(problems)


def letter(at: int) -> str:
    """What waypoint number `at` is called: A, B, C ..."""
    return chr(ord("A") + at)


def _mark(state: Studio, **marks) -> Studio:
    """The state with other marks, one step on; the same state where nothing changes."""
    if all(getattr(state, name) == value for name, value in marks.items()):
        return state
    return replace(state, **marks, past=_kept(state.past, state), future=())


def _kept(steps: tuple[tuple, ...], state: Studio) -> tuple[tuple, ...]:
    return (*steps, tuple(getattr(state, name) for name in MARKS))[-UNDO_STEPS:]


def _waypoint(state: Studio, at: int) -> None:
    if not 0 <= at < len(state.waypoints):
        raise ValueError(f"waypoint {at}; expected 0 to {len(state.waypoints) - 1}")


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


def _choice(value) -> None:
    if not (isinstance(value, str) and CHOICE.fullmatch(value)):
        raise ValueError("expected a name: up to 64 letters, digits, spaces or one of _ . , : + -")


def _frames(value) -> None:
    if value != "" and not (isinstance(value, str) and FRAMES.fullmatch(value)):
        raise ValueError("expected frames by their kind and name, as run/20260101-120000-000-digits-vae")


def _camera(value) -> None:
    if value is None:
        return
    numbers = isinstance(value, tuple) and len(value) == 4 and all(isinstance(v, (int, float)) for v in value)
    if not (numbers and all(abs(v) <= COORDINATE_MAX for v in value) and value[0] < value[1] and value[2] < value[3]):
        raise ValueError(f"expected four numbers x0 < x1, y0 < y1 within +-{COORDINATE_MAX:g}")


CHECKS = {
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
    "tool": _one_of(TOOLS),
    "view": _choice,
    "colour": _choice,
    "camera": _camera,
    "watched": _frames,
    "beside": _frames,
}
