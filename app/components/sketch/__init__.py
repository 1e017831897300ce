"""A canvas of the model's own shape, encoded while it is drawn on: what the model makes of it, where it is, how odd."""

from __future__ import annotations

import base64
from collections.abc import Callable

import numpy as np

from app.components import link, register

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
        start: uint8 (c, h, w) to begin with, None: black. name: what it is; version: another one puts it on the canvas
            in place of what was drawn.
    """
    pixels = None if start is None else base64.b64encode(start.transpose(1, 2, 0).tobytes()).decode()
    return _MOUNT(
        key=key,
        data={"link": link(model), "start": pixels, "name": name, "version": version, "label": label},
        on_keep_change=on_keep or (lambda: None),
    )
