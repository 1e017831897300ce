"""The Monte Carlo VAE: its bound against an exact marginal, its gradient against differences, its tuned lengths."""

from __future__ import annotations

import math

import pytest
import torch
from safetensors.torch import save as save_tensors
from torch import Tensor

from tests import checks
from tests.families.test_families import same_bits, trained
from vae.families.mc_vae import MonteCarlo, MonteCarloVAE
from vae.losses.objectives import Sum
from vae.metrics.bounds import evaluate
from vae.registry import FAMILIES
from vae.saved import checkpoint
from vae.saved.restoring import restore
from vae.training.trainer import Trainer


def built(seed: int = 0, **settings) -> tuple[MonteCarloVAE, torch.nn.Module, Tensor]:
    """(model, objective, samples): small, and away from where training begins."""
    case = checks.Case(
        FAMILIES.get("mc_vae"), tuple(({"d": 3, "width": 16, "net": "mlp", "sigma": 0.5} | settings).items()), "image"
    )
    return *case.build(seed), case.batch()[0]


def test_equivalence_mc_vae():
    """Without a step it is the VAE bit for bit; with one it is not."""
    assert same_bits(trained("vae"), trained("mc_vae", langevin_steps=0))
    assert not same_bits(trained("vae"), trained("mc_vae", langevin_steps=1))


def test_without_a_step_the_weight_is_that_of_importance_sampling():
    model, _, x = built(langevin_steps=0)
    q = model.infer(x)
    log_w = model.log_joint(x, q.z) - model.log_posterior(q.z, q)
    torch.testing.assert_close(model.chains(x, q).log_w, log_w)


@pytest.mark.parametrize("langevin", ["ula", "mala"])
def test_the_gradient_is_that_of_the_bound(langevin):
    """Against central differences along a random direction of all parameters, with the noise held: through the draw of
    q(z|x), the drift of every step and the densities of all kernels. Held decisions of mala are part of the noise."""
    model, _, x = built(langevin=langevin, langevin_steps=3)
    model, x, objective = model.double(), x.double(), MonteCarlo(score=False).eval()
    model.log_lengths.fill_(math.log(0.5))
    parameters = list(model.parameters())
    g = torch.Generator().manual_seed(1)
    direction = [torch.randn(p.shape, generator=g, dtype=p.dtype) for p in parameters]

    start = [p.detach().clone() for p in parameters]

    def loss(by: float = 0.0) -> Tensor:
        for p, at, step in zip(parameters, start, direction, strict=True):
            p.data = at + by * step
        torch.manual_seed(2)
        return objective(model, x, 0).total

    slope = torch.autograd.grad(loss(), parameters)
    along = sum(float((a * b).sum()) for a, b in zip(slope, direction, strict=True))
    small = 1e-6
    differences = float(loss(small).detach() - loss(-small).detach()) / (2 * small)
    assert along == pytest.approx(differences, rel=1e-5)


def test_what_is_reported_is_the_vaes_and_the_bound_that_is_trained():
    model, objective, x = built()
    torch.manual_seed(3)
    loss = objective(model, x, 0)
    torch.manual_seed(3)
    plain = Sum()(model, x, 0)
    for name in ("distortion", "rate", "elbo"):
        assert torch.equal(loss.parts[name], plain.parts[name]), name
    torch.testing.assert_close(loss.parts["mc_bound"].mean(), -loss.total.detach())
    assert 0 < float(loss.figures["langevin_acceptance"]) <= 1


def test_evaluation_has_the_bound_beside_that_of_the_encoder_alone():
    """Only where the NLL is measured, too; a VAE has none."""
    model, _, x = built()
    found = evaluate(model, x, k=2)
    assert found["mc_bound_nats"] > found["elbo_nats"] - 5 * found["elbo_standard_error_nats"]
    assert found["mc_bound_standard_error_nats"] > 0
    assert "mc_bound_nats" not in evaluate(model, x) | evaluate(trained("vae", 0).model, x, k=2)


@pytest.mark.parametrize("langevin", ["ula", "mala"])
def test_lengths_are_tuned_in_training_and_held_in_evaluation(langevin):
    """Until about as many steps are accepted as should be; a batch is bound with what earlier ones have found."""
    model, objective, x = built(langevin=langevin)
    start = model.log_lengths.clone()
    torch.manual_seed(0)
    objective.eval()(model, x, 0)
    assert torch.equal(model.log_lengths, start)
    objective.train()
    torch.manual_seed(0)
    first = objective(model, x, 0).parts["mc_bound"]
    assert not torch.equal(model.log_lengths, start)
    model.log_lengths.copy_(start)
    torch.manual_seed(0)
    assert torch.equal(objective.eval()(model, x, 0).parts["mc_bound"], first)
    objective.train()
    for _ in range(150):
        last = objective(model, x, 0)
    accepted = [float(objective(model, x, 0).figures["langevin_acceptance"]) for _ in range(30)]
    assert last.figures["langevin_length"] != start.exp().mean()
    assert sum(accepted) / 30 == pytest.approx({"ula": 0.8, "mala": 0.574}[langevin], abs=0.06)


def test_a_checkpoint_keeps_the_lengths(tmp_path):
    case = checks.Case(FAMILIES.get("mc_vae"), (("d", 3), ("width", 8), ("net", "mlp")), "image")
    trainer: Trainer = case.trainer()
    for _ in range(3):
        trainer.train_step(*case.batch())
    config = {
        "name": "x",
        "family": "mc_vae",
        "hparams": vars(case.hparams()),
        "dataset": "digits",
        "seed": 0,
        "spec": vars(case.spec()) | {"shape": list(case.spec().shape)},
    }
    tensors = {name: tensor.contiguous() for name, tensor in trainer.model.state_dict().items()}
    checkpoint.save(tmp_path / "x", config, {checkpoint.MODEL: save_tensors(tensors)})
    again, _ = restore(checkpoint.read(tmp_path / "x"), torch.device("cpu"))
    assert torch.equal(again.log_lengths, trainer.model.log_lengths)
    assert not torch.equal(again.log_lengths, case.build()[0].log_lengths)


def test_the_settings_reach_the_model():
    model, objective, _ = built(langevin="mala", langevin_steps=7, mala_gradient="score")
    assert (model.adjusted, len(model.log_lengths), objective.score) == (True, 7, True)
    model, objective, _ = built()
    assert (model.adjusted, objective.score) == (False, False)
