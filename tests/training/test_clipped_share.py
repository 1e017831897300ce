"""In how many steps the gradient was clipped, as an epoch reports it."""

from __future__ import annotations

from typing import ClassVar

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from vae.registry import FAMILIES
from vae.settings import configure
from vae.training import adam
from vae.training.trainer import Trainer, TrainHparams, fit
from vae.types import Loss, Spec


def trainer_of(**train) -> Trainer:
    torch.manual_seed(0)
    family = FAMILIES.get("vae")
    h = configure(family.Hparams, {"net": "mlp", "width": 8, "d": 2})
    return Trainer(*family.build(Spec((1, 4, 4), 70), h), TrainHparams(**train), 0, 100)


def pictures() -> torch.Tensor:
    return torch.randint(0, 256, (70, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_an_epoch_says_in_what_share_of_its_steps_the_gradient_was_clipped():
    """Three steps an epoch. The gradient of 8 equal values is above 10 in one step of the first and two of the second
    epoch, and an epoch that was broken off leaves nothing behind."""
    trainer = trainer_of(batch_size=32)
    bias, steep = trainer.model.encoder[1].bias, [5, 1, 1, 5, 5, 1, 1, 1, 1]
    trainer.objective.forward = lambda model, x, step, y=None: Loss(steep[step] * bias.sum(), {})
    found = [e.metrics["clipped_share"] for e in fit(trainer, pictures(), None, None, 3) if e.kind == "epoch"]
    assert found == pytest.approx([1 / 3, 2 / 3, 0])
    trainer.step, trainer.epoch = 3, 0
    trainer.train_step(pictures().float())
    trainer.step = 6
    assert next(e for e in fit(trainer, pictures(), None, None, 1) if e.kind == "epoch").metrics["clipped_share"] == 0
    trainer = trainer_of(batch_size=32, clip=0.0)
    assert next(e for e in fit(trainer, pictures(), None, None, 1) if e.kind == "epoch").metrics["clipped_share"] == 0


def test_counting_clipped_steps_does_not_wait_for_the_device(monkeypatch):
    """On a device the norm stays a tensor, and no number is fetched from it in a step."""

    class Fetched(TorchDispatchMode):
        calls: ClassVar[list[str]] = []

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            self.calls.append(str(func))
            return func(*args, **(kwargs or {}))

    trainer = trainer_of()
    monkeypatch.setattr(adam, "_excess", lambda gradients, clip: torch.tensor(2.0))
    trainer.groups[0].take_gradients(sum(p.sum() for p in trainer.parameters))
    with Fetched() as fetched:
        trainer.groups[0].step(1.0, 10.0)
    assert fetched.calls
    assert not [call for call in fetched.calls if "_local_scalar_dense" in call]
    assert trainer.clipped_shares() == {"clipped_share": 1.0}
