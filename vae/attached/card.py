"""The card of a model that stays in the program that holds it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from ..atlas.atlas import Atlas
from ..registry import ATTACHED
from ..text import _
from ..version import __version__
from .worker import Model


def config_of(name: str, model: Model, atlas: Atlas, title: str) -> dict[str, Any]:
    """As a checkpoint is saved with it."""
    return {
        "name": name,
        "title": title,
        "family": ATTACHED,
        "hparams": {"d": int(atlas.z.shape[1]), "encodes": model.encode is not None}
        | ({} if model.classify is None else {"classifies": True})
        | ({} if model.real is None else {"gives": True}),
        "train": {},
        "dataset": "",
        "seed": 0,
        "spec": {
            "shape": list(model.made.shape),
            "n_data": int(atlas.index.max()) + 1,
            "n_classes": len(atlas.classes),
            "modality": model.made.modality.name,
        },
        "classes": list(atlas.classes),
        "data_licence": _("your own"),
        "command": "vae.explore(...)",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"zscope": __version__},
        "metrics": {},
        "atlas": atlas.summary,
    }
