"""An array to samples: what its axes are, what its values mean, and of which modality it is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ...errors import SettingError
from ...modalities import value_range
from ...modalities.picture_files import GROUNDS, PictureLevels, Ranges
from ...registry import MODALITIES, Modality
from ...text import _, ngettext, number
from .choices import Choices
from .decisions import Decision, decide
from .rows import FEWEST, check_room

AXES = {  # of an array -> of its modality
    "nct": "line", "ntc": "line", "nhw": "grid", "hwn": "grid", "nchw": "grid", "nhwc": "grid", "hwcn": "grid",
}  # fmt: skip
LAST = ("ntc", "nhwc", "hwcn")  # those with the channels last, once the samples are on the first axis
SAMPLES_LAST = ("hwn", "hwcn")
SIDE_MIN = 8  # px: two equal axes from this length on are more likely the sides of a picture than channels and steps
CHANNELS = (1, 3, 4)  # of pictures: grey, colour, and with opacity
SURE = 128  # bytes that reach this are hardly anything but 0-255
RANGES = ("0:1", "-1:1", *(f"0:{2**bits - 1}" for bits in value_range.BITS))


def of_array(
    x: np.ndarray, choices: Choices, notes: list[str], made: list[Decision], *, given: tuple[int, ...] = ()
) -> tuple[np.ndarray, str]:
    """An array whose axes are not known, as (n, *shape), and its modality. given: its shape before `samples_first`,
    where the samples may have been on any axis. Raises: SettingError."""
    x = checked(x)
    if choices.size and x.ndim == 2:
        return as_samples(x, choices, notes, made)
    if x.ndim == 2 and choices.kind == "auto" and (side := _side(x)):
        notes.append(
            _(
                "If each row is a picture of {side}x{side}: --size {side}x{side}, or the picture size on the page.",
                side=side,
            )
        )
    x, layout = _arranged(x, choices, made, given)
    return as_samples(x, choices, notes, made, layout)


def samples_first(x: np.ndarray, choices: Choices) -> np.ndarray:
    """x with its samples on the first axis: from the last one if that was chosen, or is likely."""
    last = choices.layout in SAMPLES_LAST if choices.layout else _samples_last(x.shape)
    return np.moveaxis(x, -1, 0) if last and x.ndim > 2 else x


def checked(x: np.ndarray) -> np.ndarray:
    """x in the machine's byte order. Raises: SettingError: not numbers, or without samples or values."""
    if x.dtype.kind not in "biuf":
        kind = {
            "c": _("Save the real and the imaginary part as two channels."),
            "m": _("Save the durations as numbers."),
            "M": _("Save the times as numbers."),
            "V": _("Save each of its fields as an array of its own, or the whole as a table."),
        }.get(x.dtype.kind, _("Save the samples as an array of numbers."))
        raise SettingError(
            _("x is {dtype} {shape}: expected numbers. {hint}", dtype=x.dtype.name, shape=x.shape, hint=kind)
        )
    if not x.size:
        raise SettingError(_("x is {dtype} {shape}: it is empty.", dtype=x.dtype.name, shape=x.shape))
    if x.ndim < 2:
        raise SettingError(
            _(
                "x is {dtype} {shape}: expected numbers of shape (n, m), (n, h, w), (n, c, h, w) or (n, c, t).",
                dtype=x.dtype.name,
                shape=x.shape,
            )
        )
    return x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))


def as_samples(
    x: np.ndarray, choices: Choices, notes: list[str], made: list[Decision], layout: str = ""
) -> tuple[np.ndarray, str]:
    """x as (n, *shape), channels first, and its modality: the chosen one, else the one that fits its shape and values
    best, of a layout if one is given. Raises: SettingError."""
    x = checked(x)
    check_room(len(x), math.prod(x.shape[1:]), 8)
    if choices.size and x.ndim == 2:
        x = _reshaped(x, choices.size, notes)
    modality = _modality(x, choices, layout)
    if modality is None or modality.from_array is None:
        if modality:
            message = _(
                "x of shape {shape} is not an array of {samples}; see docs/data.md for the layouts.",
                shape=x.shape,
                samples=_(modality.plural),
            )
        elif layout:
            message = _(
                "x of shape {shape} is not an array of layout {layout}; see docs/data.md for the layouts.",
                shape=x.shape,
                layout=layout,
            )
        else:
            message = _(
                "x of shape {shape} is not an array of samples; see docs/data.md for the layouts.", shape=x.shape
            )
        raise SettingError(message)
    if modality.bounded:
        x = value_range.in_range(x, span(value_range.levels(x), choices, made))
        x = _opaque(x, choices.ground, notes)
    return modality.from_array(x, notes), modality.name


def span(levels: value_range.Levels, choices: Choices, made: list[Decision]) -> value_range.Span:
    """The values of black and white: those chosen, else the likely ones. Raises: SettingError: not a range."""
    if levels.item == 1 and levels.high >= SURE and not choices.range:
        return 0.0, 255.0
    guess = value_range.named(value_range.likely(levels))
    known = value_range.usual(levels) is not None
    whole = value_range.named((levels.low, levels.high)) if levels.high > levels.low else guess
    chosen = value_range.named(value_range.parsed(choices.range)) if choices.range else guess
    why = (
        _("values are {values}", values=value_range.shown(levels))
        if known
        else _("values are {values}, which is no usual range", values=value_range.shown(levels))
    )
    options = tuple(dict.fromkeys((guess, chosen, *RANGES, whole)))
    return value_range.parsed(decide(made, replace(choices, range=chosen), "range", guess, why, options=options))


def picture_ranges(found: Iterable[PictureLevels], choices: Choices, made: list[Decision]) -> Ranges:
    """The values of black and white of some pictures together. Raises: SettingError: not a range."""
    deep, eight = ([v for v in kind if v] for kind in zip(*found, strict=True)) if (found := [*found]) else ([], [])
    if deep:
        return Ranges(deep=span(value_range.together(deep), choices, made))
    if eight and (choices.range or in_question(found)):
        return Ranges(eight=span(value_range.together(eight), choices, made))
    return Ranges()


def in_question(found: Sequence[PictureLevels]) -> bool:
    """Whether the values of black and white have to be decided: pictures of more than 8 bits, or all dark."""
    return any(v.deep for v in found) or (
        all(v.eight and v.eight.high < SURE for v in found) and any(v.eight and v.eight.high for v in found)
    )


def _side(x: np.ndarray) -> int:
    """The side of the square pictures that the rows of x may be, grey or in colour: by their length, and by values that
    fill a range of 8 bits; 0 if they may not."""
    side = next((s for c in (1, 3) if (s := math.isqrt(x.shape[1] // c)) >= SIDE_MIN and c * s * s == x.shape[1]), 0)
    if not side:
        return 0
    found = value_range.levels(x)
    return side if found.whole and found.low == 0 and SURE <= found.high <= 255 else 0


def _samples_last(given: tuple[int, ...]) -> bool:
    """Whether an array of this shape is likely (h, w, n) or (h, w, c, n): its first two axes alone are equal."""
    h, w, *channels, n = given if len(given) > 2 else (0, 0, 0)
    square = SIDE_MIN <= h == w != n >= FEWEST
    return square and (not channels or (len(channels) == 1 and channels[0] in CHANNELS))


def _arranged(x: np.ndarray, choices: Choices, made: list[Decision], given: tuple[int, ...]) -> tuple[np.ndarray, str]:
    """x with its channels first, and the layout of its modality; "" if its axes can be only one thing."""
    chosen = "" if choices.kind == "auto" else MODALITIES.get(choices.kind).layout
    fitting = [axes for axes, layout in AXES.items() if len(axes) == x.ndim and chosen in ("", layout)]
    fitting = [axes for axes in fitting if given or axes not in SAMPLES_LAST]
    first = [axes for axes in fitting if axes not in SAMPLES_LAST]
    options = [axes for axes in first if x.ndim != 4 or x.shape[axes.index("c")] in CHANNELS] or first
    likely = [axes for axes in fitting if axes in SAMPLES_LAST and _samples_last(given)]
    if len(options) < 2 and not choices.layout and not likely:
        return (np.moveaxis(x, -1, 1) if options and options[0] in LAST else x), ""
    guess, why = _guessed(x if x.shape == given else np.moveaxis(x, 0, -1) if given else x, options)
    if likely:
        guess, why = likely[0], _("the shape is {shape}, with two equal sides", shape=given)
    options = [axes for axes in fitting if axes in options or axes in SAMPLES_LAST]
    axes = decide(made, choices, "layout", guess, why, options=options)
    return np.moveaxis(x, -1, 1) if axes in LAST else x, AXES[axes]


def _guessed(x: np.ndarray, options: list[str]) -> tuple[str, str]:
    """The likely layout of the options, and why."""
    shape = _("the shape is {shape}", shape=x.shape)
    if x.ndim != 3 or len(options) < 2:
        return next(iter(options), ""), shape
    best = _likeliest(x, "") if "nhw" in options else None
    if best and best.layout == "grid":
        return "nhw", _("the shape is {shape}, the values are those of pictures", shape=x.shape)
    if "nhw" in options and x.shape[1] == x.shape[2] >= SIDE_MIN:
        return "nhw", _("the shape is {shape}, with two equal sides", shape=x.shape)
    why = _("the shape is {shape}, with fewer channels than time steps", shape=x.shape)
    return ("ntc" if x.shape[2] < x.shape[1] else "nct"), why


def _modality(x: np.ndarray, choices: Choices, layout: str) -> Modality | None:
    if choices.kind != "auto":
        return MODALITIES.get(choices.kind)
    return _likeliest(x, layout) or (_likeliest(x[:, None], layout) if layout == "grid" and x.ndim == 3 else None)


def _likeliest(x: np.ndarray, layout: str) -> Modality | None:
    """The modality whose samples x resembles most, of a layout if one is given; None if it resembles none."""
    likely = [m for m in MODALITIES.all().values() if m.from_array and layout in ("", m.layout)]
    best = max(likely, key=lambda m: m.looks(x), default=None)
    return best if best and best.looks(x) else None


def _opaque(x: np.ndarray, ground: str, notes: list[str]) -> np.ndarray:
    """Pictures (n, 4, h, w), uint8 or 0-1, on a ground: the fourth channel is their opacity. Others as they are."""
    if x.ndim != 4 or x.shape[1] != 4:
        return x
    white = 255 if x.dtype == np.uint8 else 1
    level = GROUNDS[ground] * white / 255
    out = np.empty((len(x), 3, *x.shape[2:]), x.dtype)
    for row, picture in zip(out, x, strict=True):
        share = picture[3] / white
        blended = picture[:3] * share + level * (1 - share)
        row[...] = np.rint(blended) if x.dtype == np.uint8 else blended
    notes.append(_("The fourth channel was read as opacity; transparent areas are now {ground}.", ground=_(ground)))
    return out


def _reshaped(x: np.ndarray, shape: tuple[int, int], notes: list[str]) -> np.ndarray:
    h, w = shape
    if x.shape[1] not in (h * w, 3 * h * w):
        raise SettingError(
            ngettext(
                "rows have {n} value, but a picture of {h}x{w} has {grey} (grey) or {colour} (colour).",
                "rows have {n} values, but a picture of {h}x{w} has {grey} (grey) or {colour} (colour).",
                x.shape[1],
                h=h,
                w=w,
                grey=number(h * w),
                colour=number(3 * h * w),
            )
        )
    notes.append(
        ngettext(
            "Each row of {n} value is a picture of {h}x{w}.",
            "Each row of {n} values is a picture of {h}x{w}.",
            x.shape[1],
            h=h,
            w=w,
        )
    )
    return x.reshape(len(x), -1, h, w)
