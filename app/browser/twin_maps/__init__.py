"""The maps of two models side by side with one pointer, and what each model decodes at the same reference sample."""

from __future__ import annotations

from app.browser import link, register

_MOUNT = register("twin_maps")


def twin_maps(left: str, right: str, *, key: str, row: int | None = None):
    """Mount the maps of two checkpoints of the same data set, in the same colours, each with its decoded picture.

    The pointer moves over one map; the other shows the same reference sample: the nearest one that both maps have. A
    click selects that sample. row: the row of the left map to start with.
    """
    data = {"link": link(left), "other": link(right), "row": row}
    return _MOUNT(key=key, data=data)
