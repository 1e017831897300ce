"""The recurrent families: what they are in special cases, and that nothing of the future reaches the past."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from vae.losses.objectives import Sum
from vae.models.bottlenecks import Gaussian
from vae.models.model import VAE, NetHparams
from vae.models.recurrent import chunks, joined
from vae.registry import FAMILIES
from vae.settings import configure
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Spec

SHAPE = (2, 13)
BOTH = pytest.mark.parametrize("name", ["sequence_vae", "vrnn"])


def built(name: str, steps: int = 20, shape: tuple[int, int] = SHAPE, **settings) -> Trainer:
    family = FAMILIES.get(name)
    small = {"units": 8, "sigma": 0.5, "chunk": 4} | ({"d": 3} if name == "sequence_vae" else {"step_width": 2})
    torch.manual_seed(0)
    spec = Spec(shape, 64, modality="series")
    model, objective = family.build(spec, configure(family.Hparams, small | settings))
    trainer = Trainer(model, objective, TrainHparams(lr=0.02), 0, 100)
    for _ in range(steps):
        trainer.train_step(series(16, shape))
    return trainer


def series(n: int, shape: tuple[int, int] = SHAPE, seed: int = 0) -> Tensor:
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(seed)).cumsum(2) / 2


# ---------------------------------------------------------------- equivalences


@pytest.mark.parametrize("training", [True, False])
def test_equivalence_sequence_vae(training):
    """With step_dropout = 1 it is the VAE with the same encoder, and a decoder that is a function of z alone."""
    trainer = built("sequence_vae", step_dropout=1.0)
    model, x = trainer.model.train(training), series(6)

    class Read(nn.Module):
        def forward(self, x):
            _, last = model.encoder(chunks(x, 4))
            return torch.cat([last[0], last[1]], 1)

    class Write(nn.Module):
        def forward(self, z):
            told = torch.cat([torch.zeros(len(z), 4, 9), z[:, None].expand(-1, 4, -1)], 2)  # 4 chunks of 2 x 4 values
            out, _ = model.decoder(told, torch.tanh(model.start(z))[None])
            return joined(model.head(out), *SHAPE)

    plain = VAE(Spec(SHAPE, 64, modality="series"), NetHparams(d=3, net="mlp", sigma=0.5), Gaussian)
    plain.encoder, plain.decoder, plain.bottleneck = Read(), Write(), model.bottleneck
    torch.manual_seed(1)
    ours = trainer.objective(model, x, 0)
    torch.manual_seed(1)
    theirs = Sum()(plain, x, 0)
    torch.testing.assert_close(ours.total, theirs.total)
    z = torch.randn(6, 3)
    torch.testing.assert_close(model.decode(z), plain.decode(z))
    torch.testing.assert_close(model.log_joint(x, z), plain.log_joint(x, z))


def test_equivalence_vrnn():
    """With its memory cut it is one VAE for every chunk, each by itself, all with the same nets."""
    shape = (2, 12)
    model = built("vrnn", shape=shape).model
    for p in model.memory.parameters():
        nn.init.zeros_(p)
    nn.init.normal_(model.to_prior[2].bias)  # a prior that is not N(0, I), however it was trained
    part = built("vrnn", steps=0, shape=(2, 4)).model
    part.load_state_dict(model.state_dict())
    x, z = series(5, shape), torch.randn(5, 6)
    pieces = [(x[:, :, 4 * i : 4 * i + 4], z[:, 2 * i : 2 * i + 2]) for i in range(3)]
    q = model.infer(x)
    alone = [part.infer(a) for a, _ in pieces]
    torch.testing.assert_close(q.mu, torch.cat([one.mu for one in alone], 1))
    torch.testing.assert_close(q.kl[0], sum(one.kl[0] for one in alone))
    torch.testing.assert_close(model.log_joint(x, z), sum(part.log_joint(a, b) for a, b in pieces))
    each = [part.log_posterior(b, one) for (_, b), one in zip(pieces, alone, strict=True)]
    torch.testing.assert_close(model.log_posterior(z, q), sum(each))
    none = torch.zeros(5, 8)  # and that VAE by hand: prior, posterior and likelihood with no memory
    a, b = pieces[1]
    mean, logvar = part.to_posterior(torch.cat([part.phi_x(a.flatten(1)), none], 1)).chunk(2, 1)
    prior_mean, prior_logvar = part.to_prior(none).chunk(2, 1)
    p, posterior = Normal(prior_mean, (prior_logvar / 2).exp()), Normal(mean, (logvar / 2).exp())
    x_mean = part.to_x(torch.cat([part.phi_z(b), none], 1)).view(5, 2, 4)
    by_hand = Normal(x_mean, 0.5).log_prob(a).sum((1, 2)) + p.log_prob(b).sum(1)
    torch.testing.assert_close(part.log_joint(a, b), by_hand)
    torch.testing.assert_close(part.infer(a).kl[0], kl_divergence(posterior, p).sum(1))
    torch.testing.assert_close(part.log_posterior(b, part.infer(a)), posterior.log_prob(b).sum(1))


# ---------------------------------------------------------------- time


@BOTH
def test_a_value_changes_no_parameter_before_it(name):
    model = built(name).model.eval()
    x, z = series(4), torch.randn(4, model.d)
    before = model.params(z, x)
    for t in range(SHAPE[1]):
        changed = x.clone()
        changed[:, :, t:] += 1
        after = model.params(z, changed)
        blind = (t // model.chunk + 1) * model.chunk  # its step, whose values are independent given z and the past
        torch.testing.assert_close(after[:, :, :blind], before[:, :, :blind], rtol=0, atol=0)
        if blind < SHAPE[1]:
            assert (after[:, :, blind] != before[:, :, blind]).all(), "the next step does not see it"


@BOTH
def test_the_density_is_the_product_of_its_conditionals(name):
    """log p(x|z) by hand: every value under what the model says when it and all later values are taken away."""
    model = built(name).model.eval()
    x, z = series(3), torch.randn(3, model.d)
    by_hand = torch.zeros(3)
    for t in range(SHAPE[1]):
        past = x.clone()
        past[:, :, t:] = 0
        by_hand += Normal(model.params(z, past)[:, :, t], 0.5).log_prob(x[:, :, t]).sum(1)
    prior = Normal(0.0, 1.0) if name == "sequence_vae" else Normal(*model._unroll(3, model._given(z), x).p)
    torch.testing.assert_close(model.log_joint(x, z), by_hand + prior.log_prob(z).sum(1))


@BOTH
def test_what_a_code_decodes_to_is_what_the_model_foretells_of_it(name):
    """Running free is being told one's own means."""
    model = built(name).model.eval()
    z = torch.randn(4, model.d)
    x = model.decode(z)
    torch.testing.assert_close(model.likelihood.mean(model.params(z, x)), x, rtol=1e-4, atol=1e-5)
    assert x.std() > 0.05


def test_the_prior_walks_as_decode_does():
    """z_t is drawn given its own past: the draws at temperature 0 are the prior's means along what decode gives."""
    model = built("vrnn").model.eval()
    z = model.sample_prior(3, torch.Generator().manual_seed(0), temperature=0.0)
    x = model.decode(z)
    walk = model._unroll(3, model._given(z), x)
    torch.testing.assert_close(walk.p.mean, z, rtol=1e-4, atol=1e-5)
    assert (z[:, 2:4] != z[:, :2]).all(), "the prior has no memory"


def test_a_posterior_step_sees_no_later_value():
    model = built("vrnn").model.eval()
    x = series(4)
    changed = x.clone()
    changed[:, :, 8:] += 1
    assert torch.equal(model.infer(x).mu[:, :4], model.infer(changed).mu[:, :4])
    assert not torch.equal(model.infer(x).mu[:, 4:6], model.infer(changed).mu[:, 4:6])


def test_the_whole_series_is_read_in_both_directions():
    model = built("sequence_vae").model.eval()
    x = series(4).requires_grad_()
    model.infer(x).mu.square().sum().backward()
    assert (x.grad.abs().sum((0, 1)) > 0).all()


# ---------------------------------------------------------------- hidden steps


def test_values_are_hidden_in_training_alone():
    model, x, z = built("sequence_vae", step_dropout=0.5).model, series(4), torch.zeros(4, 3)
    model.eval()
    torch.manual_seed(3)
    shown = model(x).params
    torch.manual_seed(3)
    assert torch.equal(model(x).params, shown)
    model.train()
    torch.manual_seed(3)
    assert not torch.equal(model(x).params, shown)
    assert torch.equal(model.log_joint(x, z), model.eval().log_joint(x, z))


@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_share_of_hidden_values_is_the_one_asked_for(share):
    model, seen = built("sequence_vae", steps=0, shape=(1, 1600)).model, []
    model.decoder.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    x = torch.full((50, 1, 1600), 7.0)
    model.params(torch.zeros(50, 3), x, share)
    value, known = seen[0][:, :, :4], seen[0][:, :, 4]
    assert torch.equal(value, 7 * known[:, :, None].expand(-1, -1, 4))  # a hidden value is 0, and said to be unknown
    assert (known[:, 0] == 0).all()
    assert known[:, 1:].mean() == pytest.approx(1 - share, abs=0.015)  # 5 standard deviations at 19 950 steps


# ---------------------------------------------------------------- chunks


@pytest.mark.parametrize(("t", "length"), [(12, 4), (13, 4), (3, 4), (5, 1), (7, 7)])
def test_chunks_are_consecutive_and_come_back(t, length):
    x = torch.arange(2.0 * 3 * t).view(2, 3, t) + 1
    rows = chunks(x, length)
    assert rows.shape == (2, -(-t // length), 3 * length)
    assert rows[0, 0].view(3, length)[1].tolist()[: min(t, length)] == x[0, 1, :length].tolist()
    assert torch.equal(joined(rows, 3, t), x)
    assert rows.count_nonzero() == x.numel()  # what is filled up is 0
