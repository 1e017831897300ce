"""A canvas of the model's own shape, encoded while it is drawn on: what the model makes of it, where it is, how odd."""

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
    on_keep: Callable[[], None] | None = None,
):
    """Mount the canvas. "Keep" commits the latent through the map of the page.

    Args:
        start: uint8 (c, h, w), or a series as float32 (c, t), to begin with; None: black, or zero. name: what it is;
            version: another one than "committed" puts it on the canvas in place of what was drawn.
    """
    ordered = start if start is None or start.ndim == 2 else start.transpose(1, 2, 0)
    given = None if ordered is None else base64.b64encode(np.ascontiguousarray(ordered).tobytes()).decode()
    return _MOUNT(
        key=key,
        data={"link": link(model), "start": given, "name": name, "version": version, "label": label},
        on_keep_change=on_keep or (lambda: None),
    )
