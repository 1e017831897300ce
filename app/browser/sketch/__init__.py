"""A canvas of the model's shape, encoded while the user draws: its reconstruction, map position and oddness."""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np

from app.browser import link, register

_MOUNT = register("sketch")


def sketch(
    model: str,
    *,
    key: str,
    start: np.ndarray | None,
    name: str,
    version: str,
    label: int | None = None,
    ground: float | None = None,
    on_keep: Callable[[], None] | None = None,
):
    """Mount the canvas. "Keep" makes its latent the current point, through the map of the page.

    Args:
        start: the initial sample, uint8 (c, h, w), or a series as float32 (c, t); None: black, or zero. name: of that
            sample; version: a value other than "committed" replaces the drawing by it.
        ground: mean of the border of the training samples, 0-1, for the offer to invert a picture; None: no offer.
    """
    ordered = start if start is None or start.ndim == 2 else start.transpose(1, 2, 0)
    given = None if ordered is None else base64.b64encode(np.ascontiguousarray(ordered).tobytes()).decode()
    return _MOUNT(
        key=key,
        data={"link": link(model), "start": given, "name": name, "version": version, "label": label, "ground": ground},
        on_keep_change=on_keep or (lambda: None),
    )
