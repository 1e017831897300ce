"""The restricted Boltzmann machine against sums over all of its states, written out by hand."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import pytest
import torch

from vae.data.binarise import binarised
from vae.errors import SettingError
from vae.families.rbm import RBM, Hparams, PersistentContrastiveDivergence
from vae.forming import recording
from vae.models.energy import EnergyModel
from vae.models.model import LatentModel
from vae.models.tensors import to_float
from vae.registry import DATASETS, FAMILIES
from vae.settings import configure
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Spec

TINY = Hparams(d=3)


def tiny(h: Hparams = TINY, shape: tuple[int, ...] = (1, 2, 2), seed: int = 0) -> RBM:
    """Four pixels and three hidden units that depend on each other clearly."""
    torch.manual_seed(seed)
    model = RBM(Spec(shape, 100, 0), h)
    for p in model.parameters():
        p.data.normal_(0, 1)
    return model.eval()


def states(n: int) -> torch.Tensor:
    return torch.tensor(list(itertools.product((0.0, 1.0), repeat=n)))


def by_hand(model: RBM) -> torch.Tensor:
    """b v + c h + v W h of all (v, h), (states of v, states of h), float64."""
    v, h = states(len(model.weight)).double(), states(model.d).double()
    b, c, w = (p.detach().double() for p in (model.visible, model.hidden, model.weight))
    return (v @ b)[:, None] + h @ c + v @ w @ h.T


def pictures(model: RBM) -> torch.Tensor:
    return states(len(model.weight)).view(-1, *model.shape)


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """Training and test digits, binary floats."""
    samples = DATASETS.get("digits").load()
    train, test = (torch.from_numpy(binarised(x, 0)) for x in (samples.x_train, samples.x_test))
    return to_float(train), to_float(test)


def trained(d: int, steps: int, **settings) -> RBM:
    x, _test = digits()
    torch.manual_seed(0)
    h = replace(Hparams(d=d), **settings)
    model, objective = FAMILIES.get("rbm").build(Spec((1, 8, 8), len(x), 10), h)
    model.start(x.numpy())
    trainer = Trainer(model, objective, configure(TrainHparams, {"lr": 0.02, "lr_end": 0.05}), 0, steps)
    g = torch.Generator().manual_seed(0)
    for _step in range(steps):
        trainer.train_step(x[torch.randint(len(x), (64,), generator=g)])
    return model.eval()


# ---------------------------------------------------------------- by hand


def test_equivalence_rbm():
    """Energy, log Z, encoder and decoder are the sums over the states of the other layer, or of both."""
    model = tiny()
    joint, x = by_hand(model), pictures(model)
    p_h = (joint - joint.logsumexp(1, keepdim=True)).exp() @ states(3).double()
    p_v = ((joint - joint.logsumexp(0)).exp().T @ states(4).double()).view(-1, 1, 2, 2)
    with torch.no_grad():
        torch.testing.assert_close(model.energy(x).double(), -joint.logsumexp(1), rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(model.infer(x).mu.double(), p_h, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(model.decode(states(3)).double(), p_v, rtol=1e-5, atol=1e-5)
    found = model.summed_log_z()
    assert found.value == pytest.approx(float(joint.logsumexp((0, 1))), abs=1e-5)
    assert (found.exact, found.n, found.standard_error) == (True, 8, 0.0)


def test_the_sum_is_over_the_smaller_layer():
    wide = tiny(Hparams(d=6))
    assert wide.summed_log_z().n == 16
    assert wide.summed_log_z().value == pytest.approx(float(by_hand(wide).logsumexp((0, 1))), abs=1e-5)
    large = RBM(Spec((1, 5, 5), 10, 0), Hparams(d=21))
    assert not large.enumerable
    with pytest.raises(SettingError, match=r"21 units: a sum over all states takes 1 to 20"):
        large.summed_log_z()


def test_a_film_of_its_training_shows_chains_and_no_grid_of_gaussian_quantiles():
    assert recording.source(tiny(Hparams(d=2))) == recording.PRIOR
    assert recording.source(tiny()) == recording.PRIOR


def test_it_follows_both_protocols():
    assert isinstance(tiny(), EnergyModel)
    assert isinstance(tiny(), LatentModel)


def test_gibbs_chains_follow_the_exact_distribution():
    """Of 4000 chains after 50 steps each state is as frequent as it should be, within 4.5 standard errors."""
    model, n = tiny(), 4000
    exact = (by_hand(model).logsumexp(1) - by_hand(model).logsumexp((0, 1))).exp()
    v = model.chain(n, torch.Generator().manual_seed(1), 1, 50)[0].flatten(1)
    which = (v @ torch.tensor([8.0, 4.0, 2.0, 1.0])).long()
    share = torch.bincount(which, minlength=16).double() / n
    assert ((share - exact).abs() <= 4.5 * (exact * (1 - exact) / n).sqrt()).all()
    assert exact.max() > 3 * exact.min(), "states differ enough to tell"


def test_draws_of_the_prior_follow_the_hidden_units():
    """And at a low temperature all chains end in a state that no single step improves."""
    model, n = tiny(Hparams(d=3, draw_steps=50)), 4000
    exact = (by_hand(model).logsumexp(0) - by_hand(model).logsumexp((0, 1))).exp()
    h = model.sample_prior(n, torch.Generator().manual_seed(2))
    share = torch.bincount((h @ torch.tensor([4.0, 2.0, 1.0])).long(), minlength=8).double() / n
    assert ((share - exact).abs() <= 4.5 * (exact * (1 - exact) / n).sqrt()).all()
    cold = model.sample_prior(50, torch.Generator().manual_seed(2), 0.0)
    v = (model.decode(cold) > 0.5).float()
    assert torch.equal((model.infer(v).mu > 0.5).float(), cold)


# ---------------------------------------------------------------- gradients


def test_the_gradient_of_log_p_is_that_of_finite_differences():
    """-d energy/d theta of the data minus its mean over all states: what the chains estimate."""
    model = tiny()
    x = pictures(model)[[3, 6, 6, 15]]

    def nll() -> float:
        with torch.no_grad():
            return float(model.energy(x).double().mean()) + model.summed_log_z().value

    p = (by_hand(model).logsumexp(1) - by_hand(model).logsumexp((0, 1))).exp().float()
    loss = model.energy(x).mean() - (p * model.energy(pictures(model))).sum()
    for parameter, gradient in zip(
        model.parameters(), torch.autograd.grad(loss, list(model.parameters())), strict=True
    ):
        flat = parameter.data.view(-1)
        for i in range(len(flat)):
            before = float(flat[i])
            values = []
            for step in (0.02, -0.02):
                flat[i] = before + step
                values.append(nll())
            flat[i] = before
            assert float(gradient.view(-1)[i]) == pytest.approx((values[0] - values[1]) / 0.04, abs=1e-3)


def test_the_loss_has_that_gradient_where_the_chains_follow_the_model():
    model = tiny(Hparams(d=3, chains=10_000))
    x = pictures(model)[[3, 6, 6, 15]]
    p = (by_hand(model).logsumexp(1) - by_hand(model).logsumexp((0, 1))).exp().float()
    exact = model.energy(x).mean() - (p * model.energy(pictures(model))).sum()
    torch.manual_seed(0)
    total = PersistentContrastiveDivergence(50, 0.0)(model, x, 0).total
    for by_chains, known in zip(
        *(torch.autograd.grad(v, list(model.parameters())) for v in (total, exact)), strict=True
    ):
        torch.testing.assert_close(by_chains, known, rtol=0, atol=0.025)  # five standard errors of a share of 10 000


def test_weight_decay_is_of_the_weights_alone():
    model, x = tiny(), pictures(tiny())
    losses = []
    for decay in (0.0, 0.5):
        torch.manual_seed(0)
        losses.append(PersistentContrastiveDivergence(1, decay)(model, x, 0).total)
    torch.testing.assert_close(losses[1] - losses[0], 0.25 * model.weight.square().sum())


def test_grey_pixels_are_drawn_in_every_step():
    """A pixel of 1/4 counts as a quarter of the energy of a white one, in the mean."""
    model = tiny()
    model.weight.data.zero_()
    x = torch.full((20_000, 1, 2, 2), 0.25)
    torch.manual_seed(0)
    gap = PersistentContrastiveDivergence(1, 0.0)(model, x, 0).parts["energy_gap"]
    torch.manual_seed(0)
    black = PersistentContrastiveDivergence(1, 0.0)(model, 0 * x, 0).parts["energy_gap"]
    drawn = (black - gap).view(-1)
    assert float(drawn.mean()) == pytest.approx(0.25 * float(model.visible.detach().sum()), abs=0.05)
    assert drawn.unique().numel() > 8


# ---------------------------------------------------------------- training


def test_chains_move_in_training_and_stay_otherwise():
    model = tiny()
    before = model.chains.clone()
    PersistentContrastiveDivergence(1, 0.0)(model, pictures(model), 0)
    assert torch.equal(model.chains, before)
    model.train()
    PersistentContrastiveDivergence(1, 0.0)(model, pictures(model), 0)
    assert not torch.equal(model.chains, before)


def test_it_starts_as_independent_pixels():
    x, _test = digits()
    model = RBM(Spec((1, 8, 8), len(x), 10), Hparams(d=4))
    model.weight.data.zero_()
    model.start(x.numpy())
    share = (x.double().mean(0) * len(x) + 1) / (len(x) + 2)
    torch.testing.assert_close(model.decode(torch.zeros(1, 4))[0].double(), share, rtol=1e-4, atol=1e-4)
    again = RBM(Spec((1, 8, 8), len(x), 10), Hparams(d=4))
    again.start((x * 255).to(torch.uint8).numpy())
    torch.testing.assert_close(again.base, model.base)


def test_training_lowers_the_exact_negative_log_likelihood_of_test_digits():
    _x, test = digits()
    nlls = []
    for steps in (0, 400):
        model = trained(8, steps)
        with torch.no_grad():
            nlls.append(float(model.energy(test).mean()) + model.summed_log_z().value)
    assert nlls[0] - nlls[1] > 2, nlls


def test_annealing_finds_the_exact_log_z_within_its_interval():
    model = trained(10, 300)
    exact = model.summed_log_z().value
    found = model.annealed_log_z(0, chains=100, temperatures=1000)
    low, high = found.interval()
    assert low < exact < high
    assert abs(found.value - exact) < 0.15
    assert 0 < found.standard_error < 0.05
    assert 50 < found.ess <= 100
    assert not found.exact
    assert found == model.annealed_log_z(0, chains=100, temperatures=1000)
    assert found.value != model.annealed_log_z(1, chains=100, temperatures=1000).value


def test_values_that_are_not_in_0_to_1_are_refused():
    with pytest.raises(SettingError, match="0-1"):
        RBM(Spec((5,), 10, 0, "vector"), TINY)
    with pytest.raises(SettingError, match="grid"):
        FAMILIES.get("rbm").check("vector")


def test_the_energy_does_not_overflow():
    model = tiny()
    model.weight.data.fill_(200.0)
    assert torch.isfinite(model.energy(pictures(model))).all()
    assert math.isfinite(model.summed_log_z().value)
