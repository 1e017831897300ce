"""The animation of a training or sweep as a GIF: the map, generated samples and reconstructions, bars, curves and the
rate-distortion plane."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.files.film_figures import FIGURES, Figures, bounded, short, ticks
from app.files.film_parts import INK, PANEL, clipped, cloud, dot, entry, fit, legend, paste, scale, within
from app.show.class_looks import Looks
from app.show.figures import DISTORTION, ELBO, QUIET, RATE, spread
from vae.forming.model_sequence import Frames
from vae.forming.snapshots import VALIDATION, Snapshot
from vae.metrics.active import active_by_rate
from vae.text import _

SIZE = (960, 560)
MAP, DRAWN, BARS = (12, 44, 412, 444), (428, 62, 684, 318), (452, 346, 684, 444)
BARS_OF_TWO, GAP = (452, 222, 684, 444), 8  # two sheets beside each other are half as high
PLANE, CURVES, AGAIN = (748, 62, 948, 262), (748, 304, 948, 532), (12, 470, 684, 552)
SECOND, FAINT = "#a4478f", "#dfe3e8"
MOST, STEP_MS, START_MS, END_MS = 100, 60, 1000, 1800  # pictures; duration of one, about; of the first; of the last
WHOLE_MS, EACH_MS = (6_000, 12_000), 400  # duration of all, by the number of frames
LINE_PX = 16
R, D = "rate_nats", "distortion_nats"


def gif(frames: Frames, beside: Frames | None = None, looks: Looks | None = None) -> bytes:
    """All frames as a looping GIF, in which points move between frames. beside: other frames, drawn over or next to
    them. looks: of the classes, as the screen shows them; None as a screen on which nobody chose."""
    k = len(frames.snapshots)
    between, step_ms = pace(k)
    stage = Stage(frames, beside, looks)
    places = [i / between for i in range((k - 1) * between + 1)]
    pictures = [stage.at(place).quantize(128, dither=Image.Dither.NONE) for place in places]
    buffer = io.BytesIO()
    durations = [START_MS, *[step_ms] * (len(pictures) - 2), END_MS][-len(pictures) :]
    pictures[0].save(buffer, "GIF", save_all=True, append_images=pictures[1:], duration=durations, loop=0)
    return buffer.getvalue()


def pace(k: int) -> tuple[int, int]:
    """For k frames: the number of pictures from one frame to the next, and the milliseconds of each picture."""
    legs = max(1, k - 1)
    moving = min(WHOLE_MS[1], max(WHOLE_MS[0], EACH_MS * k)) - START_MS - END_MS
    between = max(1, min(round(moving / legs / STEP_MS), MOST // legs))
    return between, 10 * round(moving / (legs * between) / 10)  # a GIF counts in hundredths of a second


class Stage:
    """What all pictures of an animation have in common: scales, colours, texts."""

    def __init__(self, frames: Frames, beside: Frames | None, looks: Looks | None = None):
        self.frames, self.beside, self.looks = frames, beside, looks or Looks()
        self.font, self.small, self.tiny = (ImageFont.load_default(size) for size in (17, 12, 9))
        self.rows = [(frames, INK)] + ([(beside, SECOND)] if beside else [])
        self.figures = [Figures(f) for f, _ in self.rows]
        self.bars = BARS_OF_TWO if beside else BARS
        classes = frames.classes if frames.fixed.labels is not None else ()
        self.legend = legend(classes, self.small, MAP[2] - MAP[0], self.looks)

    def at(self, place: float) -> Image.Image:
        """The picture at a place between frames."""
        image = Image.new("RGB", SIZE, "white")
        draw = ImageDraw.Draw(image)
        x = self.figures[0].x(place)
        places = [place, *(figures.place(x) for figures in self.figures[1:])]
        near = [f.snapshots[math.floor(p + 0.5)] for (f, _), p in zip(self.rows, places, strict=True)]
        self._title(draw, place)
        self._maps(draw, places)
        self._pictures(image, draw, near)
        self._bars(draw, near)
        now = [figures.at(p) for figures, p in zip(self.figures, places, strict=True)]
        self._plane(draw, now)
        self._curves(draw, [figures.x(p) for figures, p in zip(self.figures, places, strict=True)], now)
        return image

    def _title(self, draw: ImageDraw.ImageDraw, place: float) -> None:
        right, when = SIZE[0] - 12, self.figures[0].named(place)
        draw.text((right, 10), when, INK, self.font, anchor="ra")
        room = right - self.font.getlength(when) - 36
        name = self.frames.name
        if self.beside:
            name = _("{first} and {second}", first=self.frames.name, second=self.beside.name)
        name = fit(name, self.font, room)
        draw.text((12, 10), name, INK, self.font)
        wide = self.font.getlength(name)
        if len({f.about for f, _colour in self.rows}) == 1:
            draw.text((24 + wide, 14), fit(self.frames.about, self.small, max(0, room - wide)), QUIET, self.small)

    def _maps(self, draw: ImageDraw.ImageDraw, places: Sequence[float]) -> None:
        left, top, right, bottom = MAP
        bottom -= LINE_PX * len(self.legend)
        draw.rectangle((left, top, right, bottom), PANEL)
        half = (right - left) // len(self.rows)
        for n, (f, colour) in enumerate(self.rows):
            box = (left + n * half, top, left + (n + 1) * half, bottom)
            cloud(draw, f, places[n], box, looks=self.looks, font=self.small)
            if places[n] > (laid := len(f.maps)) - 1:
                told = _("no map from {axis} {value:g} on", axis=f.axis, value=f.values[laid])
                draw.text(((box[0] + box[2]) / 2, bottom - 8), told, QUIET, self.small, anchor="mb")
            if self.beside:
                draw.text((box[0] + 8, box[1] + 6), fit(f.name, self.small, half - 16), colour, self.small)
        for n, line in enumerate(self.legend):
            x: float = left
            for label, colour, shape in line:
                x = entry(draw, (x, bottom + 3 + n * LINE_PX), label, colour, self.small, shape=shape)

    def _pictures(self, image: Image.Image, draw: ImageDraw.ImageDraw, near: Sequence[Snapshot]) -> None:
        """The decoded latents of each row, and the reconstructions, of both rows if they are of the same samples."""
        left, top, right, bottom = DRAWN
        pitch = (right - left + GAP) / len(near)
        for n, shot in enumerate(near):
            paste(image, shot.drawn, 8, (round(left + n * pitch), top, round(left + (n + 1) * pitch) - GAP, bottom))
        shown = self.frames.fixed.shown
        same = near if self.beside and np.array_equal(self.beside.fixed.shown, shown) else near[:1]
        paste(image, np.concatenate([shown, *(shot.again for shot in same)]), len(shown), AGAIN)
        decoded = _("fixed latents, decoded") if len(near) == 1 else _("fixed latents, decoded by both")
        draw.text((left, top - 16), decoded, QUIET, self.small)
        validation = self.frames.fixed.split == VALIDATION
        alone = _("validation samples and their reconstructions"), _("test samples and their reconstructions")
        both = (
            _("validation samples and the reconstructions of both"),
            _("test samples and the reconstructions of both"),
        )
        again = (alone if len(same) == 1 else both)[0 if validation else 1]
        draw.text((AGAIN[0], AGAIN[1] - 16), again, QUIET, self.small)

    def _bars(self, draw: ImageDraw.ImageDraw, near: Sequence[Snapshot]) -> None:
        """The rate of each dimension, sorted by the last epoch, or for other models by their own rates. The other row
        is a line, since its dimensions are not the same."""
        rates = [[r for s in f.snapshots if (r := s.rate_per_dim_nats) is not None] for f, _colour in self.rows]
        heading = _("rate per dimension, nats") if rates[0] else _("no rate per dimension")
        head = (DRAWN[0], self.bars[1] - 20)
        draw.text(head, heading, RATE, self.small)
        shown = [shot.rate_per_dim_nats for shot in near]
        if shown[0] is None:
            return
        left, top, right, bottom = self.bars
        most = max(0.1, *(float(r.max()) for r in (*(each[-1] for each in rates if each), *shown) if r is not None))
        pitch = (right - left) / max(len(r) for r in shown if r is not None)

        def height(v: float) -> float:
            return bottom - max(1.0, float(v) / most * (bottom - top))

        rate, active, last = shown[0], active_by_rate(shown[0]), rates[0][-1]
        one = last if self.frames.axis == "epoch" and len(last) == len(rate) else rate
        order = np.argsort(-one, kind="stable")
        for at, d in enumerate(order):
            x = left + at * pitch
            draw.rectangle((x + 0.1 * pitch, height(rate[d]), x + 0.9 * pitch, bottom), RATE if active[d] else QUIET)
        x = head[0] + self.small.getlength(heading) + 10
        for label, colour in ((_("active"), RATE), (_("dead"), QUIET)):
            x = entry(draw, (x, head[1] + 1), label, colour, self.tiny)
        if self.beside and shown[1] is not None:
            draw.text((right, top - 4), fit(self.beside.name, self.tiny, 120), SECOND, self.tiny, anchor="ra")
            steps = [(left + (k + e) * pitch, height(v)) for k, v in enumerate(np.sort(shown[1])[::-1]) for e in (0, 1)]
            draw.line(steps, fill=SECOND, width=2)
        draw.text((left - 4, top), short(most), QUIET, self.small, anchor="ra")

    def _plane(self, draw: ImageDraw.ImageDraw, now: Sequence[Mapping[str, float]]) -> None:
        rows = [[(s[R], s[D]) for _x, s in figures.records if bounded(s)] for figures in self.figures]
        heading = _("distortion against rate, nats") if rows[0] else _("no rate, so no distortion-rate plane")
        draw.text((PLANE[0], 46), heading, INK, self.small)
        if not rows[0]:
            return
        every = [s for figures in self.figures for s in figures.late(*(key for _name, key, _colour in FIGURES))]
        across, up = (spread(s[key] for s in every) for key in (R, D))
        x, y = scale(across, PLANE[0], PLANE[2]), scale(up, PLANE[3], PLANE[1])
        draw.rectangle(PLANE, outline=FAINT)
        curves = [clipped([(x(r), y(d)) for r, d in row], PLANE) for row in rows]
        seen = [at for pieces in curves for piece in pieces for at in piece]
        for total, said in ticks(across[0] + up[0], across[1] + up[1], 5):  # lines of equal ELBO
            ends = [(x(v), y(total - v)) for v in across]
            for piece in clipped(ends, PLANE):
                draw.line(piece, fill="#f0b48c")
                free = max(piece, key=lambda end: min((math.dist(end, at) for at in seen), default=0.0))
                self._label(draw, free, _("ELBO {total}", total=_negative(said)))
        for (_row, colour), pieces in zip(self.rows, curves, strict=True):
            for piece in pieces:
                draw.line(piece, fill=colour, width=2)
        for r, said in ticks(*across, 4):
            half = self.small.getlength(said) / 2
            at = min(x(r), SIZE[0] - half - 2)
            draw.line((x(r), PLANE[3], x(r), PLANE[3] + 3), fill=QUIET)
            draw.text((at, PLANE[3] + 4), said, RATE, self.small, anchor="ma")
        for d, said in ticks(*up, 4):
            draw.line((PLANE[0] - 3, y(d), PLANE[0], y(d)), fill=QUIET)
            draw.text((PLANE[0] - 6, y(d)), said, DISTORTION, self.small, anchor="rm")
        for (_row, colour), figures in reversed([*zip(self.rows, now, strict=True)]):
            own = ELBO if colour == INK else colour
            if bounded(figures) and not dot(draw, place := (x(figures[R]), y(figures[D])), PLANE, 6, own):
                told = _("rate {r}, distortion {d}", r=short(figures[R]), d=short(figures[D]))
                self._label(draw, _beside(place, own != ELBO), told, own)

    def _label(self, draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str = ELBO) -> None:
        """A label at the end of a line or beside a dot, on a white background and inside the plane."""
        half = self.tiny.getlength(text) / 2 + 2
        at = within(at, (PLANE[0] + math.ceil(half), PLANE[1] + 7, PLANE[2] - math.ceil(half), PLANE[3] - 7))
        draw.rectangle((at[0] - half, at[1] - 5, at[0] + half, at[1] + 5), "white")
        draw.text(at, text, colour, self.tiny, anchor="mm")

    def _curves(self, draw: ImageDraw.ImageDraw, xs: Sequence[float], now: Sequence[Mapping[str, float]]) -> None:
        records = [s for figures in self.figures for _x, s in figures.records]
        shown = [one for one in FIGURES if any(one[1] in s for s in records)]
        shown = [one for one in shown if one[1] != R or any(map(bounded, records))]
        height = (CURVES[3] - CURVES[1]) / max(1, len(shown))
        every = [x for figures in self.figures for x, _record in figures.records]
        every += [self.frames.until] if self.frames.until else []
        ends = (min(every), max(every)) if min(every) < max(every) else spread(every)
        x = scale(ends, CURVES[0], CURVES[2])
        for n, (name, key, own) in enumerate(shown):
            box = (CURVES[0], round(CURVES[1] + n * height + 16), CURVES[2], round(CURVES[1] + (n + 1) * height - 8))
            y = scale(spread(s[key] for figures in self.figures for s in figures.late(key)), box[3], box[1])
            draw.line((box[0], box[3], box[2], box[3]), fill=FAINT)
            draw.text((box[0], box[1] - 15), _(name), own, self.small)
            right = float(box[2])
            for k in reversed(range(len(self.rows))):
                colour = SECOND if k else own
                line = [(x(v), y(s[key])) for v, s in self.figures[k].records if key in s]
                for piece in clipped(line, box):
                    draw.line(piece, fill=colour, width=2)
                if key in now[k]:
                    dot(draw, (x(xs[k]), y(now[k][key])), box, 4, colour)
                    value = short(now[k][key])
                    draw.text((right, box[1] - 15), value, colour, self.small, anchor="ra")
                    right -= self.small.getlength(value) + 8


def _negative(said: str) -> str:
    """A tick's text with the other sign."""
    return said[1:] if said.startswith("-") else said if said == "0" else f"-{said}"


def _beside(at: tuple[float, float], second: bool) -> tuple[float, float]:
    """Where the numbers of a dot at the edge of the plane are: towards its middle, those of the second row below."""
    x, y = within(at, PLANE)
    towards = -1 if y > (PLANE[1] + PLANE[3]) / 2 else 1
    return x, y + towards * (14 + 12 * second)
