"""Frames as a film: the map forming, what the model draws and gives back, its bars, curves and place, as one GIF."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.figures import CLASSES, DISTORTION, ELBO, QUIET, RATE
from vae.frames import Frames
from vae.metrics.latent import active_units
from vae.modalities.image import tile

SIZE = (960, 560)
MAP, DRAWN, BARS = (12, 44, 412, 444), (428, 62, 684, 318), (452, 346, 684, 444)
PLANE, CURVES, AGAIN = (748, 62, 948, 262), (748, 304, 948, 532), (12, 470, 684, 552)
SECOND, INK, FAINT, PANEL = "#a4478f", "#1a1d24", "#dfe3e8", "#f6f7f9"
MOST, STEP_MS, STEPS_MS, END_MS = 100, 60, 320, 1800  # pictures; a picture; a frame; the last one
DOT = 1.6
FIGURES = (("elbo", "elbo_nats", ELBO), ("distortion", "distortion_nats", DISTORTION), ("rate", "rate_nats", RATE))

Box = tuple[int, int, int, int]


def gif(frames: Frames, beside: Frames | None = None) -> bytes:
    """The whole row once through, for ever; points move between frames. beside: its curves and path are laid over."""
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

    def at(self, place: float) -> Image.Image:
        """The picture at a place between frames."""
        image = Image.new("RGB", SIZE, "white")
        draw = ImageDraw.Draw(image)
        i = int(place)
        j, t = min(i + 1, len(self.frames.snapshots) - 1), place - i
        near = self.frames.snapshots[i if t < 0.5 else j]
        self._title(draw, i if t < 0.5 else j)
        draw.rectangle(MAP, PANEL)
        half = (MAP[2] - MAP[0]) // len(self.rows)
        for n, (f, colour) in enumerate(self.rows):
            box = (MAP[0] + n * half, MAP[1], MAP[0] + (n + 1) * half, MAP[3])
            _cloud(draw, f, place if n == 0 else self._place_of(f, place), box)
            if self.beside:
                draw.text((box[0] + 8, box[1] + 6), f.name, colour, self.small)
        _paste(image, near.drawn, 8, DRAWN)
        _paste(image, np.concatenate([self.frames.fixed.test, near.again]), 16, AGAIN)
        self._bars(draw, near)
        self._plane(draw, i, j, t)
        self._curves(draw, i, j, t)
        return image

    def _title(self, draw: ImageDraw.ImageDraw, i: int) -> None:
        f = self.frames
        draw.text((12, 10), f.name, INK, self.font)
        draw.text((24 + draw.textlength(f.name, self.font), 14), f.about, QUIET, self.small)
        of = f" of {f.until or f.values[-1]:g}" if f.axis == "epoch" else ""
        draw.text((948, 10), f"{f.axis} {f.values[i]:g}{of}", INK, self.font, anchor="ra")
        draw.text((DRAWN[0], 46), "fixed latents, decoded", QUIET, self.small)
        draw.text((AGAIN[0], 454), "test samples, and what they come back as", QUIET, self.small)

    def _place_of(self, other: Frames, place: float) -> float:
        """Of another row, where it has the value that this one has at a place."""
        own, theirs = (self._x(f) for f in (self.frames, other))
        return float(np.interp(np.interp(place, range(len(own)), own), theirs, range(len(theirs))))

    def _bars(self, draw: ImageDraw.ImageDraw, shot) -> None:
        rates = [s.rate_per_dim_nats for s in self.frames.snapshots if s.rate_per_dim_nats is not None]
        said = "rate of each dimension, nats" if rates else "no rate of dimensions"
        draw.text((DRAWN[0], 326), said, RATE, self.small)
        if shot.rate_per_dim_nats is None:
            return
        rate, active = shot.rate_per_dim_nats, active_units(shot.mu)
        most = max(0.1, float(rates[-1].max()), float(rate.max()))
        order = np.argsort(-rates[-1], kind="stable") if len(rates[-1]) == len(rate) else np.arange(len(rate))
        pitch = (BARS[2] - BARS[0]) / len(rate)
        for at, d in enumerate(order):
            x, top = BARS[0] + at * pitch, BARS[3] - max(1.0, float(rate[d]) / most * (BARS[3] - BARS[1]))
            draw.rectangle((x + 0.1 * pitch, top, x + 0.9 * pitch, BARS[3]), RATE if active[d] else QUIET)
        draw.text((BARS[0] - 4, BARS[1]), f"{most:.1f}", QUIET, self.small, anchor="ra")

    def _plane(self, draw: ImageDraw.ImageDraw, i: int, j: int, t: float) -> None:
        r, d = (lambda s: s.get("rate_nats")), (lambda s: s.get("distortion_nats"))
        shots = [[s for _, s in self._points(f) if _bounded(s)] for f, _ in self.rows]
        draw.text((PLANE[0], 46), "distortion over rate, nats" if shots[0] else "no rate, no plane", INK, self.small)
        if not shots[0]:
            return
        every = [s for row in shots for s in _late(row)]
        x, y = _scale([r(s) for s in every], PLANE[0], PLANE[2]), _scale([d(s) for s in every], PLANE[3], PLANE[1])
        draw.rectangle(PLANE, outline=FAINT)
        for at in np.linspace(0, 1, 6)[1:-1]:  # places of equal elbo: rate + distortion is the same
            total = min(map(r, every)) + min(map(d, every)) + at * (np.ptp([*map(r, every)]) + np.ptp([*map(d, every)]))
            ends = [(x(v), y(total - v)) for v in np.linspace(min(map(r, every)), max(map(r, every)), 40)]
            inside = [p for p in ends if PLANE[1] <= p[1] <= PLANE[3]]
            draw.line(inside, fill="#f0b48c")
            if inside:
                draw.text((inside[-1][0], inside[-1][1] - 1), f"elbo {-total:.0f}", ELBO, self.tiny, anchor="rs")
        for (_, colour), row in zip(self.rows, shots, strict=True):
            draw.line([_within((x(r(s)), y(d(s))), PLANE) for s in row], fill=colour, width=2)
        a, b = (_finite(self.frames.snapshots[n].figures) for n in (i, j))
        if _bounded(a) and _bounded(b):
            place = (x(r(a) + t * (r(b) - r(a))), y(d(a) + t * (d(b) - d(a))))
            _dot(draw, _within(place, PLANE), 6, ELBO)
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
        x = _scale([*values, *([self.frames.until] if self.frames.until else [])], CURVES[0], CURVES[2], pad=0)
        for n, (name, key, colour) in enumerate(shown):
            box = (CURVES[0], round(CURVES[1] + n * height + 16), CURVES[2], round(CURVES[1] + (n + 1) * height - 8))
            lines = [[(v, s[key]) for v, s in self._points(f) if s.get(key) is not None] for f, _ in self.rows]
            y = _scale([v for line in lines for _, v in _late(line)], box[3], box[1])
            draw.line((box[0], box[3], box[2], box[3]), fill=FAINT)
            for (_, second), line in zip(self.rows, lines, strict=True):
                points = [_within((x(at), y(v)), box) for at, v in line]
                draw.line(points, fill=colour if second == INK else second, width=2)
            a, b = (_finite(self.frames.snapshots[m].figures).get(key) for m in (i, j))
            if a is not None and b is not None:
                now = a + t * (b - a)
                _dot(draw, _within((x(values[i] + t * (values[j] - values[i])), y(now)), box), 4, colour)
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


def _bounded(figures: Mapping[str, float]) -> bool:
    """Whether rate and distortion make a bound; without one, as of a plain autoencoder, the rate is a 0 that says
    nothing."""
    return {key for _, key, _ in FIGURES} <= figures.keys()


def _finite(record: Mapping[str, Any]) -> dict[str, float]:
    """Of its figures those that are numbers; a training that diverged has others."""
    return {key: record[key] for _, key, _ in FIGURES if record.get(key) is not None and math.isfinite(record[key])}


def _cloud(draw: ImageDraw.ImageDraw, f: Frames, place: float, box: Box) -> None:
    """The map at a place between frames, the window round it; where it is not laid out yet, the last that is."""
    if not len(f.maps):
        return
    i = min(int(place), len(f.maps) - 1)
    j, t = min(i + 1, len(f.maps) - 1), place - int(place)
    xy = f.maps[i] + t * (f.maps[j] - f.maps[i])
    low, high = ((1 - t) * edge(f.maps[i], 0) + t * edge(f.maps[j], 0) for edge in (np.min, np.max))
    by = min((box[2] - box[0] - 24) / max(high[0] - low[0], 1e-6), (box[3] - box[1] - 24) / max(high[1] - low[1], 1e-6))
    px = (xy - (low + high) / 2) * (by, -by) + ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    labels = f.fixed.labels
    colours = [ELBO] * len(px) if labels is None else [CLASSES[y % len(CLASSES)] for y in labels]
    for (x, y), colour in zip(px, colours, strict=True):
        draw.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), colour)


def _late(row: Sequence) -> Sequence:
    """Without the first tenth, whose fall would hide what comes after; as the curves of the page."""
    return row[(len(row) - 1) // 10 :] if len(row) >= 12 else row


def _scale(values: Sequence[float], start: float, end: float, pad: float = 0.08) -> Callable[[float], float]:
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = pad * (high - low) or (0.5 if high == low else 0.0)
    low, high = low - margin, high + margin
    return lambda v: start + (v - low) / (high - low) * (end - start)


def _within(place: tuple[float, float], box: Box) -> tuple[float, float]:
    return min(max(place[0], box[0]), box[2]), min(max(place[1], box[1]), box[3])


def _dot(draw: ImageDraw.ImageDraw, place: tuple[float, float], r: int, colour: str) -> None:
    x, y = place
    draw.ellipse((x - r, y - r, x + r, y + r), colour, "white", 2)


def _paste(image: Image.Image, pictures: np.ndarray, columns: int, box: Box) -> None:
    """The sheet of the pictures, as large as the box allows."""
    sheet = Image.fromarray(tile(pictures, columns)).convert("RGB")
    by = min((box[2] - box[0]) / sheet.width, (box[3] - box[1]) / sheet.height)
    size = max(1, round(sheet.width * by)), max(1, round(sheet.height * by))
    image.paste(sheet.resize(size, Image.Resampling.BICUBIC), box[:2])
    draw, rows = ImageDraw.Draw(image), len(pictures) // columns
    for n in range(1, columns):
        x = box[0] + round(n * size[0] / columns)
        draw.line((x, box[1], x, box[1] + size[1]), "white", 2)
    for n in range(1, rows):
        y = box[1] + round(n * size[1] / rows)
        draw.line((box[0], y, box[0] + size[0], y), "white", 2)
