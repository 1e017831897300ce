"""Classes are told apart by people who see fewer colours: simulated after Machado, Oliveira and Fernandes (2009)."""

from __future__ import annotations

import dataclasses
import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from app.show import palette
from app.show.figures import latent_map

LEAST = 10.0  # CIEDE2000 of any two classes; about 1 is just noticeable between large patches side by side
GROUNDS = {"LIGHT": ("#ffffff", 1.6), "DARK": ("#0f1217", 3.0)}  # of the page, and the least contrast with it
SEEN = {  # at severity 1, from linear RGB to linear RGB
    "normal": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
ROOT = Path(__file__).resolve().parents[3]
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour: str) -> np.ndarray:
    v = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB (D65) of linear RGB."""
    t = TO_XYZ @ rgb / TO_XYZ.sum(1)
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def ciede2000(one: np.ndarray, other: np.ndarray) -> float:
    """The colour difference of two CIELAB colours (Sharma, Wu and Dalal, 2005)."""
    (l1, a1, b1), (l2, a2, b2) = one, other
    mean7 = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    g = 0.5 * (1 - np.sqrt(mean7 / (mean7 + 25.0**7)))
    c1, c2 = np.hypot(a1 * (1 + g), b1), np.hypot(a2 * (1 + g), b2)
    h1, h2 = (np.degrees(np.arctan2(b, a * (1 + g))) % 360 for a, b in ((a1, b1), (a2, b2)))
    turn = (h2 - h1 + 180) % 360 - 180 if c1 * c2 else 0.0
    light, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    hue = (h1 + turn / 2) % 360 if c1 * c2 else h1 + h2
    across, along = c2 - c1, 2 * np.sqrt(c1 * c2) * np.sin(np.radians(turn) / 2)
    cos = lambda degrees: np.cos(np.radians(degrees))  # noqa: E731
    t = 1 - 0.17 * cos(hue - 30) + 0.24 * cos(2 * hue) + 0.32 * cos(3 * hue + 6) - 0.2 * cos(4 * hue - 63)
    by_light = (l2 - l1) / (1 + 0.015 * (light - 50) ** 2 / np.sqrt(20 + (light - 50) ** 2))
    by_chroma, by_hue = across / (1 + 0.045 * chroma), along / (1 + 0.015 * chroma * t)
    blue = 60 * np.exp(-(((hue - 275) / 25) ** 2))
    twist = -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.radians(blue))
    return float(np.sqrt(by_light**2 + by_chroma**2 + by_hue**2 + twist * by_chroma * by_hue))


def closest(colours, sight: str) -> float:
    seen = [lab(np.clip(SEEN[sight] @ linear(c), 0, 1)) for c in colours]
    return min(ciede2000(a, b) for a, b in combinations(seen, 2))


@pytest.mark.parametrize(
    ("one", "other", "expected"),  # of the table published with the formula
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1, 2), (50, 0, 0), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_colour_difference_is_that_of_the_published_pairs(one, other, expected):
    assert ciede2000(one, other) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("sight", SEEN)
@pytest.mark.parametrize("name", GROUNDS)
def test_any_two_classes_stay_apart_in_every_sight(name, sight):
    assert closest(getattr(palette, name), sight) >= LEAST


def test_a_set_that_is_safe_for_most_is_caught():
    """The one used before: its grey and its wine are alike without the middle cones."""
    assert closest((*palette.LIGHT[:-1], "#555555"), "deutan") < 2


def contrast(one: str, other: str) -> float:
    """That of WCAG 2.2: 1 to 21; text needs 4.5."""
    low, high = sorted(float(TO_XYZ[1] @ linear(c)) + 0.05 for c in (one, other))
    return high / low


def mixed(one: str, other: str, share: float) -> str:
    """color-mix(in srgb, one share, other)."""
    a, b = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in (one, other))
    return "#" + "".join(f"{round(share * x + (1 - share) * y):02x}" for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_a_contrast_of_4_5_in_either_theme(scheme):
    known = tomllib.loads((ROOT / "app/.streamlit/config.toml").read_text("utf-8"))["theme"]
    theme = known | known[scheme]
    page, panel, text, accent = (
        theme[key] for key in ("backgroundColor", "secondaryBackgroundColor", "textColor", "primaryColor")
    )
    canvas = {"light": "#ffffff", "dark": "#121212"}[scheme]  # what Chromium, Firefox and Safari call Canvas, about
    texts = [(text, mixed(panel, page, 0.45))]  # names of classes, on the map
    texts += [
        (colour, ground) for colour in getattr(palette, f"INK_{scheme.upper()}").values() for ground in (page, panel)
    ]
    texts += [(mixed(text, ground, 0.62), ground) for ground in (page, panel)]  # what is said in passing
    texts += [(accent, page), (accent, panel), (canvas, accent)]
    texts += [(accent, mixed(accent, page, share)) for share in (0.1, 0.2)]  # what is chosen, and under the pointer
    low = {pair: round(contrast(*pair), 2) for pair in texts if contrast(*pair) < 4.5}
    assert not low


@pytest.mark.parametrize("name", GROUNDS)
def test_every_class_stands_out_from_the_page(name):
    ground, least = GROUNDS[name]
    assert min(contrast(colour, ground) for colour in getattr(palette, name)) >= least
    assert len(set(getattr(palette, name))) == 10


def test_a_figure_has_the_colours_of_its_page_and_shapes_beyond_ten_classes(tiny_checkpoint):
    from app.live import engines

    atlas = engines.engine("tiny-vae").atlas
    for dark, colours in ((False, palette.LIGHT), (True, palette.DARK)):
        assert [t.marker.color for t in latent_map(atlas, dark=dark).data] == list(colours[: len(atlas.classes)])
    assert all(t.marker.symbol is None for t in latent_map(atlas).data)
    many = latent_map(dataclasses.replace(atlas, classes=tuple("abcdefghijkl")))
    looks = [(t.marker.color, t.marker.symbol) for t in many.data]
    assert len(set(looks)) == 12
