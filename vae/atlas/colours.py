"""What each reference sample can be coloured by besides its label: what was measured of it, what its latent tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ..latent.neighbours import Index
from ..registry import Modality
from .atlas import Atlas
from .measured import ERROR, FACTOR, RATE, closed_rate

NEIGHBOUR = 15  # whose distance a density is read from
PAIRS = 1_000_000_000  # distances that a density may cost: of more, it is read from a part of the rows


@dataclass(frozen=True)
class Quantity:
    """A number for each reference row. kind: "data" or "model". absent: why it is not known, and how it would be."""

    key: str
    title: str
    unit: str
    help: str
    kind: str
    values: Callable[[], Float[np.ndarray, " n"]]
    absent: str = ""


@runtime_checkable  # so that annotations of it are checked in the tests
class Explored(Protocol):
    """A model under the microscope, as an Engine is one."""

    name: str
    modality: Modality
    has_prior: bool

    @property
    def atlas(self) -> Atlas: ...


def log_density(z: Float[np.ndarray, "n m"], scale: Float[np.ndarray, " m"]) -> Float[np.ndarray, " n"]:
    """-m log(r / median r), nats: the log density at each row by the distance r to its 15th neighbour, against the
    median row; m the number of dimensions in use. Loftsgaarden and Quesenberry, 1965, without the constants.

    Above a billion distances, neighbours are sought among a random part of the rows, which leaves the ranks nearly
    alone.
    """
    n = len(z)
    some = np.sort(np.random.default_rng(0).permutation(n)[: max(NEIGHBOUR + 1, min(n, PAIRS // n))])
    distances, _ = Index(z[some], scale).query(z, NEIGHBOUR + 1)
    reach = np.maximum(distances[:, -1], 1e-12)
    used = max(1.0, float(np.minimum(scale, 1).sum()))
    return (-used * np.log(reach / np.median(reach))).astype(np.float32)


def quantities(engine: Explored) -> dict[str, Quantity]:
    """Everything the rows of an engine's map can be coloured by, by key; what is not known says so."""
    atlas, name = engine.atlas, engine.name
    again = f"Run python -m vae atlas {name} --measure"
    found: dict[str, Quantity] = {}

    def add(key: str, title: str, unit: str, help: str, values: Callable[[], Any], *, kind="model", absent="") -> None:
        found[key] = Quantity(key, title, unit, help, kind, values, absent)

    for key in sorted(atlas.measured):
        if key.startswith(FACTOR):
            title = key.removeprefix(FACTOR).replace("_", " ").capitalize()
            add(
                key,
                title,
                "",
                "A factor that the sample was made with",
                partial(atlas.measured.__getitem__, key),
                kind="data",
            )
    help = "Mean squared error of the decoded posterior mean"
    unit = "mse" if engine.modality.bounded else "mse, squared standard deviations"
    absent = "" if ERROR in atlas.measured else f"not measured yet: {again}"
    add(ERROR, "Reconstruction error", unit, help, lambda: atlas.measured[ERROR], absent=absent)
    if engine.has_prior and atlas.std.any():
        absent = "" if RATE in atlas.measured else f"not measured yet: {again}"
        help = "KL(q(z|x) || p(z)): what the code of this sample costs"
        add(RATE, "Rate", "nats", help, lambda: _rate(atlas), absent=absent)
    help = "How likely the decoded sample comes back to its place when it is encoded again"
    add("trust", "Trust", "0 to 1", help, lambda: atlas.projector.trust(atlas.xy))
    help = f"Log density of latents by the distance to the {NEIGHBOUR}th neighbour, against the median sample"
    seen, scale = atlas.projector.seen, atlas.projector.scale
    add("density", "Latent density", "nats over the median", help, lambda: log_density(seen(atlas.z), scale))
    return found


def _rate(atlas: Any) -> np.ndarray:
    stored = atlas.measured[RATE]
    return stored if len(stored) else closed_rate(atlas.z, np.maximum(atlas.std, 1e-4))
