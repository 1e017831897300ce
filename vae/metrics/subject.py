"""The subject of a metric group: a trained model with its data. What several groups need is computed once."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..data.as_evaluated import of_card
from ..data.binarise import DYNAMIC
from ..data.published import fixed_mnist
from ..models.conditions import told
from ..models.tensors import BATCH, resident, to_float
from ..registry import DATASETS, MetricGroup
from ..types import Samples
from .estimate import Estimate, in_english


@dataclass(frozen=True)
class Subject:
    """seed: of all random numbers; k: importance samples of the NLL; precision: of the decoder's products for it."""

    engine: Any  # vae.engine.engine.Engine
    model: Any  # the same model as a LatentModel on `device`
    device: torch.device
    samples: Samples
    seed: int
    k: int = 0
    report: Callable[[str], Any] = lambda stage: None
    progress: Callable[[int, int], Any] = lambda done, n: None
    precision: str = "float32"

    @classmethod
    def of(
        cls,
        engine: Any,
        k: int = 0,
        report: Callable[[str], Any] = lambda stage: None,
        progress: Callable[[int, int], Any] = lambda done, n: None,
        precision: str = "float32",
    ) -> Subject:
        """A loaded checkpoint with the data set and the seed it was trained with. The model is the engine's own, so the
        engine must not be used by others meanwhile. Raises: what loading the data set raises."""
        card, device = engine.card, next(engine.model.parameters()).device
        samples = of_card(card)
        return cls(engine, engine.model, device, samples, card["seed"], k, report, progress, precision)

    @property
    def name(self) -> str:
        return self.engine.name

    @property
    def dataset(self) -> Any:
        """The registry's entry of the data set that the model was trained on."""
        return DATASETS.get(self.engine.card["dataset"])

    @property
    def pixels(self) -> str:
        """How the pixels were made binary, for protocols; "" if they were not."""
        drawn = self.engine.card.get("binarisation")
        if drawn is None:
            return ""
        if drawn["name"] == fixed_mnist.NAME:
            return in_english(f"binary pixels: the fixed draw of {fixed_mnist.CITE}")
        trained = in_english("trained on new draws in each step, ") * (drawn["mode"] == DYNAMIC)
        return in_english(f"binary pixels: {trained}evaluated on zscope's fixed draw with seed {drawn['seed']}")

    @functools.cached_property
    def x_test(self) -> Tensor:
        return resident(self.samples.x_test, self.device)

    @functools.cached_property
    def y_test(self) -> Tensor | None:
        return None if self.samples.y_test is None else torch.from_numpy(self.samples.y_test).to(self.device)

    @functools.cached_property
    def c_test(self) -> Tensor | None:
        """Conditions of the test set; None for a model that is given labels or nothing."""
        if not self.engine.conditioned:
            return None
        assert self.samples.c_test is not None  # a set with a condition has it for both splits
        return resident(self.samples.c_test, self.device)

    @property
    def given(self) -> Tensor | None:
        """What each test sample is given to a model with conditions: its own condition, else its label."""
        return self.y_test if self.c_test is None else self.c_test

    @functools.cached_property
    def posteriors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """mu and std (n, d) of the test set, given labels or conditions, and KL(q(z|x) || p(z)) (n,) if the model has
        one level whose posterior is the Gaussian with these moments; else None."""
        mus, stds, kls = [], [], []
        with torch.inference_mode():
            for x, c in self._batches():
                q = self.model.infer(x, c)
                mus.append(q.mu.cpu().numpy())
                stds.append(q.std.cpu().numpy())
                if len(q.kl) == 1 and not q.context:
                    kls.append(q.kl[0].cpu().numpy())
        return np.concatenate(mus), np.concatenate(stds), np.concatenate(kls) if kls else None

    def to_device(self, a: np.ndarray) -> Tensor:
        return resident(a, self.device)

    def _batches(self):
        given = self.given
        for i in range(0, len(self.x_test), BATCH):
            c = None if given is None else told(self.model, given[i : i + BATCH])
            yield to_float(self.x_test[i : i + BATCH]), c


def measured(group: MetricGroup, s: Subject) -> dict[str, Any]:
    """What the group measures; every protocol says how the pixels were made binary, if they were."""
    found = group.measure(s)
    if not s.pixels:
        return found
    estimates = {key: value for key, value in found.items() if isinstance(value, Estimate)}
    said = {key: dataclasses.replace(e, protocol=f"{e.protocol}; {s.pixels}") for key, e in estimates.items()}
    return found | said | {"pixels": s.pixels}
