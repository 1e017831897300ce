"""Conditions of a model as one tensor c (b, *shape); labels are one-hot."""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..errors import SettingError
from ..text import _
from ..types import Spec
from .tensors import to_float


def one_hot(y: Int[Tensor, " b"], classes: int) -> Float[Tensor, "b c"]:
    """Labels as one-hot rows; a row of zeros for an unknown (negative) label."""
    return (y[:, None] == torch.arange(classes, device=y.device)).float()


def shape_of(spec: Spec) -> tuple[int, ...]:
    """The shape of a model's condition: that of the data, or else a one-hot label of n_classes.

    Raises: SettingError: the data have neither.
    """
    if not spec.condition and not spec.n_classes:
        raise SettingError(_("a conditional model needs labels or conditions; the data set has neither."))
    return tuple(spec.condition) or (spec.n_classes,)


def told(model: Any, given: Tensor | None) -> Tensor | None:
    """c as the model takes it, from the labels (b,) int64 or the conditions (b, *model.condition), float or uint8
    0-255, of a data set. None for a model without a condition."""
    if given is None or not model.condition:
        return None
    return to_float(given) if given.ndim > 1 else one_hot(given, model.condition[0])


def flat(c: Tensor | None, shape: tuple[int, ...], like: Float[Tensor, "b ..."]) -> Float[Tensor, "b w"]:
    """c as rows, one for each row of `like`; zeros if c is None (unknown)."""
    if c is None:
        return like.new_zeros(len(like), math.prod(shape))
    return c.flatten(1).to(like.dtype)
