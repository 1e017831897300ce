"""What the console offers to pull at a point, as its plain data. Asks an engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float

from ..engine.engine import Engine
from ..latent.traverse import (
    COARSE,
    STEP,
    Directions,
    Slope,
    along,
    axes,
    local_directions,
    principal_directions,
    slope,
)
from ..saved.directions import Named

MOST = 8
SHARE = "share of the picture's local change at this point that this direction carries"


def slope_at(engine: Engine, z: Float[np.ndarray, " d"], y: int | None) -> Slope:
    """The decoder's Jacobian at z, measured once for all tabs. y: what a conditional model decodes with."""
    step = COARSE if engine.n_codes else STEP
    atlas = engine.atlas
    c = engine.condition_at(z[None], y)
    decode = partial(engine.decode, c=None if c is None else c[0])
    return engine.submit(slope, decode, z, atlas.z_std, atlas.z_mean, step).result()


def tabs(engine: Engine, at: Slope, named: Sequence[Named] = ()) -> dict[str, dict[str, Any]]:
    """The console's sliders at a point: its own strongest directions, principal axes, single dimensions, saved ones."""
    k = min(MOST, engine.d)
    rates = (engine.card.get("metrics") or {}).get("rate_per_dim_nats")
    rates = rates if rates and len(rates) == engine.d else None
    here, raw = local_directions(at, k), axes(at, k, rates)
    pca = principal_directions(at, engine.atlas.z, k)
    single = [int(np.argmax(np.abs(u))) for u in raw.u]
    rate_of = None if rates is None else [f"{rates[j]:.1f} nats" for j in single]
    fitting = [one for one in named if len(one.u) == engine.d]
    saved = along(at, [one.u for one in fitting]) if fitting else None
    return {
        "here": plain(here, [f"Direction {j + 1}" for j in range(len(here.u))]),
        "pca": plain(pca, [f"Principal axis {j + 1}" for j in range(len(pca.u))]),
        "raw": plain(raw, [f"z{j}" for j in single], rate_of, "rate of this dimension, test set"),
        "named": plain(saved, [one.name for one in fitting], why=[one.source for one in fitting]),
    }


def plain(
    found: Directions | None,
    names: Sequence[str],
    says: Sequence[str] | None = None,
    why: str | Sequence[str] = SHARE,
) -> dict[str, Any]:
    """Directions as the console takes them. names, and what is said beside each (its share) and why, in words."""
    if found is None:
        return {key: [] for key in ("u", "low", "high", "names", "says", "why")}
    says = [f"{100 * share:.0f} %" for share in found.effect] if says is None else says
    return {
        "u": np.round(found.u, 5).tolist(),
        "low": np.round(found.low, 3).tolist(),
        "high": np.round(found.high, 3).tolist(),
        "names": list(names),
        "says": list(says),
        "why": [why] * len(names) if isinstance(why, str) else list(why),
    }
