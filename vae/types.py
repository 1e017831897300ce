"""Frozen records without behaviour, used by every room."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .text import N_


@dataclass(frozen=True)
class Spec:
    """What a family needs to know about the data to build a model."""

    shape: tuple[int, ...]  # of one sample: (c, h, w) for pictures
    n_data: int  # rows in the training set, without those of the validation set
    n_classes: int = 0  # 0: no labels
    modality: str = "image"
    condition: tuple[int, ...] = ()  # shape of a sample's condition; (): none, or its label alone


@dataclass(frozen=True)
class Condition:
    """The condition that a data set has for each sample. shape: of one, float32 in 0-1 or standardised or uint8 0-255.

    names: of the values, if each has one. modality: of a condition that is itself a sample, such as a picture; "":
    plain numbers.
    """

    shape: tuple[int, ...]
    names: tuple[str, ...] = ()
    modality: str = ""


@dataclass(frozen=True)
class Variables:
    """What the values of a vector, or the channels of a series, are called and measured in.

    names, units: one each; (): unknown, and an empty unit: it has none. mean, std: by which the data set standardised
    each; (): unknown, so that values can only be given in standard deviations. step, start: the time between two steps
    of a series, and of its first step, in step_unit; step 0: unknown. axis: what that time is, such as the name of its
    column.
    """

    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    step: float = 0.0
    start: float = 0.0
    step_unit: str = ""
    axis: str = ""


NO_VARIABLES = Variables()  # nothing is known of them


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


@dataclass(frozen=True)
class Samples:
    """A data set in memory. x: (n, *shape) uint8 0-255 or float32; y: (n,) int64 or None; c: (n, *condition shape) as
    Condition says, or None. spans: (n, 3), for windows of series: the series, its first and its last step. metadata: by
    name, columns (n,) of what is known of the samples beside what is modelled, see vae.data.metadata.

    A data set has no validation set: a training holds one out (vae.data.validation). rows_train: the numbers in the
    data set of the samples that it trains on, None for all.
    """

    x_train: Any  # an array, or a vae.data.validation.Rows
    y_train: np.ndarray | None
    x_test: np.ndarray
    y_test: np.ndarray | None
    factors_train: np.ndarray | None = None  # (n, k) ground-truth factors, for procedural sets
    factors_test: np.ndarray | None = None
    factor_names: tuple[str, ...] = ()
    c_train: np.ndarray | None = None
    c_test: np.ndarray | None = None
    spans_train: np.ndarray | None = None
    metadata_train: dict[str, np.ndarray] = field(default_factory=dict)
    x_validation: np.ndarray | None = None
    y_validation: np.ndarray | None = None
    c_validation: np.ndarray | None = None
    rows_train: np.ndarray | None = None


ARTIFACTS = {  # kind -> layout of its data
    "picture": N_("uint8 (h, w) or (h, w, 3)"),
    "chart": N_("float32 (c, t): lines over a common axis"),
    "table": N_("float32 (rows, columns); facts: `columns`, their names"),
    "text": N_("uint8 (n,): UTF-8"),
    "sound": N_("float32 (c, t), -1 to 1; facts: `rate_hz`"),
    "graph": N_("int32 (edges, 2): pairs of nodes; facts: `nodes`, their names"),
}


@dataclass(frozen=True)
class Artifact:
    """One presentation of a sample: to see, read or hear it.

    kind: one of ARTIFACTS, which gives the layout of data. facts: what else belongs to it, as JSON.
    """

    kind: str
    data: np.ndarray
    caption: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in ARTIFACTS:
            raise ValueError(f"artifact of kind {self.kind!r}: expected one of {', '.join(ARTIFACTS)}.")
