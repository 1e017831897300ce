"""The maps of two models side by side under one cursor: what either decodes at the same reference sample."""

from __future__ import annotations

from app.browser import link, register

_MOUNT = register("twin_maps")


def twin_maps(left: str, right: str, *, key: str, row: int | None = None):
    """Mount the maps of two checkpoints of the same data set, coloured alike, each with its decoded picture.

    The pointer moves over either; the other shows the nearest reference sample that both maps have, found by its row in
    the training split. A click keeps the sample. row: the left map's row to start on.
    """
    data = {"link": link(left), "other": link(right), "row": row}
    return _MOUNT(key=key, data=data, on_renew_change=lambda: None)
