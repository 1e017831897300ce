"""A grid of pictures with the evidence for each. A click (or Enter) picks one."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from app.browser import link, register
from vae.modalities.image import tile
from vae.studies.copies import HELP, Nearest
from vae.text import _

_MOUNT = register("picture_grid")


def picture_grid(
    model: str,
    pictures: np.ndarray,
    *,
    key: str,
    columns: int,
    rows: Sequence[int],
    trust: Sequence[float] | np.ndarray,
    pinned: bool,
    labels: Sequence[str] = (),
    values: np.ndarray | None = None,
    scale: str = "",
    real: Nearest | None = None,
    waiting: str = "",
    on_picked: Callable[[], None] = lambda: None,
):
    """Mount the grid.

    Args:
        pictures: (n, c, h, w) uint8.
        rows, trust: nearest reference row and trust of each; pinned: whether this evidence is shown on every tile.
        labels: the label that each was generated with, for a conditional model.
        values: (n, *shape) float32, standardised, of samples with variables; scale: that of their charts, in words.
        real: the training sample nearest to each; without it, waiting is the text shown instead.

    Returns the component's state; .picked is the index of a picture in the one run after a click, else None.
    """
    h, w = pictures.shape[2:]
    data = {
        "link": link(model),
        "sheet": sheet_url(pictures, columns),
        "columns": columns,
        "n": len(pictures),
        "shape": [h, w],
        "rows": [int(row) for row in rows],
        "trust": [round(float(t), 3) for t in trust],
        "pinned": pinned,
        "labels": list(labels),
        "values": "" if values is None else base64.b64encode(np.ascontiguousarray(values, "<f4").tobytes()).decode(),
        "scale": scale,
        "waiting": waiting,
        "real": None
        if real is None
        else {
            "sheet": sheet_url(real.pictures, columns),
            "names": list(real.names),
            "words": list(real.words),
            "suspect": list(real.suspect),
            "help": _(HELP),
        },
    }
    return _MOUNT(data=data, key=key, on_picked_change=on_picked)


def sheet_url(pictures: np.ndarray, columns: int) -> str:
    """All pictures as one PNG in a data URL, as the data of a component cannot contain bytes."""
    buffer = io.BytesIO()
    Image.fromarray(tile(pictures, columns)).save(buffer, "PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
