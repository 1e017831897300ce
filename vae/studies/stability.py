"""Does the map hold? How far the neighbours of a sample on the map stay its neighbours when UMAP is fitted again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..atlas.atlas import Atlas
from ..latent.agreement import nearest, shared
from ..latent.fit import fit_map
from ..saved.schema import is_number
from ..text import ngettext, percent

REFITS = 5


@dataclass(frozen=True)
class Stability:
    """Shares of the 15 nearest other samples on the map, 0 to 1. kept: those that are among the 15 nearest again when
    UMAP is fitted with another seed, the mean over `refits` of them. latent: those that are among the 15 nearest in the
    latent space. chance: what a random map would keep."""

    kept: float
    latent: float
    chance: float
    refits: int


def measure(
    atlas: Atlas, *, seed: int = 0, refits: int = REFITS, report: Callable[[int], Any] = lambda done: None
) -> tuple[np.ndarray, Stability]:
    """The share that is kept of the neighbours of each row, (n,) float32, and the means over all rows. seed: that of
    the map; the refits have the next ones and otherwise its settings. report(done): how many of them are done."""
    seen, own = atlas.projector.seen(atlas.z), nearest(atlas.xy)
    kept = np.zeros(atlas.n)
    for i in range(refits):
        kept += shared(own, nearest(fit_map(seen, seed=seed + 1 + i, scale=atlas.projector.scale).xy)) / refits
        report(i + 1)
    latent = shared(own, nearest(seen * atlas.projector.scale)).mean()
    chance = own.shape[1] / (atlas.n - 1)
    return kept.astype(np.float32), Stability(float(kept.mean()), float(latent), float(chance), refits)


def of_card(card: Mapping[str, Any]) -> Stability | None:
    """What a card says of its map; None if it was not measured."""
    found = (card.get("atlas") or {}).get("stability")
    keys = ("kept", "latent", "chance", "refits")
    if not isinstance(found, Mapping) or not all(is_number(found.get(key)) for key in keys):
        return None
    return Stability(float(found["kept"]), float(found["latent"]), float(found["chance"]), int(found["refits"]))


def words(found: Stability) -> str:
    """What was measured, with what it is to be compared with."""
    return ngettext(
        "Stability {kept}: that share of the 15 nearest samples on the map are so again when UMAP is fitted with "
        "another seed (mean of {n} refit). {latent} of them are among the 15 nearest in the latent space, too; a "
        "random map would keep {chance}.",
        "Stability {kept}: that share of the 15 nearest samples on the map are so again when UMAP is fitted with "
        "another seed (mean of {n} refits). {latent} of them are among the 15 nearest in the latent space, too; a "
        "random map would keep {chance}.",
        found.refits,
        kept=percent(found.kept),
        latent=percent(found.latent),
        chance=percent(found.chance, 1),
    )
