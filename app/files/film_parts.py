"""Drawing functions for the animation of a training: scatter plots, sheets of pictures, scales and dots."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.show.class_looks import Looks, class_colours, densest, outline
from app.show.figures import ELBO
from vae.forming.model_sequence import Frames
from vae.modalities.image import tile

DOT, SHAPED = 1.6, 2.4  # radius of a point of the map, without and with a shape
INK, PANEL = "#1a1d24", "#f6f7f9"  # text, and the ground of the map
NAME_PX = 120  # of the longest name on the map

Box = tuple[int, int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont  # whichever Pillow was built with


def cloud(draw: ImageDraw.ImageDraw, f: Frames, place: float, box: Box, *, looks: Looks, font: Font) -> None:
    """The map at a place between frames, scaled to the box, with the names of classes in that font if they are wanted;
    without a map of that frame, the last map there is."""
    if not len(f.maps):
        return
    i = min(int(place), len(f.maps) - 1)
    j, t = min(i + 1, len(f.maps) - 1), place - int(place)
    xy = f.maps[i] + t * (f.maps[j] - f.maps[i])
    low, high = ((1 - t) * edge(f.maps[i], 0) + t * edge(f.maps[j], 0) for edge in (np.min, np.max))
    by = min((box[2] - box[0] - 24) / max(high[0] - low[0], 1e-6), (box[3] - box[1] - 24) / max(high[1] - low[1], 1e-6))
    px = (xy - (low + high) / 2) * (by, -by) + ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
    labels = f.fixed.labels
    if labels is None:
        for x, y in px:
            draw.ellipse((x - DOT, y - DOT, x + DOT, y + DOT), ELBO)
        return
    count = max(len(f.classes), int(labels.max()) + 1)
    shaped = looks.shaped(count)
    colours = class_colours(count, shaped)
    for (x, y), label in zip(px, labels, strict=True):
        point(draw, (x, y), SHAPED if shaped else DOT, int(label) if shaped else 0, colours[label])
    if looks.names:
        near = f.maps[i if t < 0.5 else j]
        _names(draw, f.classes, px, densest(near, labels, len(f.classes)), font)


def point(draw: ImageDraw.ImageDraw, at: tuple[float, float], radius: float, shape: int, colour: str) -> None:
    """A point, or the dot of a legend, in the shape of that class."""
    (x, y), corners = at, outline(shape, *at, radius)
    if corners:
        draw.polygon(corners, colour)
    else:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), colour)


def _names(draw: ImageDraw.ImageDraw, classes: Sequence[str], px: np.ndarray, rows: Sequence[int], font: Font) -> None:
    """The name of each class at its row, save those that would cover one before."""
    taken: list[tuple[float, float, float, float]] = []
    for name, row in zip(classes, rows, strict=True):
        if row < 0:
            continue
        said, (x, y) = fit(name, font, NAME_PX), px[row]
        left, top, right, bottom = draw.textbbox((x, y), said, font, anchor="mm")
        if any(left < u and right > x0 and top < v and bottom > y0 for x0, y0, u, v in taken):
            continue
        taken.append((left, top, right, bottom))
        draw.text((x, y), said, INK, font, anchor="mm", stroke_width=2, stroke_fill=PANEL)


def scale(span: tuple[float, float], start: float, end: float) -> Callable[[float], float]:
    """From the values of an axis to pixels."""
    low, high = span
    return lambda v: start + (v - low) / (high - low) * (end - start)


def clipped(points: Sequence[tuple[float, float]], box: Box) -> list[list[tuple[float, float]]]:
    """The pieces of a polyline within a box (Liang and Barsky, 1984)."""
    pieces: list[list[tuple[float, float]]] = []
    for (x0, y0), (x1, y1) in pairwise(points):
        dx, dy, low, high = x1 - x0, y1 - y0, 0.0, 1.0
        for by, room in ((-dx, x0 - box[0]), (dx, box[2] - x0), (-dy, y0 - box[1]), (dy, box[3] - y0)):
            if by < 0:
                low = max(low, room / by)
            elif by > 0:
                high = min(high, room / by)
            elif room < 0:
                low = 2.0  # outside the box
        if low <= high:
            a, b = ((x0 + t * dx, y0 + t * dy) for t in (low, high))
            if pieces and low == 0.0 and math.dist(pieces[-1][-1], a) < 1e-6:
                pieces[-1].append(b)
            else:
                pieces.append([a, b])
    return pieces


def legend(classes: Sequence[str], font: Font, width: int, looks: Looks) -> list[list[tuple[str, str, int | None]]]:
    """The legend as lines of (name, colour, shape), each at most that wide; None for a shape where there are none."""
    lines: list[list[tuple[str, str, int | None]]] = []
    at, shaped = float(width), looks.shaped(len(classes))
    for k, (name, colour) in enumerate(zip(classes, class_colours(len(classes), shaped), strict=True)):
        text = fit(name, font, width // 3)
        if at + (wide := entry_px(text, font)) > width:
            lines.append([])
            at = 0
        lines[-1].append((text, colour, k if shaped else None))
        at += wide
    return lines


def entry(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str, font: Font, *, shape: int | None = None
) -> float:
    """Draws a legend entry, a colour, or a shape in it, with its name, and returns the x of the next one."""
    x, y = at
    if shape is None:
        draw.rectangle((x, y + 4, x + 7, y + 11), colour)
    else:
        point(draw, (x + 3.5, y + 7.5), 4, shape, colour)
    draw.text((x + 11, y), text, INK, font)
    return x + entry_px(text, font)


def entry_px(text: str, font: Font) -> float:
    return font.getlength(text) + 21


def fit(text: str, font: Font, width: float) -> str:
    """The text, truncated with "..." if it is wider."""
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}...") > width:
        text = text[:-1]
    return f"{text}..."


def within(place: tuple[float, float], box: Box) -> tuple[float, float]:
    return min(max(place[0], box[0]), box[2]), min(max(place[1], box[1]), box[3])


def dot(draw: ImageDraw.ImageDraw, place: tuple[float, float], box: Box, r: int, colour: str) -> bool:
    """A filled dot; if its place is outside the box, a hollow dot at the edge. Returns whether it is inside."""
    x, y = within(place, box)
    inside = math.dist((x, y), place) < 1
    draw.ellipse((x - r, y - r, x + r, y + r), *((colour, "white") if inside else ("white", colour)), 2)
    return inside


def paste(image: Image.Image, pictures: np.ndarray, columns: int, box: Box) -> None:
    """The pictures as a sheet, as large as the box allows."""
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
