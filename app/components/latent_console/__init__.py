"""The console beside the map: the decoded picture with its trust, neighbours, latent sliders and the status line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from app.components import link, register

_MOUNT = register("latent_console")


def latent_console(
    model: str,
    *,
    key: str,
    committed: dict[str, Any] | None,
    neighbours: Sequence[dict[str, Any]] = (),
    sliders: dict[str, dict[str, Any]] | None = None,
    labels: Sequence[str] = (),
    label: int | None = None,
    on_label: Callable[[], None] | None = None,
    can_undo: bool = False,
    on_undo: Callable[[], None] | None = None,
    on_renew: Callable[[], None] | None = None,
):
    """Mount the console. Sliders and neighbours commit through the map of the same page; undo is the caller's.

    Args:
        committed: {"row", "xy", "z"} as latent_map returns it.
        neighbours: {"row": map row, "distance": latent distance} each, nearest first.
        sliders: what slider_data makes of vae.latent.traverse records, for the tabs "here" and "raw".
        labels: class names to choose from, for a conditional model; label: the chosen one, None: of the nearest sample.
            on_label runs after a choice; session.sent(key, "label") is then {"label": number or None}.
        on_renew: called when the browser's token has expired; a rerun is all it takes.
    """
    return _MOUNT(
        key=key,
        data={
            "link": link(model),
            "committed": committed,
            "neighbours": list(neighbours),
            "sliders": sliders or {},
            "labels": list(labels),
            "label": label,
            "can_undo": can_undo,
        },
        on_label_change=on_label or (lambda: None),
        on_undo_change=on_undo or (lambda: None),
        on_renew_change=on_renew or (lambda: None),
    )


def slider_data(directions, names: Sequence[str]) -> dict[str, Any]:
    """A vae.latent.traverse.Directions record as the console's plain data. names: a label each."""
    return {
        "u": np.round(directions.u, 5).tolist(),
        "effect": np.round(directions.effect, 4).tolist(),
        "low": np.round(directions.low, 3).tolist(),
        "high": np.round(directions.high, 3).tolist(),
        "names": list(names),
    }


def slider_tabs(here, raw) -> dict[str, dict[str, Any]]:
    """The console's sliders: local directions at a point, and single axes."""
    return {
        "here": slider_data(here, [f"Direction {j + 1}" for j in range(len(here.u))]),
        "raw": slider_data(raw, [f"z{np.argmax(np.abs(u))}" for u in raw.u]),
    }
