"""Whether the arrays of an atlas fit each other and their model."""

from __future__ import annotations

import numpy as np

from ..errors import CheckpointError
from ..text import _
from .atlas import SHEET_PX, Atlas


def check(atlas: Atlas, name: str, *, d: int, n_classes: int, condition: tuple[int, ...] = ()) -> Atlas:
    """The atlas itself, if it fits a model with d latent dimensions, n_classes labels and conditions of that shape;
    name: of the checkpoint, for the message.

    Raises: CheckpointError: naming the first array that does not fit.
    """
    n, labels = len(atlas.z), atlas.labels
    columns, (h, w) = atlas.thumb_columns, atlas.thumb_size
    wrong = {
        "z": atlas.z.shape != (n, d) or n < 1 or not np.isfinite(atlas.z).all(),
        "std": atlas.std.shape != (n, d) or not (np.isfinite(atlas.std) & (atlas.std >= 0)).all(),
        "xy": atlas.xy.shape != (n, 2) or not np.isfinite(atlas.xy).all(),
        "index": atlas.index.shape != (n,) or not (atlas.index >= 0).all(),
        "labels": labels is not None and (labels.shape != (n,) or not ((labels >= 0) & (labels < n_classes)).all()),
        "c": atlas.conditions is not None and atlas.conditions.shape != (n, *condition),
        "measured": any(v.shape not in ((n,), (0,)) for v in atlas.measured.values()),
        "thumbs": min(columns, h, w) < 1 or columns * w > SHEET_PX or h > SHEET_PX,
    }
    if (mixture := atlas.stored_mixture) is not None:
        k, weights = len(mixture.means), mixture.weights
        wrong["mixture"] = (
            (weights.shape, mixture.means.shape, mixture.factors.shape) != ((k,), (k, d), (k, d, d))
            or not all(np.isfinite(a).all() for a in (weights, mixture.means, mixture.factors))
            or not ((weights >= 0).all() and weights.sum() > 0)
        )
    if found := [key for key, bad in wrong.items() if bad]:
        raise CheckpointError(
            _(
                "{name}: the array {array} of its map does not fit its model or its other arrays; rebuild the map with "
                "`python -m vae atlas {name}`.",
                name=name,
                array=found[0],
            )
        )
    return atlas
