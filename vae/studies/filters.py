"""What each hidden unit of a model with one layer of them is wired to: its weights as a picture."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8

from ..engine.engine import Engine


def filters(engine: Engine) -> UInt8[np.ndarray, "d c h w"] | None:
    """The weights of the hidden units as pictures, grey at 0, with one scale for all of them, from minus to plus the
    largest size of a weight; None for a model whose units have no such weights, see RBM.filters."""
    if not hasattr(engine.model, "filters"):
        return None
    weights = engine.submit(lambda: engine.model.filters().float().cpu().numpy()).result()
    largest = float(np.abs(weights).max()) or 1.0
    return engine.modality.pictures((0.5 + 0.5 * weights / largest).astype(np.float32))
