"""Where there is no accelerator: that nothing in a step, or in the use of a model, is left on the CPU or in float64."""

from __future__ import annotations

import pytest
import torch

from tests.one_device import DEVICE, OneDevice
from tests.ranks import compared
from vae.losses.terms import log_weights
from vae.models.conditions import told
from vae.models.energy_prior import EnergyPrior
from vae.settings import configure
from vae.training.trainer import Trainer, TrainHparams

CASES = compared()


@pytest.mark.parametrize("name", CASES)
def test_a_family_stays_on_its_device(name, monkeypatch):
    """Its step, evaluation, importance weights, view for the map, and draws of prior and likelihood."""
    case = CASES[name]
    x, c = (t.to(DEVICE) for t in case.batch())
    model, objective = (part.to(DEVICE) for part in case.build())
    trainer = Trainer(model, objective, configure(TrainHparams, {}), 0, 10)
    # what its annealing does depends on values, and the stand-in has none
    monkeypatch.setattr(EnergyPrior, "normalise", lambda prior: prior._mark(known=True))
    monkeypatch.setattr(EnergyPrior, "sample", lambda prior, n, *_how: prior.found.new_zeros(n, prior.d))
    with OneDevice():
        loss = trainer.train_step(x, c)
        model.eval(), objective.eval()
        objective(model, x, 0, c)
        q = model.infer(x, told(model, torch.zeros(len(x), dtype=torch.int64, device=DEVICE)))
        made = [loss.total, *loss.parts.values(), *loss.figures.values(), model.decode(q.mu, c), model.map_view()]
        made.append(model.likelihood.sample(model(x, c).params))
        if q.kl:
            log_weights(model, x, q, 3, c if model.condition else None)
        if model.has_prior:
            z = model.sample_prior(len(x), torch.Generator().manual_seed(1), 1.0, c)
            made.append(model.decode(z.to(DEVICE), c))
    assert {t.device for t in made if t is not None} == {DEVICE}
    assert {p.device for p in trainer.parameters} == {p.grad.device for p in trainer.parameters} == {DEVICE}


def test_what_is_left_behind_is_seen():
    there, here = torch.ones(3, device=DEVICE), torch.ones(3)
    with OneDevice():
        assert (there + torch.tensor(2.0) * 3 + here.to(DEVICE)).device == DEVICE
        with pytest.raises((AssertionError, RuntimeError), match=r"cpu.*meta|meta.*cpu"):
            torch.where(there > 0, here, there)
        with pytest.raises((AssertionError, RuntimeError), match=r"cpu.*meta|meta.*cpu"):
            there @ here
        with pytest.raises(AssertionError, match="float64"):
            there.double()
