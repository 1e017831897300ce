"""The samples of a data set as a model is evaluated on them: binary, if it was trained on binary pixels."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from ..registry import DATASETS
from ..types import Samples
from . import edits
from .binarise import NONE, OWN, STATIC, binarised
from .published import fixed_mnist


def chosen(mode: str, dataset: str, seed: int) -> dict[str, Any] | None:
    """The binarisation of a training, as its card has it: mode, name and seed of the fixed draw; None for NONE.

    The fixed draw of MNIST that the field uses (fixed_mnist.NAME) if its files are here and the mode is STATIC; else
    our own with this seed.
    """
    if mode == NONE:
        return None
    published = mode == STATIC and dataset == fixed_mnist.DATASET and fixed_mnist.folder() is not None
    return {"mode": mode, "name": fixed_mnist.NAME if published else OWN, "seed": seed}


def evaluated(samples: Samples, binarisation: Mapping[str, Any] | None) -> Samples:
    """The samples as a model with that binarisation is evaluated on them: the test set binary, with STATIC also the
    training set, which is a copy in memory; with DYNAMIC that stays grey. None: unchanged.

    Raises: DataNotFound, DataCorrupt: the published draw is not here, or is not one of these samples.
    """
    if binarisation is None:
        return samples
    if binarisation["name"] == fixed_mnist.NAME:
        return fixed_mnist.load(samples)
    seed, static = binarisation["seed"], binarisation["mode"] == STATIC
    x_train = binarised(samples.x_train, seed) if static else samples.x_train
    return dataclasses.replace(samples, x_train=x_train, x_test=binarised(samples.x_test, seed))


def of_card(card: Mapping[str, Any]) -> Samples:
    """The data set of a checkpoint, as its model is evaluated on it: with the edits of its test split. Raises: what
    loading it, `evaluated` and `edits.on_test` raise."""
    samples = evaluated(DATASETS.get(card["dataset"]).load(), card.get("binarisation"))
    return edits.on_test(samples, edits.of_card(card), card.get("classes", ()))
