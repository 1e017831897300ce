"""What is known of the data: their shape, their conditions, their columns, and the samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np


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
class Samples:
    """A data set in memory. x: (n, *shape) uint8 0-255 or float32; y: (n,) int64 or None; c: (n, *condition shape) as
    Condition says, or None. spans: (n, 3), for windows of series: the series, its first and its last step. metadata: by
    name, columns (n,) of what is known of the samples beside what is modelled, see vae.data.metadata.

    A data set has no validation set: a training holds one out (vae.data.validation). rows_train, rows_validation: the
    numbers in the training split of the samples that it trains on and holds out; None for all, and for none.
    """

    x_train: Any  # an array, or a vae.data.rows_on_disk.Rows
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
    rows_validation: np.ndarray | None = None
