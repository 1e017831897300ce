"""The sliders that the console shows at a point, as plain data."""

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
from ..text import N_, _, number, percent, significant

MOST = 8
MANY = 128  # dimensions, from which on the decoder's change is measured along the principal axes alone
SHARE = N_("share of the decoder's local change at this point along this direction")
SHARE_WITHIN = N_("share of the decoder's local change at this point within the first principal axes of the map")


def slope_at(engine: Engine, z: Float[np.ndarray, " d"], y: int | None) -> Slope:
    """The decoder's Jacobian at z, measured once for all tabs: along every dimension, of more than MANY along the first
    principal axes. y: the label that a conditional model decodes with."""
    step = COARSE if engine.n_codes else STEP
    atlas = engine.atlas
    c = engine.condition_at(z[None], y)
    decode = partial(engine.decode, c=None if c is None else c[0])
    within = atlas.principal if engine.d > MANY else None
    return engine.submit(slope, decode, z, atlas.z_std, atlas.z_mean, step, within=within).result()


def tabs(engine: Engine, at: Slope, named: Sequence[Named] = ()) -> dict[str, dict[str, Any]]:
    """The console's sliders at a point: local directions, principal axes, latent dimensions and saved directions."""
    k = min(MOST, engine.d)
    rates = (engine.card.get("metrics") or {}).get("rate_per_dim_nats")
    rates = rates if rates and len(rates) == engine.d else None
    here, raw = local_directions(at, k), axes(at, k, rates)
    pca = principal_directions(at, engine.atlas.z, k)
    single = [int(np.argmax(np.abs(u))) for u in raw.u]
    rate_of = None if rates is None else [_("{rate} nats", rate=number(float(rates[j]), 1)) for j in single]
    raw_why = N_("rate of this dimension on the test set")
    if at.within is not None and rate_of is None:
        rate_of = [_("std {std}", std=significant(float(at.scale[j]), 2)) for j in single]
        raw_why = N_("standard deviation of this dimension over the map: those of the largest are shown")
    why = SHARE if at.within is None else SHARE_WITHIN
    fitting = [one for one in named if len(one.u) == engine.d]
    saved = along(at, [one.u for one in fitting]) if fitting else None
    return {
        "here": plain(here, [_("Direction {n}", n=j + 1) for j in range(len(here.u))], why=why),
        "pca": plain(pca, [_("Principal axis {n}", n=j + 1) for j in range(len(pca.u))], why=why),
        "raw": plain(raw, [f"z{j}" for j in single], rate_of, raw_why),
        "named": plain(saved, [one.name for one in fitting], why=[one.source for one in fitting]),
    }


def plain(
    found: Directions | None,
    names: Sequence[str],
    says: Sequence[str] | None = None,
    why: str | Sequence[str] = SHARE,
) -> dict[str, Any]:
    """Directions as the console takes them. names: of the sliders; says: the text beside each (default: its share of
    the effect); why: the help on that text, one for all or one each."""
    if found is None:
        return {key: [] for key in ("u", "low", "high", "names", "says", "why")}
    says = [percent(float(share)) for share in found.effect] if says is None else says
    return {
        "u": np.round(found.u, 5).tolist(),
        "low": np.round(found.low, 3).tolist(),
        "high": np.round(found.high, 3).tolist(),
        "names": list(names),
        "says": list(says),
        "why": [_(why)] * len(names) if isinstance(why, str) else list(why),
    }
