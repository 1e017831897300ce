"""Frames as a film: the map forming, what the model draws and gives back, its bars, curves and place, as one GIF."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.figures import DISTORTION, ELBO, QUIET, RATE
from app.film_parts import cloud, dot, paste, scale, within
from vae.frames import Frames
from vae.metrics.latent import active_units
from vae.snapshots import Snapshot

SIZE = (960, 560)
MAP, DRAWN, BARS = (12, 44, 412, 444), (428, 62, 684, 318), (452, 346, 684, 444)
BARS_OF_TWO, GAP = (452, 222, 684, 444), 8  # two sheets, next to each other, are half as high
PLANE, CURVES, AGAIN = (748, 62, 948, 262), (748, 304, 948, 532), (12, 470, 684, 552)
SECOND, INK, FAINT, PANEL = "#a4478f", "#1a1d24", "#dfe3e8", "#f6f7f9"
SHORT, FAR = 12, 3  # epochs of which all are shown; times the next rate
MOST, STEP_MS, STEPS_MS, END_MS = 100, 60, 320, 1800  # pictures; a picture; a frame; the last one
FIGURES = (("elbo", "elbo_nats", ELBO), ("distortion", "distortion_nats", DISTORTION), ("rate", "rate_nats", RATE))

def gif(frames: Frames, beside: Frames | None = None) -> bytes:
    """The whole row once through, for ever; points move between frames. beside: another, laid over or next to it."""
    k = len(frames.snapshots)
    between = max(1, min(STEPS_MS // STEP_MS, MOST // max(1, k - 1)))
    places = [i / between for i in range((k - 1) * between + 1)]
    stage = Stage(frames, beside)
    pictures = [stage.at(place).quantize(128, dither=Image.Dither.NONE) for place in places]
    step = STEPS_MS // between
    buffer = io.BytesIO()
    durations = [step] * (len(pictures) - 1) + [END_MS]
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0)
    return buffer.getvalue()


class Stage:
    """What stays the same in all pictures of a film: scales, colours, words."""

    def __init__(self, frames: Frames, beside: Frames | None):
        self.frames, self.beside = frames, beside
        self.font, self.small, self.tiny = (ImageFont.load_default(size) for size in (17, 12, 9))
        self.rows = [(frames, INK)] + ([(beside, SECOND)] if beside else [])
        self.bars = BARS_OF_TWO if beside else BARS

    def at(self, place: float) -> Image.Image:
        """The picture at a place between frames."""
        image = Image.new("RGB", SIZE, "white")
        draw = ImageDraw.Draw(image)
        i = int(place)
        j, t = min(i + 1, len(self.frames.snapshots) - 1), place - i
        near = [self.frames.snapshots[i if t < 0.5 else j]]
        if self.beside:
            near.append(self.beside.snapshots[round(self._place_of(self.beside, place))])
        self._title(draw, i if t < 0.5 else j)
        draw.rectangle(MAP, PANEL)
        half = (MAP[2] - MAP[0]) // len(self.rows)
        for n, (f, colour) in enumerate(self.rows):
            box = (MAP[0] + n * half, MAP[1], MAP[0] + (n + 1) * half, MAP[3])
            cloud(draw, f, place if n == 0 else self._place_of(f, place), box)
            if self.beside:
                draw.text((box[0] + 8, box[1] + 6), f.name, colour, self.small)
        self._pictures(image, draw, near)
        self._bars(draw, near)
        self._plane(draw, i, j, t, near)
        self._curves(draw, i, j, t)
        return image

    def _title(self, draw: ImageDraw.ImageDraw, i: int) -> None:
        f = self.frames
        draw.text((12, 10), f.name, INK, self.font)
        draw.text((24 + draw.textlength(f.name, self.font), 14), f.about, QUIET, self.small)
        of = f" of {f.until or f.values[-1]:g}" if f.axis == "epoch" else ""
        draw.text((948, 10), f"{f.axis} {f.values[i]:g}{of}", INK, self.font, anchor="ra")

    def _pictures(self, image: Image.Image, draw: ImageDraw.ImageDraw, near: Sequence[Snapshot]) -> None:
        """Of each row its latents decoded, and what the samples come back as, where both saw the same samples."""
        left, top, right, bottom = DRAWN
        pitch = (right - left + GAP) / len(near)
        for n, shot in enumerate(near):
            paste(image, shot.drawn, 8, (round(left + n * pitch), top, round(left + (n + 1) * pitch) - GAP, bottom))
        test = self.frames.fixed.test
        same = near if self.beside and np.array_equal(self.beside.fixed.test, test) else near[:1]
        paste(image, np.concatenate([test, *(shot.again for shot in same)]), 16, AGAIN)
        draw.text((left, top - 16), "fixed latents, decoded" + ", by each" * (len(near) - 1), QUIET, self.small)
        said = "test samples, and what they come back as" + ", from each" * (len(same) - 1)
        draw.text((AGAIN[0], AGAIN[1] - 16), said, QUIET, self.small)

    def _place_of(self, other: Frames, place: float) -> float:
        """Of another row, where it has the value that this one has at a place."""
        own, theirs = (self._x(f) for f in (self.frames, other))
        return float(np.interp(np.interp(place, range(len(own)), own), theirs, range(len(theirs))))

    def _bars(self, draw: ImageDraw.ImageDraw, near: Sequence[Snapshot]) -> None:
        """In the order of the last epoch, of other models in their own; another row's dimensions are others: a line."""
        rates = [[r for s in f.snapshots if (r := s.rate_per_dim_nats) is not None] for f, _ in self.rows]
        said = "rate of each dimension, nats" if rates[0] else "no rate of dimensions"
        draw.text((DRAWN[0], self.bars[1] - 20), said, RATE, self.small)
        shown = [shot.rate_per_dim_nats for shot in near]
        if shown[0] is None:
            return
        left, top, right, bottom = self.bars
        most = max(0.1, *(float(r.max()) for r in (*(each[-1] for each in rates if each), *shown) if r is not None))
        pitch = (right - left) / max(len(r) for r in shown if r is not None)

        def height(v: float) -> float:
            return bottom - max(1.0, float(v) / most * (bottom - top))

        rate, active, last = shown[0], active_units(near[0].mu), rates[0][-1]
        one = last if self.frames.axis == "epoch" and len(last) == len(rate) else rate
        order = np.argsort(-one, kind="stable")
        for at, d in enumerate(order):
            x = left + at * pitch
            draw.rectangle((x + 0.1 * pitch, height(rate[d]), x + 0.9 * pitch, bottom), RATE if active[d] else QUIET)
        if len(shown) == 2 and shown[1] is not None:
            steps = [(left + (k + e) * pitch, height(v)) for k, v in enumerate(np.sort(shown[1])[::-1]) for e in (0, 1)]
            draw.line(steps, fill=SECOND, width=2)
        draw.text((left - 4, top), f"{most:.1f}", QUIET, self.small, anchor="ra")

    def _plane(self, draw: ImageDraw.ImageDraw, i: int, j: int, t: float, near: Sequence[Snapshot]) -> None:
        r, d = (lambda s: s.get("rate_nats")), (lambda s: s.get("distortion_nats"))
        shots = [[s for _, s in self._points(f) if _bounded(s)] for f, _ in self.rows]
        draw.text((PLANE[0], 46), "distortion over rate, nats" if shots[0] else "no rate, no plane", INK, self.small)
        if not shots[0]:
            return
        every = [s for f, _ in self.rows for s in self._late(f) if _bounded(s)]
        x, y = scale([r(s) for s in every], PLANE[0], PLANE[2]), scale([d(s) for s in every], PLANE[3], PLANE[1])
        draw.rectangle(PLANE, outline=FAINT)
        for at in np.linspace(0, 1, 6)[1:-1]:  # places of equal elbo: rate + distortion is the same
            total = min(map(r, every)) + min(map(d, every)) + at * (np.ptp([*map(r, every)]) + np.ptp([*map(d, every)]))
            ends = [(x(v), y(total - v)) for v in np.linspace(min(map(r, every)), max(map(r, every)), 40)]
            inside = [p for p in ends if PLANE[1] <= p[1] <= PLANE[3]]
            draw.line(inside, fill="#f0b48c")
            if inside:
                draw.text((inside[-1][0], inside[-1][1] - 1), f"elbo {-total:.0f}", ELBO, self.tiny, anchor="rs")
        for (_, colour), row in zip(self.rows, shots, strict=True):
            draw.line([within((x(r(s)), y(d(s))), PLANE) for s in row], fill=colour, width=2)
        for other in (_finite(shot.figures) for shot in near[1:]):
            if _bounded(other):
                dot(draw, (x(r(other)), y(d(other))), PLANE, 6, SECOND)
        a, b = (_finite(self.frames.snapshots[n].figures) for n in (i, j))
        if _bounded(a) and _bounded(b):
            place = (x(r(a) + t * (r(b) - r(a))), y(d(a) + t * (d(b) - d(a))))
            dot(draw, place, PLANE, 6, ELBO)
        for axis, of, lines in ((r, PLANE[0], "lb"), (r, PLANE[2], "rb")):
            value = (min if lines == "lb" else max)(map(axis, every))
            draw.text((of, PLANE[3] + 16), f"{value:.1f}", RATE, self.small, anchor=lines)
        for value, at in ((max(map(d, every)), PLANE[1]), (min(map(d, every)), PLANE[3] - 12)):
            draw.text((PLANE[0] - 6, at), f"{value:.1f}", DISTORTION, self.small, anchor="ra")

    def _curves(self, draw: ImageDraw.ImageDraw, i: int, j: int, t: float) -> None:
        bounded = any(_bounded(s) for _, s in self._points(self.frames))
        shown = [one for one in FIGURES if any(one[1] in s.figures for s in self.frames.snapshots)]
        shown = [one for one in shown if bounded or one[1] != "rate_nats"]
        height = (CURVES[3] - CURVES[1]) / max(1, len(shown))
        values = self._x(self.frames)
        x = scale([*values, *([self.frames.until] if self.frames.until else [])], CURVES[0], CURVES[2], pad=0)
        for n, (name, key, colour) in enumerate(shown):
            box = (CURVES[0], round(CURVES[1] + n * height + 16), CURVES[2], round(CURVES[1] + (n + 1) * height - 8))
            lines = [[(v, s[key]) for v, s in self._points(f) if s.get(key) is not None] for f, _ in self.rows]
            y = scale([s[key] for f, _ in self.rows for s in self._late(f) if key in s], box[3], box[1])
            draw.line((box[0], box[3], box[2], box[3]), fill=FAINT)
            for (_, second), line in zip(self.rows, lines, strict=True):
                points = [within((x(at), y(v)), box) for at, v in line]
                draw.line(points, fill=colour if second == INK else second, width=2)
            a, b = (_finite(self.frames.snapshots[m].figures).get(key) for m in (i, j))
            if a is not None and b is not None:
                now = a + t * (b - a)
                dot(draw, (x(values[i] + t * (values[j] - values[i])), y(now)), box, 4, colour)
                draw.text((box[2], box[1] - 15), f"{now:.1f}", colour, self.small, anchor="ra")
            draw.text((box[0], box[1] - 15), f"{name}, nats", colour, self.small)

    def _x(self, f: Frames) -> list[float]:
        """Epochs to scale, other values a step each."""
        return list(f.values) if self.frames.axis == "epoch" else list(range(len(f.values)))

    def _points(self, f: Frames) -> list[tuple[float, Mapping[str, float]]]:
        """Figures with their x, of every epoch where they are known."""
        if self.frames.axis == "epoch" and len(f.history) >= len(f.snapshots):
            return [(record["epoch"], _finite(record)) for record in f.history]
        return list(zip(self._x(f), (_finite(s.figures) for s in f.snapshots), strict=True))

    def _late(self, f: Frames) -> Sequence[Mapping[str, float]]:
        """Figures that an axis spans, as on the page: of a training all but the first tenth, whose fall would hide what
        comes after; of other models all from where the rate falls to no less than a third from one to the next."""
        row = [figures for _, figures in self._points(f)]
        if self.frames.axis == "epoch":
            return row[(len(row) - 1) // 10 :] if len(row) >= SHORT else row
        rates = [figures.get("rate_nats", 0.0) for figures in row]
        near = (i for i, (a, b) in enumerate(pairwise([*rates, math.inf])) if not a > FAR * b)
        return row[next(near, 0) :]


def _bounded(figures: Mapping[str, float]) -> bool:
    """Whether rate and distortion make a bound; without one, as of a plain autoencoder, the rate is a 0 that says
    nothing."""
    return {key for _, key, _ in FIGURES} <= figures.keys()


def _finite(record: Mapping[str, Any]) -> dict[str, float]:
    """Of its figures those that are numbers; a training that diverged has others."""
    return {key: record[key] for _, key, _ in FIGURES if record.get(key) is not None and math.isfinite(record[key])}
