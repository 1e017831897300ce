"""The state of the app: what the user has chosen, and its transitions. Plain data and pure functions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from vae.studies.point import WAYPOINTS_MAX, Point, point_of
from vae.text import N_, _, ngettext, number

DEFAULT_MODEL = "fashion-vae"
METHODS = ("linear", "slerp", "geodesic")
SOURCES = ("prior", "aggregate", "mixture")
TOOLS = ("sliders", "posterior", "draw", "group", "attribute", "decisions")
COUNTS = (16, 36, 64, 100)
TEMPERATURE_MAX = 2.0
SEED_MAX = 2**31 - 1
LEVELS_MAX = 99
LABEL_MAX = 254  # the largest label that fits into a byte of the live channel
COORDINATE_MAX = 1e4  # largest |z_j| or map coordinate
ROW_MAX = 10**9 - 1
UNDO_STEPS = 50
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
FRAMES = re.compile(r"[a-z]+/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
FORM = re.compile(r"([a-z0-9_]+:[A-Za-z0-9_./+-]{1,200}(,|$)){0,100}")
CHOICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.,:+-]{0,63}")


@dataclass(frozen=True)
class Studio:
    """Everything that a link restores, and the steps of undo and redo: `past` and `future`, each with its MARKS."""

    model: str = DEFAULT_MODEL
    point: Point | None = None
    pin: Point | None = None  # the point to compare with
    held_sample: Point | None = None  # whose residual places of the map are decoded with
    residual: float = 1.0  # the share of it, 0-1
    waypoints: tuple[Point, ...] = ()  # of the path on Interpolate
    selected: tuple[int, ...] = ()  # rows of the map, ascending
    group_a: tuple[int, ...] = ()
    group_b: tuple[int, ...] = ()
    method: str = "linear"
    t: float = 0.5
    temperature: float = 1.0
    seed: int = 0
    count: int = 36
    source: str = "prior"
    other: str = ""
    held: int = 0  # latent levels, from the top, that Generate keeps from the Explore point; hierarchical models only
    label: int = -1  # with which a conditional model decodes; -1: that of the nearest sample
    tool: str = "sliders"  # the open tool beside the map
    view: str = "umap"  # the layout of the map
    colour: str = "label"  # the quantity that colours its points
    classifier: str = ""  # whose decisions are shown below them and along a path; "": none
    camera: tuple[float, float, float, float] | None = None  # x0, x1, y0, y1 of the visible map; None: all of it
    watched: str = ""  # on Train, the frames in the theatre, by their key in app.live.theatre; "": the list of runs
    beside: str = ""  # the frames drawn over them
    form: str = ""  # what was changed in the form on Train, see app.state.training_form.to_text
    past: tuple[tuple, ...] = field(default=(), compare=False)
    future: tuple[tuple, ...] = field(default=(), compare=False)


SETTINGS = (
    "view",
    "colour",
    "classifier",
    "label",
    "residual",
    "method",
    "temperature",
    "seed",
    "count",
    "source",
    "held",
)
POINTS = ("point", "pin", "held_sample")
MARKS = (*POINTS, "waypoints", "selected", "group_a", "group_b", *SETTINGS)  # what undo restores
ROWS = ("selected", "group_a", "group_b")
ROW_NAMES = {"selected": N_("the selection"), "group_a": N_("group A"), "group_b": N_("group B")}


# ---------------------------------------------------------------- transitions


def commit(state: Studio, point: Point | None) -> Studio:
    """Set the current point; undo restores the previous one."""
    return _mark(state, point=point)


def start(state: Studio, **marks) -> Studio:
    """Initial values where nothing was chosen yet. This is not a step of the user, so that undo does not go before it.

    marks: values of POINTS, ROWS or waypoints; each is set if it is empty, also in all stored steps.
    """
    at = {MARKS.index(name): value for name, value in marks.items()}

    def filled(step: tuple) -> tuple:
        return tuple(at[i] if i in at and not value else value for i, value in enumerate(step))

    now = {name: getattr(state, name) or value for name, value in marks.items()}
    return replace(state, **now, past=tuple(map(filled, state.past)), future=tuple(map(filled, state.future)))


def pin(state: Studio, point: Point | None) -> Studio:
    """Pin a point to compare with; None removes the pin."""
    return _mark(state, pin=point)


def hold(state: Studio, point: Point | None) -> Studio:
    """Hold a sample: places of the map are decoded with its residual from now on. None releases it."""
    return _mark(state, held_sample=point)


def select(state: Studio, rows: Iterable[int], into: str = "selected") -> Studio:
    """Set the selection, or group_a or group_b, to these rows of the map. Raises: ValueError: no such group or rows."""
    if into not in ROWS:
        raise ValueError(f"unknown group {into!r}; known: {', '.join(ROWS)}")
    chosen = tuple(sorted({int(row) for row in rows}))
    if chosen and not 0 <= chosen[0] <= chosen[-1] <= ROW_MAX:
        raise ValueError(
            _("rows from {low} to {high}; expected 0 to {most}", low=chosen[0], high=chosen[-1], most=ROW_MAX)
        )
    return _mark(state, **{into: chosen})


def set_waypoints(state: Studio, waypoints: Sequence[Point]) -> Studio:
    """Set the waypoints of the path, in this order. Raises: ValueError: more than WAYPOINTS_MAX."""
    if len(waypoints) > WAYPOINTS_MAX:
        given, most = number(len(waypoints)), number(WAYPOINTS_MAX)
        raise ValueError(_("a path has at most {most} waypoints, this one would have {given}", given=given, most=most))
    return _mark(state, waypoints=tuple(waypoints))


def add_waypoint(state: Studio, point: Point, at: int | None = None) -> Studio:
    """Add a waypoint before number `at`, or as the last one. Raises: ValueError: too many waypoints."""
    at = len(state.waypoints) if at is None else at
    return set_waypoints(state, (*state.waypoints[:at], point, *state.waypoints[at:]))


def move_waypoint(state: Studio, at: int, point: Point) -> Studio:
    """Move waypoint number `at` to `point`. Raises: ValueError: there is no such waypoint."""
    _waypoint(state, at)
    return set_waypoints(state, (*state.waypoints[:at], point, *state.waypoints[at + 1 :]))


def remove_waypoint(state: Studio, at: int) -> Studio:
    """Remove waypoint number `at`. Raises: ValueError: there is no such waypoint, or only two are left."""
    _waypoint(state, at)
    if len(state.waypoints) <= 2:
        raise ValueError(_("a path has at least two waypoints"))
    return set_waypoints(state, (*state.waypoints[:at], *state.waypoints[at + 1 :]))


def pick(state: Studio, point: Point) -> Studio:
    """A click on the map: sets the two ends of a path, then moves the waypoint that is nearest on the map."""
    if len(state.waypoints) < 2:
        return add_waypoint(state, point)
    apart = [_apart(waypoint, point) for waypoint in state.waypoints]
    return move_waypoint(state, apart.index(min(apart)), point)


def reverse(state: Studio) -> Studio:
    """Reverse the path."""
    return replace(set_waypoints(state, state.waypoints[::-1]), t=1 - state.t)


def undo(state: Studio) -> Studio:
    """Restore the marks before the last change."""
    if not state.past:
        return state
    marks = dict(zip(MARKS, state.past[-1], strict=True))
    return replace(state, **marks, past=state.past[:-1], future=_pushed(state.future, state))


def redo(state: Studio) -> Studio:
    """Repeat the change that undo reverted."""
    if not state.future:
        return state
    marks = dict(zip(MARKS, state.future[-1], strict=True))
    return replace(state, **marks, past=_pushed(state.past, state), future=state.future[:-1])


def choose(state: Studio, **settings) -> Studio:
    """Change settings. A change of SETTINGS is a step that undo can revert; where one looks is not: the model, the
    tool, the camera, the position on a path.

    Raises: ValueError: a setting that does not exist; InvalidValue: a value that is not valid."""
    for name, value in settings.items():
        if name not in CHECKS:
            raise ValueError(f"unknown setting {name!r}; known: {', '.join(CHECKS)}")
        CHECKS[name](value)
    where = {name: value for name, value in settings.items() if name not in MARKS}
    return _mark(replace(state, **where), **{name: settings[name] for name in settings if name in MARKS})


def choose_model(state: Studio, name: str, d: int, row_there: Callable[[int], int | None]) -> Studio:
    """Switch to another model. Settings do not change, and points are transferred if they exist there.

    A reference row becomes row_there(row), the row of the same sample (None: it has none); any other z is transferred
    if it has d numbers. Both are placed on the new map, which is shown as a whole.
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
    state = choose(state, model=name, label=-1, held=0, view="umap", colour="label", classifier="", camera=None)
    return replace(state, **marks, past=(), future=())


def unplaced(state: Studio) -> Studio:
    """The state on a map that was laid out anew: its points keep their latents and lose their positions."""

    def free(p: Point | None) -> Point | None:
        return None if p is None else replace(p, xy=None)

    marks: dict = {name: free(getattr(state, name)) for name in POINTS}
    return replace(state, camera=None, waypoints=tuple(replace(p, xy=None) for p in state.waypoints), **marks)


def placed(state: Studio, atlas_z, atlas_xy, to_map) -> tuple[Studio, tuple[str, ...]]:
    """The state with z and xy of every point, from the atlas or to_map (z (d) -> xy (2)), and a sentence for each point
    or group of rows that was left out."""
    n, d = atlas_z.shape
    problems: list[str] = []

    def place(p: Point | None, label: str) -> Point | None:
        if p is None or (p.z and len(p.z) == d and p.xy is not None):
            return p
        if not p.z and p.row is not None and p.row < n:
            return point_of(atlas_z[p.row], atlas_xy[p.row], p.row)
        if not p.z and p.row is not None:
            problems.append(
                ngettext(
                    "{point} was left out: it is row {row}, but {model} has {n} reference row",
                    "{point} was left out: it is row {row}, but {model} has {n} reference rows",
                    n,
                    point=label,
                    row=p.row,
                    model=state.model,
                )
            )
        elif len(p.z) != d:
            problems.append(
                ngettext(
                    "{point} was left out: it has {n} number, but a latent of {model} has {d}",
                    "{point} was left out: it has {n} numbers, but a latent of {model} has {d}",
                    len(p.z),
                    point=label,
                    model=state.model,
                    d=number(d),
                )
            )
        else:
            return point_of(p.z, to_map(p.z), p.row)
        return None

    names = {"point": _("The point"), "pin": _("The pin"), "held_sample": _("The held sample")}
    marks: dict = {name: place(getattr(state, name), names[name]) for name in POINTS}
    waypoints = [place(p, _("Waypoint {letter}", letter=letter(i))) for i, p in enumerate(state.waypoints)]
    marks["waypoints"] = tuple(p for p in waypoints if p is not None)
    for name in ROWS:
        group = getattr(state, name)
        marks[name] = group if not group or group[-1] < n else tuple(row for row in group if row < n)
        if len(marks[name]) < len(group):
            problems.append(
                ngettext(
                    "{n} row of {group} was left out: {model} has only {rows} reference rows",
                    "{n} rows of {group} were left out: {model} has only {rows} reference rows",
                    len(group) - len(marks[name]),
                    group=_(ROW_NAMES[name]),
                    model=state.model,
                    rows=number(n),
                )
            )
    changed = {name: value for name, value in marks.items() if value != getattr(state, name)}
    return (replace(state, **changed) if changed else state), tuple(problems)


def letter(at: int) -> str:
    """The letter of waypoint number `at`: A, B, C ..."""
    return chr(ord("A") + at)


def _mark(state: Studio, **marks) -> Studio:
    """The state with new marks, as a step that undo can revert; the same state if nothing changes."""
    if all(getattr(state, name) == value for name, value in marks.items()):
        return state
    return replace(state, **marks, past=_pushed(state.past, state), future=())


def _pushed(steps: tuple[tuple, ...], state: Studio) -> tuple[tuple, ...]:
    return (*steps, tuple(getattr(state, name) for name in MARKS))[-UNDO_STEPS:]


def _waypoint(state: Studio, at: int) -> None:
    if not 0 <= at < len(state.waypoints):
        last = len(state.waypoints) - 1
        raise ValueError(_("there is no waypoint {given}; expected 0 to {last}", given=at, last=last))


def _apart(p: Point, q: Point) -> float:
    if p.xy is None or q.xy is None:
        return math.inf
    return math.dist(p.xy, q.xy)


# ---------------------------------------------------------------- limits


class InvalidValue(ValueError):
    """A setting has a value that is not valid; the message says what is expected."""


def _name(value) -> None:
    if not (isinstance(value, str) and NAME.fullmatch(value)):
        raise InvalidValue(_("expected the name of a checkpoint: up to 64 letters, digits, '.', '_' or '-'"))


def _between(low, high, kind):
    def check(value) -> None:
        if isinstance(value, bool) or not isinstance(value, kind) or not low <= value <= high:
            if kind is int:
                raise InvalidValue(_("expected a whole number from {low} to {high}", low=low, high=high))
            raise InvalidValue(_("expected a number from {low} to {high}", low=low, high=high))

    return check


def _one_of(known):
    def check(value) -> None:
        if value not in known:
            raise InvalidValue(_("expected one of {known}", known=", ".join(map(str, known))))

    return check


def _choice(value) -> None:
    if not (isinstance(value, str) and CHOICE.fullmatch(value)):
        raise InvalidValue(_("expected a name: up to 64 letters, digits, spaces or any of _ . , : + -"))


def _frames(value) -> None:
    if value != "" and not (isinstance(value, str) and FRAMES.fullmatch(value)):
        raise InvalidValue(_("expected the key of frames, such as run/20260101-120000-000-digits-vae"))


def _form(value) -> None:
    if not (isinstance(value, str) and FORM.fullmatch(value)):
        raise InvalidValue(_("expected what was changed in the form, such as data:digits,epochs:30"))


def _camera(value) -> None:
    if value is None:
        return
    numbers = isinstance(value, tuple) and len(value) == 4 and all(isinstance(v, (int, float)) for v in value)
    if not (numbers and all(abs(v) <= COORDINATE_MAX for v in value) and value[0] < value[1] and value[2] < value[3]):
        most = number(COORDINATE_MAX)
        raise InvalidValue(_("expected four numbers x0 < x1, y0 < y1 within ±{most}", most=most))


CHECKS = {
    "model": _name,
    "method": _one_of(METHODS),
    "residual": _between(0, 1, (int, float)),
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
    "classifier": lambda value: None if value == "" else _choice(value),
    "camera": _camera,
    "watched": _frames,
    "beside": _frames,
    "form": _form,
}
