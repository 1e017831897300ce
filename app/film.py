"""Frames as a film: the map forming, what the model draws and gives back, its bars, curves and place, as one GIF."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.figures import CLASSES, DISTORTION, ELBO, QUIET, RATE
from vae.frames import Frames
from vae.metrics.latent import active_units
from vae.modalities.image import tile

SIZE = (960, 560)
MAP, DRAWN, BARS = (12, 44, 412, 444), (428, 62, 684, 318), (452, 346, 684, 444)
PLANE, CURVES, AGAIN = (748, 62, 948, 262), (748, 304, 948, 532), (12, 470, 684, 552)
SECOND, INK, FAINT = "#a4478f", "#1a1d24", "#dfe3e8"
MOST, STEP_MS, STEPS_MS, END_MS = 100, 60, 320, 1800  # pictures; a picture; a frame; the last one
DOT = 2
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
        self.font, self.small = (ImageFont.load_default(size) for size in (17, 12))
        self.rows = [(frames, INK)] + ([(beside, SECOND)] if beside else [])
        self.colours = self._colours()
        if len(frames.maps):
            flat = frames.maps.reshape(-1, 2)
            centre, reach = (flat.max(0) + flat.min(0)) / 2, float((flat.max(0) - flat.min(0)).max()) / 2
            self.to_px = lambda xy: (xy - centre) / max(reach, 1e-6) * (1, -1) * 190 + ((MAP[0] + MAP[2]) / 2, 244)

    def at(self, place: float) -> Image.Image:
        """The picture at a place between frames."""
        image = Image.new("RGB", SIZE, "white")
        draw = ImageDraw.Draw(image)
        i = int(place)
        j, t = min(i + 1, len(self.frames.snapshots) - 1), place - i
        near = self.frames.snapshots[i if t < 0.5 else j]
        self._title(draw, i if t < 0.5 else j)
        self._map(draw, i, j, t)
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
        if self.beside:
            draw.text((684, 14), f"beside {self.beside.name}", SECOND, self.small, anchor="ra")
        draw.text((DRAWN[0], 46), "fixed latents, decoded", QUIET, self.small)
        draw.text((AGAIN[0], 454), "test samples, and what they come back as", QUIET, self.small)

    def _colours(self) -> list[str]:
        labels = self.frames.fixed.labels
        return [ELBO] * len(self.frames.fixed.rows) if labels is None else [CLASSES[y % len(CLASSES)] for y in labels]

    def _map(self, draw: ImageDraw.ImageDraw, i: int, j: int, t: float) -> None:
        draw.rectangle(MAP, "#f6f7f9")
        maps, last = self.frames.maps, len(self.frames.maps) - 1
        if last < 0:
            return
        a, b = maps[min(i, last)], maps[min(j, last)]
        for (x, y), colour in zip(self.to_px(a + t * (b - a)), self.colours, strict=True):
            draw.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), colour)

    def _bars(self, draw: ImageDraw.ImageDraw, shot) -> None:
        rates = [s.rate_per_dim_nats for s in self.frames.snapshots if s.rate_per_dim_nats is not None]
        said = "rate of each dimension, nats" if rates else "no rate of dimensions"
        draw.text((DRAWN[0], 326), said, RATE, self.small)
        if shot.rate_per_dim_nats is None:
            return
        rate, active, most = shot.rate_per_dim_nats, active_units(shot.mu), max(0.1, *(float(r.max()) for r in rates))
        order = np.argsort(-rates[-1], kind="stable") if len(rates[-1]) == len(rate) else np.arange(len(rate))
        pitch = (BARS[2] - BARS[0]) / len(rate)
        for at, d in enumerate(order):
            x, top = BARS[0] + at * pitch, BARS[3] - max(1.0, float(rate[d]) / most * (BARS[3] - BARS[1]))
            draw.rectangle((x + 0.1 * pitch, top, x + 0.9 * pitch, BARS[3]), RATE if active[d] else QUIET)
        draw.text((BARS[0] - 4, BARS[1]), f"{most:.1f}", QUIET, self.small, anchor="ra")

    def _plane(self, draw: ImageDraw.ImageDraw, i: int, j: int, t: float) -> None:
        r, d = (lambda s: s.get("rate_nats")), (lambda s: s.get("distortion_nats"))
        shots = [[s.figures for s in f.snapshots if _bounded(s.figures)] for f, _ in self.rows]
        draw.text((PLANE[0], 46), "distortion over rate, nats" if shots[0] else "no rate, no plane", INK, self.small)
        if not shots[0]:
            return
        every = [s for row in shots for s in _late(row)]
        x, y = _scale([r(s) for s in every], PLANE[0], PLANE[2]), _scale([d(s) for s in every], PLANE[3], PLANE[1])
        draw.rectangle(PLANE, outline=FAINT)
        for at in np.linspace(0, 1, 6)[1:-1]:  # places of equal elbo: rate + distortion is the same
            total = min(map(r, every)) + min(map(d, every)) + at * (np.ptp([*map(r, every)]) + np.ptp([*map(d, every)]))
            ends = [(x(v), y(total - v)) for v in np.linspace(min(map(r, every)), max(map(r, every)), 40)]
            draw.line([p for p in ends if PLANE[1] <= p[1] <= PLANE[3]], fill="#f0b48c")
        for (_, colour), row in zip(self.rows, shots, strict=True):
            draw.line([_within((x(r(s)), y(d(s))), PLANE) for s in row], fill=colour, width=2)
        a, b = (self.frames.snapshots[n].figures for n in (i, j))
        if _bounded(a) and _bounded(b):
            place = (x(r(a) + t * (r(b) - r(a))), y(d(a) + t * (d(b) - d(a))))
            _dot(draw, _within(place, PLANE), 6, ELBO)
        for axis, of, lines in ((r, PLANE[0], "lb"), (r, PLANE[2], "rb")):
            value = (min if lines == "lb" else max)(map(axis, every))
            draw.text((of, PLANE[3] + 16), f"{value:.1f}", RATE, self.small, anchor=lines)
        for value, at in ((max(map(d, every)), PLANE[1]), (min(map(d, every)), PLANE[3] - 12)):
            draw.text((PLANE[0] - 6, at), f"{value:.1f}", DISTORTION, self.small, anchor="ra")

    def _curves(self, draw: ImageDraw.ImageDraw, i: int, j: int, t: float) -> None:
        bounded = any(_bounded(s.figures) for s in self.frames.snapshots)
        shown = [one for one in FIGURES if any(one[1] in s.figures for s in self.frames.snapshots)]
        shown = [one for one in shown if bounded or one[1] != "rate_nats"]
        height = (CURVES[3] - CURVES[1]) / max(1, len(shown))
        values = range(len(self.frames.values)) if self.frames.axis != "epoch" else self.frames.values
        x = _scale(list(values), CURVES[0], CURVES[2], pad=0)
        for n, (name, key, colour) in enumerate(shown):
            box = (CURVES[0], round(CURVES[1] + n * height + 16), CURVES[2], round(CURVES[1] + (n + 1) * height - 8))
            lines = [[(v, s.figures[key]) for v, s in self._points(f) if key in s.figures] for f, _ in self.rows]
            y = _scale([v for line in lines for _, v in _late(line)], box[3], box[1])
            draw.line((box[0], box[3], box[2], box[3]), fill=FAINT)
            for (_, second), line in zip(self.rows, lines, strict=True):
                points = [_within((x(at), y(v)), box) for at, v in line]
                draw.line(points, fill=colour if second == INK else second, width=2)
            a, b = (self.frames.snapshots[m].figures.get(key) for m in (i, j))
            if a is not None and b is not None:
                now = a + t * (b - a)
                _dot(draw, _within((x(values[i] + t * (values[j] - values[i])), y(now)), box), 4, colour)
                draw.text((box[2], box[1] - 15), f"{now:.1f}", colour, self.small, anchor="ra")
            draw.text((box[0], box[1] - 15), f"{name}, nats", colour, self.small)

    def _points(self, f: Frames):
        return zip(f.values if self.frames.axis == "epoch" else range(len(f.values)), f.snapshots, strict=True)


def _bounded(figures: Mapping[str, float]) -> bool:
    """Whether rate and distortion make a bound; without one, as of a plain autoencoder, the rate is a 0 that says
    nothing."""
    return {"elbo_nats", "rate_nats", "distortion_nats"} <= figures.keys()


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
