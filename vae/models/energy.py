"""The protocol of energy-based models: what training, metrics and pages need of a model that has an energy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from ..data.rows_on_disk import Rows
from ..sampling.partition import LogZ


@runtime_checkable
class EnergyModel(Protocol):
    """p(x) = exp(-energy(x)) / Z, where only a sum or an integral over all x would give Z.

    A likelihood is printed only with a log Z, and with the error of that; a difference of energies needs none. A model
    that also encodes and decodes follows vae.models.model.LatentModel besides.
    """

    @property
    def enumerable(self) -> bool:
        """Whether `summed_log_z` can be asked."""
        ...

    def energy(self, x: Tensor) -> Tensor:
        """-log p(x) - log Z of samples (b, *shape), nats, (b,); differentiable in the parameters."""
        ...

    def start(self, x: np.ndarray | Rows) -> None:
        """Take over from the training samples (n, *shape) what training and annealing start from."""
        ...

    def chain(self, n: int, generator: torch.Generator, draws: int, every: int = 1) -> Tensor:
        """n Markov chains of p from where training left its own: (draws, n, *shape), one draw in `every` steps.

        These are states of chains, not independent draws of p(x): how far they are from that, R-hat and the effective
        sample size tell. generator: on the CPU, so that all devices give the same.
        """
        ...

    def summed_log_z(self, report: Callable[[int, int], Any] = lambda done, n: None) -> LogZ:
        """log Z as a sum over all states. Raises: SettingError: there are too many, see `enumerable`."""
        ...

    def annealed_log_z(
        self, seed: int, *, chains: int, temperatures: int, report: Callable[[int, int], Any] = lambda done, n: None
    ) -> LogZ:
        """log Z by annealed importance sampling from the base that `start` fitted."""
        ...
