"""The VAE with an energy-based prior: who learns from what, what it reports, resuming, and its card."""

from __future__ import annotations

import math

import pytest
import torch

from vae.engine.engine import Engine
from vae.families.energy_prior_vae import EnergyPriorVAE, Hparams
from vae.metrics.bounds import evaluate
from vae.metrics.energy import kept
from vae.models.bottlenecks import Gaussian
from vae.models.model import VAE, NetHparams
from vae.models.tensors import to_float
from vae.registry import DATASETS, FAMILIES
from vae.saved import checkpoint
from vae.saved.checkpoint import MODEL, RESUME
from vae.settings import configure
from vae.training import experiment
from vae.training.experiment import Plan
from vae.types import Spec

SPEC = Spec((1, 4, 4), 50)
TINY = {"net": "mlp", "width": 8, "d": 2, "energy_width": 8, "prior_chains": 20, "prior_steps": 2}


def built(**settings) -> tuple[EnergyPriorVAE, torch.nn.Module]:
    torch.manual_seed(0)
    return FAMILIES.get("energy_prior_vae").build(SPEC, configure(Hparams, TINY | settings))


def pictures(n: int = 30) -> torch.Tensor:
    return torch.rand(n, *SPEC.shape, generator=torch.Generator().manual_seed(1))


def test_equivalence_energy_prior_vae():
    """With f = 0, as it begins, everything is the VAE's; with any other f the rate is less by f(z) - log Z."""
    model, x = built()[0].eval(), pictures()
    plain = VAE(SPEC, configure(NetHparams, {k: TINY[k] for k in ("net", "width", "d")}), Gaussian)
    plain.load_state_dict({k: v for k, v in model.state_dict().items() if not k.startswith("prior.")})
    z = torch.randn(30, 2)
    torch.testing.assert_close(model.log_joint(x, z), plain.log_joint(x, z))
    torch.testing.assert_close(model.infer(x).kl[0], plain.infer(x).kl[0])
    for p in model.prior.parameters():
        p.data.normal_(0, 1)
    model.prior.normalise()
    torch.manual_seed(2)
    q = model.infer(x)
    torch.manual_seed(2)
    same = plain.infer(x)
    with torch.no_grad():
        tilt = model.prior.net(q.z)[:, 0] - model.prior.log_z().value
    torch.testing.assert_close(q.kl[0], same.kl[0] - tilt)
    torch.testing.assert_close(model.log_prior(z) - plain.log_prior(z), model.prior.tilt(z))


@pytest.mark.parametrize("training", ["chains", "nce", "score"])
def test_f_learns_from_its_own_loss_and_the_codes_from_the_bound(training):
    """The rate reaches the encoder through f and leaves f alone; the loss of the prior reaches f and no code."""
    model, x = built(prior_training=training)[0], pictures()
    for p in model.prior.parameters():
        p.data.normal_(0, 1)
    f, encoder = list(model.prior.parameters()), list(model.encoder.parameters())
    q = model.infer(x)
    assert not any(g is not None for g in torch.autograd.grad(q.kl[0].sum(), f, allow_unused=True, retain_graph=True))
    with_f = torch.autograd.grad(q.kl[0].sum(), encoder, retain_graph=True)
    assert any((g != 0).any() for g in with_f)
    away = torch.autograd.grad(model.prior.tilt(q.z).sum(), encoder, retain_graph=True)
    assert any((g != 0).any() for g in away), "the encoder follows f"
    learning = model.prior.loss(q.z)
    assert all(g is not None for g in torch.autograd.grad(learning, f, retain_graph=True))
    assert not any(g is not None for g in torch.autograd.grad(learning, encoder, allow_unused=True))


def test_in_training_there_is_no_elbo_but_a_rate_up_to_log_z():
    model, objective = built()
    x = pictures()
    parts = objective(model, x, 0).parts
    assert set(parts) == {"distortion", "rate_up_to_log_z"}
    model.eval()
    assert set(objective(model, x, 0).parts) == {"distortion", "rate", "elbo"}


# ---------------------------------------------------------------- files


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


def run(plan: Plan, until: int, resume: bool = False) -> checkpoint.Checkpoint:
    """Train to the end of an epoch and stop there: no map is built."""
    events = experiment.train(plan, resume=resume)
    for event in events:
        if event.kind == "epoch" and event.epoch == until:
            events.close()
    return checkpoint.read(checkpoint.root() / plan.checkpoint_name())


def test_a_resumed_run_equals_a_straight_one_bit_for_bit(root):
    """Also its chains, and log Z, which each epoch finds anew."""
    straight = run(Plan("energy_prior_vae", "digits", TINY, epochs=2, seed=3, name="straight"), 2)
    broken = Plan("energy_prior_vae", "digits", TINY, epochs=2, seed=3, name="broken")
    run(broken, 1)
    torch.manual_seed(9)
    again = run(broken, 2, resume=True)
    assert again.files[MODEL] == straight.files[MODEL]
    assert again.files[RESUME] == straight.files[RESUME]
    prior = Engine(again).model.prior
    assert prior.log_z().value != 0
    assert again.history()[-1]["validation_elbo_nats"] == straight.history()[-1]["validation_elbo_nats"]
    assert "elbo_nats" not in again.history()[-1]


@pytest.fixture(scope="module")
def trained_root(trained_once):
    """A checkpoints folder with `tiny-energy_prior_vae`."""
    return trained_once("energy_prior", "energy_prior_vae", points=300)


def test_the_card_has_log_z_with_its_error_and_an_elbo_that_is_normalised_by_it(trained_root, monkeypatch):
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(trained_root))
    (saved,) = (checkpoint.read(path) for path in trained_root.iterdir() if path.name.startswith("tiny"))
    card, model = saved.config, Engine(saved).model
    found, estimate = kept(card), card["estimates"]["log_z_nats"]
    assert found == model.prior.log_z()
    assert (estimate["value"], estimate["standard_error"]) == (found.value, found.standard_error)
    assert "from N(0, I) to the prior of latents, 256 chains of 100 temperatures" in estimate["protocol"]
    x = torch.from_numpy(DATASETS.get("digits").load().x_test)
    elbo = evaluate(model, x, seed=card["seed"])["elbo_nats"]
    assert elbo == pytest.approx(card["metrics"]["elbo_nats"], abs=1e-3)
    with torch.no_grad():
        q = model.infer(to_float(x))
        inner = q.kl[0] - found.value + model.prior.net(q.z)[:, 0]
        normal = -0.5 * (1 + 2 * q.std.log() - q.mu.square() - q.std.square()).sum(1)
    torch.testing.assert_close(inner, normal, rtol=1e-4, atol=1e-3)
    other = model.prior.annealed_log_z(7)
    assert abs(other.value - found.value) < 4 * math.hypot(other.standard_error, found.standard_error) + 1e-3
