"""What the comparisons with pythae share: how they begin, and zscope's own training loop, timed.

pythae is no dependency of zscope: `make bench` installs it, or `pip install -r requirements-bench.txt`.
"""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.machine import machine
from vae.registry import configure
from vae.train import Trainer, TrainHparams, fit


def begin(what: str, as_json: bool) -> tuple[str, Callable[[str], None]]:
    """(the device to measure on, where to say how it goes); quiet but for that, which begins with the machine.

    Raises: SystemExit: pythae is not installed.
    """
    try:
        import pythae  # noqa: F401
    except ImportError as e:
        missing = f"this benchmark compares with pythae, which is not installed ({e}): pip install pythae"
        raise SystemExit(missing) from e
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    device = "cuda" if torch.cuda.is_available() else "cpu"

    def say(text: str) -> None:
        print(text, file=sys.stderr if as_json else sys.stdout)

    say(f"{what}, {device}, {torch.get_num_threads()} threads")
    say("  ".join(f"{k}: {v}" for k, v in machine().items()))
    return device, say


def fitted(
    model: nn.Module, objective: nn.Module, x: Tensor, settings: dict[str, Any], epochs: int, seed: int
) -> float:
    """Seconds that vae.train.fit takes to train the model on x, on its device."""
    h = configure(TrainHparams, settings)
    trainer = Trainer(model.to(x.device), objective, h, seed, epochs * -(-len(x) // h.batch_size))
    began = time.perf_counter()
    for _ in fit(trainer, x, None, None, epochs):
        pass
    return time.perf_counter() - began
