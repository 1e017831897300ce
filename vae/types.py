"""Frozen records without behaviour, shared by every layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Spec:
    """What a family must know of the data to build a model."""

    shape: tuple[int, ...]  # of one sample: (c, h, w) for pictures
    n_data: int  # rows in the training set
    n_classes: int = 0  # 0: no labels
    modality: str = "image"
    condition: tuple[int, ...] = ()  # shape of what a model is told of a sample; (): nothing but its label


@dataclass(frozen=True)
class Condition:
    """What a data set tells of each sample beside it. shape: of one, float32 in 0-1 or standardised, or uint8 0-255.

    names: of the values, where there is one for each. modality: of a condition that is itself a sample, as a picture
    is; "": plain numbers.
    """

    shape: tuple[int, ...]
    names: tuple[str, ...] = ()
    modality: str = ""


@dataclass(frozen=True)
class Latent:
    """q(z|x) of a batch. Tensors: z, mu, std (b, d).

    kl: (b,) nats, one for each level from the top; empty where nothing is paid for the code: then there is no bound.
    kl_per_dim: (b, d) nats, where the rate is a sum over dimensions. context: what the model needs to draw from
    q(z|x) again without encoding x, tensors (b, ...), for models whose posterior is more than mu and std.
    """

    z: Any
    mu: Any
    std: Any
    kl: list[Any] = field(default_factory=list)
    kl_per_dim: Any = None
    context: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Output:
    """One pass through a model: the parameters of p(x|z), as its likelihood takes them, and q(z|x)."""

    params: Any
    latent: Latent


@dataclass(frozen=True)
class Loss:
    """What one batch costs.

    total: scalar that the model's parameters minimise. parts: detached (b,) or scalar figures in nats per sample.
    adversary: None, or a scalar that the objective's own parameters minimise; gradients of neither reach the other's.
    figures: detached scalars of the batch that are not nats: a squared distance, a count; the name says what.
    """

    total: Any
    parts: dict[str, Any]
    adversary: Any = None
    figures: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Samples:
    """A data set in memory. x: (n, *shape) uint8 0-255 or float32; y: (n,) int64 or None; c: (n, *condition shape) as
    Condition says, or None."""

    x_train: np.ndarray
    y_train: np.ndarray | None
    x_test: np.ndarray
    y_test: np.ndarray | None
    factors_train: np.ndarray | None = None  # (n, k) ground-truth factors, for procedural sets
    factors_test: np.ndarray | None = None
    factor_names: tuple[str, ...] = ()
    c_train: np.ndarray | None = None
    c_test: np.ndarray | None = None


ARTIFACTS = {  # kind -> what its data are
    "picture": "uint8 (h, w), or (h, w, 3)",
    "chart": "float32 (c, t): lines over a common axis",
    "table": "float32 (rows, columns); facts: `columns`, their names",
    "text": "uint8 (n,): UTF-8",
    "sound": "float32 (c, t), -1 to 1; facts: `rate_hz`",
    "graph": "int32 (edges, 2): pairs of nodes; facts: `nodes`, their names",
}


@dataclass(frozen=True)
class Artifact:
    """One way to take in a sample: to see, read or hear it.

    kind: one of ARTIFACTS, which says what data are. facts: what belongs to them, as JSON has it.
    """

    kind: str
    data: np.ndarray
    caption: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in ARTIFACTS:
            raise ValueError(f"artifact of kind {self.kind!r}: expected one of {', '.join(ARTIFACTS)}.")
