"""Drawing functions for the animation of a training: scatter plots, sheets of pictures, scales and dots."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.show.figures import ELBO
from app.show.palette import LIGHT as CLASSES
from vae.forming.model_sequence import Frames
from vae.modalities.image import tile

DOT = 1.6  # radius of a point of the map
INK = "#1a1d24"

Box = tuple[int, int, int, int]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont  # whichever Pillow was built with


def cloud(draw: ImageDraw.ImageDraw, f: Frames, place: float, box: Box) -> None:
    """The map at a place between frames, scaled to the box; without a map of that frame, the last map there is."""
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


def legend(classes: Sequence[str], font: Font, width: int) -> list[list[tuple[str, str]]]:
    """The legend as lines of (name, colour), each at most that wide."""
    lines: list[list[tuple[str, str]]] = []
    at = float(width)
    for name, colour in zip(classes, CLASSES, strict=False):
        text = fit(name, font, width // 3)
        if at + (wide := entry_px(text, font)) > width:
            lines.append([])
            at = 0
        lines[-1].append((text, colour))
        at += wide
    return lines


def entry(draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str, font: Font) -> float:
    """Draws a legend entry, a colour with its name, and returns the x of the next one."""
    x, y = at
    draw.rectangle((x, y + 4, x + 7, y + 11), colour)
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
