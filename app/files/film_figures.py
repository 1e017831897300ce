"""Metrics at and between frames, for the curves, the plane and the numbers of the animation; reel.js is the same in the
browser."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from app.show.figures import DISTORTION, ELBO, RATE, SHORT
from vae.forming.model_sequence import Frames
from vae.text import N_, _

FIGURES = (
    (N_("ELBO, nats"), "elbo_nats", ELBO),
    (N_("distortion, nats"), "distortion_nats", DISTORTION),
    (N_("rate, nats"), "rate_nats", RATE),
)
FAR = 3  # times the next rate
UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"))
HUGE = 1e15  # from here on with an exponent
DECIMALS = 6  # of a tick: finer ones are written with an exponent


class Figures:
    """xs: position of each frame on the axis: its epoch, or the index of any other value. records: (x, metrics) of
    every frame and every known epoch, in order."""

    def __init__(self, f: Frames):
        self.epochs, self.values = f.axis == "epoch", f.values
        self.xs = list(f.values) if self.epochs else [float(i) for i in range(len(f.values))]
        found = {x: finite(s.figures) for x, s in zip(self.xs, f.snapshots, strict=True)}
        found |= {float(record["epoch"]): finite(record) for record in f.history if self.epochs}
        self.records = sorted(found.items(), key=lambda record: record[0])
        self.name, self.until = f.axis, f.until

    def x(self, place: float) -> float:
        return float(np.interp(place, range(len(self.xs)), self.xs))

    def place(self, x: float) -> float:
        return float(np.interp(x, self.xs, range(len(self.xs))))

    def named(self, place: float) -> str:
        """The epoch, interpolated between frames, or the value of the nearest frame."""
        if not self.epochs:
            return f"{self.name} {self.values[math.floor(place + 0.5)]:g}"
        return _("epoch {epoch} of {last:g}", epoch=math.floor(self.x(place) + 0.5), last=self.until or self.values[-1])

    def at(self, place: float) -> dict[str, float]:
        """The metrics that both records around the place have, interpolated."""
        x = self.x(place)
        j = bisect_right([at for at, _ in self.records], x)
        (x0, a), (x1, b) = self.records[max(0, j - 1)], self.records[min(j, len(self.records) - 1)]
        if x <= x0 or x1 <= x0:
            return a
        t = (x - x0) / (x1 - x0)
        return {key: (1 - t) * a[key] + t * b[key] for key in a.keys() & b.keys()}

    def late(self, *keys: str) -> Sequence[Mapping[str, float]]:
        """The records with those metrics that determine the range of an axis, as on the page. Training: without the
        first 10 %, whose steep descent would hide the rest. Other models: from where the rate drops to no less than a
        third from one to the next. All of them if fewer than two would be left."""
        row = [figures for _, figures in self.records]
        if self.epochs:
            first = (len(row) - 1) // 10 if len(row) >= SHORT else 0
        else:
            rates = [figures.get("rate_nats", 0.0) for figures in row]
            first = next((i for i, (a, b) in enumerate(pairwise([*rates, math.inf])) if not a > FAR * b), 0)
        shown, every = ([s for s in some if s.keys() >= {*keys}] for some in (row[first:], row))
        return shown if len(shown) > 1 else every


def bounded(figures: Mapping[str, float]) -> bool:
    """Whether rate and distortion form a bound; a plain autoencoder has none, and its rate of 0 means nothing."""
    return {key for _, key, _ in FIGURES} <= figures.keys()


def finite(record: Mapping[str, Any]) -> dict[str, float]:
    """The finite metrics of a record; those of a training that diverged are not."""
    return {key: record[key] for _, key, _ in FIGURES if record.get(key) is not None and math.isfinite(record[key])}


def short(v: float, digits: int = 1) -> str:
    """A number in few characters, as in numbers.js; with "-" for a minus, since the font has no minus sign."""
    size = abs(v)
    if size < 1e6:
        return f"{v:.{digits if size < 1e4 else 0}f}"
    if size >= HUGE:
        return f"{v:.1e}".replace("e+", "e")
    by, unit = next(pair for pair in UNITS if size >= pair[0])
    return f"{v / by:.1f}{unit}"


def ticks(low: float, high: float, about: float) -> list[tuple[float, str]]:
    """Values, and how they are written, that divide a span into about so many steps of 1, 2 or 5, as in numbers.js: at
    least two, and no two written alike."""
    raw = (high - low) / about
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next((m for m in (1, 2, 5) if m * power >= raw), 10)
    values = [k * step for k in range(math.ceil(low / step), math.floor(high / step + 1e-9) + 1)]
    most = max(map(abs, values), default=0.0)
    by, unit = next(((by, unit) for by, unit in (*UNITS, (1e3, "k")) if most >= max(by, 1e4)), (1.0, ""))
    digits, fine = (math.floor(math.log10(size) + 1e-9) for size in (step / by, step))

    def say(v: float) -> str:
        if v == 0:
            return "0"
        if most < HUGE and digits >= -DECIMALS:
            return f"{v / by:.{max(0, -digits)}f}{unit}"
        exact = math.floor(math.log10(abs(v)) + 1e-9) - fine
        return re.sub(r"e\+?(-?)0*", r"e\1", f"{v:.{min(15, max(0, exact))}e}")

    found = list({say(v): (v, say(v)) for v in values}.values())
    return ticks(low, high, 2 * about) if len(found) < 2 and about < 50 else found
