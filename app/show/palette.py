"""The colours of classes, and of symbols in text, once for all: Plotly figures, films, and the pages' own parts, which
get them as a module.

Any two of a palette stay apart in normal vision and under each of the three colour deficiencies (tests/app/show).
"""

from __future__ import annotations

# Light pages: Paul Tol's muted set, his grey darker. Dark pages: the same hues, lighter.
LIGHT = ("#332288", "#88ccee", "#44aa99", "#117733", "#999933", "#ddcc77", "#cc6677", "#882255", "#aa4499", "#2a2a2a")
DARK = ("#7f74e3", "#a4e0fb", "#06c4a9", "#319d54", "#b7b644", "#f1e196", "#f28193", "#d8277a", "#cc86c6", "#70757f")
# The symbols of the rate-distortion plane as text; their lines and bars have one colour for both pages (figures.py).
INK_LIGHT = {"elbo": "#a34500", "distortion": "#236ba6", "rate": "#08795b"}
INK_DARK = {"elbo": "#f0883e", "distortion": "#5aa6e3", "rate": "#10b389"}
# Plotly's names for the shapes of app/browser/latent_map/shapes.js, in their order.
SYMBOLS = ("circle", "square", "triangle-up", "diamond", "cross", "x", "triangle-down")


def symbol(k: int) -> str:
    """The shape of class k once there are more classes than colours, as on the live map."""
    return SYMBOLS[k % len(SYMBOLS)]
