"""What each reference sample can be coloured by besides its label: what was measured of it, what its latent tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float

from .latent.neighbours import Index
from .metrics.bounds import to_float
from .types import Samples

if TYPE_CHECKING:
    from .engine import Engine

BATCH = 256
NEIGHBOUR = 15  # whose distance a density is read from
PAIRS = 1_000_000_000  # distances that a density may cost: of more, it is read from a part of the rows
ERROR, RATE, FACTOR = "error", "rate", "factor."
CLOSE_NATS = 0.02  # a rate that its closed form gives as well as this, relative, is not stored


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


def measure(model: torch.nn.Module, x: np.ndarray, y: np.ndarray | None, seed: int = 0) -> dict[str, np.ndarray]:
    """Of each sample x (n, *shape): "error", the mean squared error of its decoded posterior mean, and, where the model
    pays one, "rate", nats: of one draw with this seed where it has no closed form. float32 (n,)."""
    device, errors, rates = next(model.parameters()).device, [], []
    with torch.inference_mode(), torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        for i in range(0, len(x), BATCH):
            batch = to_float(torch.from_numpy(np.ascontiguousarray(x[i : i + BATCH])).to(device))
            labels = None if y is None else torch.from_numpy(y[i : i + BATCH]).to(device)
            q = model.infer(batch, labels)
            errors.append((model.decode(q.mu, labels) - batch).square().flatten(1).mean(1).cpu())
            if q.kl:
                rates.append(torch.stack(q.kl).sum(0).cpu())
    measured = {ERROR: torch.cat(errors).float().numpy()}
    return measured | ({RATE: torch.cat(rates).float().numpy()} if rates else {})


def kept(measured: dict[str, np.ndarray], mu: np.ndarray, std: np.ndarray, samples: Samples, index: np.ndarray) -> dict:
    """What an atlas stores, float16 (n,) by name: of a rate that mu and std give in closed form, only that (0 rows)."""
    stored = {name: values.astype(np.float16) for name, values in measured.items()}
    if RATE in measured and std.all():
        known = np.abs(closed_rate(mu, std) - measured[RATE]) <= CLOSE_NATS * np.abs(measured[RATE]).mean()
        if known.all():
            stored[RATE] = np.empty(0, np.float16)
    if samples.factors_train is not None:
        for k, name in enumerate(samples.factor_names):
            stored[FACTOR + name] = samples.factors_train[index, k].astype(np.float16)
    return stored


def closed_rate(mu: Float[np.ndarray, "n d"], std: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    """KL(N(mu, diag(std^2)) || N(0, I)), nats. Kingma and Welling, 2014, appendix B."""
    mu, std = mu.astype(np.float64), std.astype(np.float64)
    each = 0.5 * (mu**2 + std**2 - 1) - np.log(std)
    return each.sum(1).astype(np.float32)


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


def quantities(engine: Engine) -> dict[str, Quantity]:
    """Everything the rows of an engine's map can be coloured by, by key; what is not known says so."""
    atlas, name = engine.atlas, engine.name
    again = f"Run python -m vae atlas {name} --measure"
    found: dict[str, Quantity] = {}

    def add(key: str, title: str, unit: str, help: str, values: Callable[[], Any], kind="model", absent="") -> None:
        found[key] = Quantity(key, title, unit, help, kind, values, absent)

    for key in sorted(atlas.measured):
        if key.startswith(FACTOR):
            title = key.removeprefix(FACTOR).replace("_", " ").capitalize()
            add(key, title, "", "A factor that the sample was made with", lambda key=key: atlas.measured[key], "data")
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
