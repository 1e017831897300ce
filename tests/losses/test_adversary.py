"""An objective with parameters of its own: two groups, two losses, and nothing that leaks from one into the other."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from tests.training.test_train import pictures, trainer_of
from vae.errors import ZscopeError
from vae.training.trainer import Diverged, Trainer, fit
from vae.types import Loss


class Duel(nn.Module):
    """A critic tells draws of z from the prior's; the model is told to please it. Both losses share one graph, and
    nothing is detached: only the named groups keep the two apart. A buffer counts the calls, as a codebook would."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner, self.critic = inner, nn.Sequential(nn.Linear(2, 4), nn.Dropout(0.5), nn.Linear(4, 1))
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, model, x, step, y=None) -> Loss:
        self.calls += 1
        loss, z = self.inner(model, x, step, y), model.infer(x, y).z
        fooled, told = self.critic(z).mean(), self.critic(torch.randn_like(z)).mean()
        return Loss(loss.total - 100 * fooled, loss.parts, adversary=softplus(fooled) + softplus(-told))


def dueling(**train) -> Trainer:
    inner = trainer_of(train=train)
    torch.manual_seed(0)
    return Trainer(inner.model, Duel(inner.objective), inner.h, seed=0, steps=100)


def gradients(parameters) -> list[torch.Tensor]:
    return [p.grad.clone() for p in parameters]


def test_either_side_gets_the_gradients_of_its_own_loss_alone():
    """Taken by hand at the same point, before either side moves: a leak or a wrong order would show."""
    trainer, x = dueling(clip=0.0), pictures().float() / 255
    for _ in range(3):
        random = torch.get_rng_state()
        loss = trainer.objective(trainer.model, x, trainer.step)
        ours = torch.autograd.grad(loss.total, trainer.parameters, retain_graph=True)
        theirs = torch.autograd.grad(loss.adversary, trainer.adversary)
        torch.set_rng_state(random)
        trainer.train_step(x)
        torch.testing.assert_close(gradients(trainer.parameters), list(ours))
        torch.testing.assert_close(gradients(trainer.adversary), list(theirs))


def test_both_sides_learn_and_neither_moves_the_other():
    """The critic's rate alone at 0: the model's step is the same; the model's alone at 0: the critic's is."""
    x, after = pictures().float() / 255, {}
    for still in ("adam", "adversary", "neither"):
        trainer = dueling()
        for group in trainer.groups:
            group.lr *= group.name != still
        start = [[p.detach().clone() for p in group.parameters] for group in trainer.groups]
        trainer.train_step(x)
        after[still] = trainer
        for group, old in zip(trainer.groups, start, strict=True):
            moved = {not torch.equal(p, q) for p, q in zip(group.parameters, old, strict=True)}
            assert moved == {group.name != still}, (group.name, still)
    for still, side in (("adversary", "parameters"), ("adam", "adversary")):
        for p, q in zip(getattr(after[still], side), getattr(after["neither"], side), strict=True):
            assert torch.equal(p, q)


def test_the_adversary_lowers_its_loss_which_is_reported():
    trainer = dueling(batch_size=35, lr=1e-2)
    trainer.groups[0].lr = 0.0
    events = [e for e in fit(trainer, pictures(), None, None, 30) if e.kind == "epoch"]
    assert events[-1].metrics["adversary_nats"] < events[0].metrics["adversary_nats"]


def test_clipping_holds_for_the_adversary_too():
    trainer = dueling(clip=1e-3)
    trainer.train_step(pictures().float() / 255)
    for group in trainer.groups:
        moments = [v.flatten() for k, v in group.state().items() if k.endswith(".exp_avg")]
        kept = 0.1 if group.name == "adam" else 0.5  # 1 - beta_1: how much of a gradient the first moment takes
        assert float(torch.cat(moments).norm()) / kept == pytest.approx(1e-3, rel=1e-2), group.name


def test_a_resumed_duel_equals_a_straight_one_bit_for_bit():
    """Critic, its moments and buffers included; a critic of another shape is refused."""
    straight, x = dueling(batch_size=16), pictures()
    list(fit(straight, x, None, None, 3))
    state, weights = None, None
    for until in (1, 2, 3):
        trainer = dueling(batch_size=16)
        if state:
            trainer.model.load_state_dict(weights)
            trainer.restore(state)
        list(fit(trainer, x, None, None, until))
        state = {k: v.clone() for k, v in trainer.state().items()}
        weights = {k: v.clone() for k, v in trainer.model.state_dict().items()}
    expected = straight.state()
    assert {"objective.calls", "objective.critic.0.weight", "adversary.0.exp_avg"} <= expected.keys() == state.keys()
    assert all(torch.equal(state[k], v) for k, v in expected.items())
    assert all(torch.equal(weights[k], v) for k, v in straight.model.state_dict().items())
    with pytest.raises(ZscopeError, match=r"(?s)belongs to another objective.*critic\.0\.weight"):
        trainer.restore({k: v for k, v in state.items() if k != "objective.critic.0.weight"})


def test_an_adversary_without_parameters_is_an_error():
    trainer = trainer_of()
    trainer.objective.forward = lambda model, x, step, y: Loss(model.infer(x).mu.sum(), {}, adversary=torch.ones(()))
    with pytest.raises(ZscopeError, match="Sum has an adversary's loss but no parameters"):
        trainer.train_step(pictures().float() / 255)


def test_a_nan_of_the_adversary_names_it_and_the_step():
    trainer = dueling(batch_size=70)
    inner = trainer.objective.forward
    trainer.objective.forward = lambda *given: replace(inner(*given), adversary=inner(*given).adversary * math.nan)
    with pytest.raises(Diverged, match="adversary_nats is nan by step 1"):
        list(fit(trainer, pictures(), None, None, 1))
