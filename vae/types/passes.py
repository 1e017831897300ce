"""What a model returns: a posterior, a forward pass, a loss."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Latent:
    """q(z|x) of a batch. Tensors: z, mu, std (b, d).

    kl: (b,) nats, one for each level from the top; empty if the code has no rate: then there is no bound.
    kl_per_dim: (b, d) nats, if the rate is a sum over dimensions. context: tensors (b, ...) from which the model can
    sample q(z|x) again without encoding x, for models whose posterior is more than mu and std.
    """

    z: Any
    mu: Any
    std: Any
    kl: list[Any] = field(default_factory=list)
    kl_per_dim: Any = None
    context: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Output:
    """One forward pass: the parameters of p(x|z), as the likelihood takes them, and q(z|x)."""

    params: Any
    latent: Latent


@dataclass(frozen=True)
class Loss:
    """The loss of one batch.

    total: the scalar that the model's parameters minimise. parts: detached (b,) or scalar metrics in nats per sample.
    adversary: None, or the scalar that the objective's own parameters minimise; no gradient of one reaches the
    parameters of the other. figures: detached scalars of the batch in other units, such as a squared distance.
    """

    total: Any
    parts: dict[str, Any]
    adversary: Any = None
    figures: dict[str, Any] = field(default_factory=dict)
