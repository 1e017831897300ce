"""What a model is told beside a sample, as one tensor c (b, *shape); labels are its one-hot case."""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..errors import SettingError
from ..types import Spec
from .tensors import to_float


def one_hot(y: Int[Tensor, " b"], classes: int) -> Float[Tensor, "b c"]:
    """Labels as rows with a single 1; a row of zeros where the label is unknown: negative."""
    return (y[:, None] == torch.arange(classes, device=y.device)).float()


def shape_of(spec: Spec) -> tuple[int, ...]:
    """Of the condition that a model is built for: that of the data, or else one label of n_classes.

    Raises: SettingError: the data has neither.
    """
    if not spec.condition and not spec.n_classes:
        raise SettingError("a conditional model needs labels or conditions: given a data set with 0 classes and none.")
    return tuple(spec.condition) or (spec.n_classes,)


def told(model: Any, given: Tensor | None) -> Tensor | None:
    """c as the model takes it, from what a data set tells of some samples: labels (b,) int64, or conditions
    (b, *model.condition), float or uint8 0-255. None for a model that takes no condition."""
    if given is None or not model.condition:
        return None
    return to_float(given) if given.ndim > 1 else one_hot(given, model.condition[0])


def flat(c: Tensor | None, shape: tuple[int, ...], like: Float[Tensor, "b ..."]) -> Float[Tensor, "b w"]:
    """c as rows beside `like`; rows of zeros where all of it is unknown, c None."""
    if c is None:
        return like.new_zeros(len(like), math.prod(shape))
    return c.flatten(1).to(like.dtype)
