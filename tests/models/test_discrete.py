"""Vector quantisation and the prior over codes: closed forms, and every code grid enumerated."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from vae.atlas import atlas
from vae.losses.terms import log_weights
from vae.models.bottlenecks.vq import DEAD, REVIVED, SMOOTHING, Codebook, perplexity, straight_through
from vae.models.nets.causal import Causal
from vae.registry import FAMILIES
from vae.settings import configure
from vae.training.trainer import Trainer, TrainHparams, fit
from vae.types import Spec

PLACES = 4  # an 8 x 8 picture, halved twice


def built(seed: int = 0, **settings):
    family = FAMILIES.get("vq_vae")
    small = {"width": 4, "depth": 2, "code_width": 3, "codes": 8, "prior_width": 8, "prior_depth": 1}
    torch.manual_seed(seed)
    return family.build(Spec((1, 8, 8), 64), configure(family.Hparams, small | settings))


def pictures(n: int, seed: int = 0) -> Tensor:
    return torch.rand(n, 1, 8, 8, generator=torch.Generator().manual_seed(seed))


def every_grid() -> Tensor:
    return torch.tensor(list(itertools.product(range(3), repeat=PLACES)))


# ---------------------------------------------------------------- the codebook


def test_equivalence_vq_vae():
    """With the encoder's own outputs for a codebook nothing is rounded: no commitment, and decoder(encoder(x)) like a
    plain autoencoder; the rest of the loss is what the prior says of the codes."""
    model, objective = built(codes=2 * PLACES)
    model.eval()
    x = pictures(2)
    encoded = model.encoder(x)
    model.book.vectors.copy_(encoded.detach().permute(0, 2, 3, 1).reshape(-1, 3))
    loss = objective(model, x, 0)
    plain = -model.likelihood.log_prob(model.decoder(encoded), x)
    rate = -model.prior.log_prob(torch.arange(2 * PLACES).view(2, PLACES))
    torch.testing.assert_close(loss.figures["commitment"], torch.tensor(0.0))
    torch.testing.assert_close(loss.parts["distortion"], plain.detach())
    torch.testing.assert_close(loss.parts["rate"], rate.detach())
    torch.testing.assert_close(loss.total, (plain + rate).mean())
    torch.testing.assert_close(model.decode(model.infer(x).mu), model.likelihood.mean(model.decoder(encoded)))


def test_the_straight_through_gradient_is_that_of_the_identity():
    z, quantised = torch.randn(5, 3, requires_grad=True), torch.randn(5, 3)
    passed = straight_through(z, quantised)
    assert torch.equal(passed, quantised)
    (gradient,) = torch.autograd.grad(passed.pow(3).sum(), z)
    torch.testing.assert_close(gradient, 3 * quantised.square())


def test_the_encoder_gets_the_decoders_gradient_at_the_codes_and_the_commitments():
    """d loss / d z_e = d distortion / d e + weight * 2 (z_e - e) / places; nothing from the prior."""
    model, objective = built(commitment=3.0)
    model.eval()
    x, parameters = pictures(4), list(model.encoder.parameters())
    total = torch.autograd.grad(objective(model, x, 0).total, parameters)
    encoded = model.encoder(x).permute(0, 2, 3, 1).flatten(1)
    quantised = model.infer(x).mu.clone().requires_grad_()
    distortion = -model.likelihood.log_prob(model.params(quantised), x).mean()
    (pull,) = torch.autograd.grad(distortion, quantised)
    pull = pull + 3.0 * 2 * (encoded - quantised).detach() / PLACES / len(x)
    for found, expected in zip(total, torch.autograd.grad(encoded, parameters, pull), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_no_gradient_of_the_priors_loss_reaches_the_encoder():
    model, _ = built()
    rate = model.infer(pictures(4)).kl[0].sum()
    reached = torch.autograd.grad(rate, list(model.parameters()), allow_unused=True)
    names = [name.split(".")[0] for name, _ in model.named_parameters()]
    assert {name for name, gradient in zip(names, reached, strict=True) if gradient is not None} == {"prior"}


def test_the_average_equals_its_closed_form_after_n_steps():
    """N_n = g^n N_0 + (1 - g) sum_i g^(n-1-i) n_i, sums likewise; the vectors their ratio with smoothed counts."""
    g, steps, book = 0.8, 7, Codebook(4, 2, 0.8)
    book.counts.fill_(2.0)
    book.sums.copy_(2 * book.vectors)
    z, codes = torch.randn(steps, 6, 2), torch.randint(3, (steps, 6))  # nothing ever chooses code 3
    counts, sums = g**steps * book.counts, g**steps * book.sums
    for i in range(steps):
        chosen = torch.eye(4)[codes[i]]
        counts = counts + (1 - g) * g ** (steps - 1 - i) * chosen.sum(0)
        sums = sums + (1 - g) * g ** (steps - 1 - i) * chosen.T @ z[i]
        book.learn(z[i], codes[i])
    smoothed = (counts + SMOOTHING) / (counts.sum() + 4 * SMOOTHING) * counts.sum()
    torch.testing.assert_close(book.counts, counts)
    torch.testing.assert_close(book.sums, sums)
    torch.testing.assert_close(book.vectors, sums / smoothed[:, None])


def test_each_vector_goes_to_the_nearest_code():
    book, z = Codebook(20, 3, 0.9), torch.randn(50, 3)
    assert torch.equal(book.nearest(z), torch.cdist(z, book.vectors).argmin(1))


def test_dead_codes_restart_among_the_encoders_outputs_and_live_ones_stay():
    book, z = Codebook(5, 2, 0.9), 10 + torch.randn(20, 2)
    even = 20 / 5
    book.counts.copy_(torch.tensor([4.0, 0.0, 1.01 * DEAD * even, 0.99 * DEAD * even, 9.0]))
    before = book.vectors.clone()
    torch.manual_seed(3)
    book.revive(z)
    assert torch.equal(book.vectors[[0, 2, 4]], before[[0, 2, 4]])
    assert all((z == book.vectors[i]).all(1).any() for i in (1, 3))
    torch.testing.assert_close(book.counts[[1, 3]], torch.full((2,), REVIVED * even))
    torch.testing.assert_close(book.sums[[1, 3]], REVIVED * even * book.vectors[[1, 3]])
    again = Codebook(5, 2, 0.9)
    again.counts.copy_(torch.tensor([4.0, 0.0, 1.0, 0.0, 9.0]))
    torch.manual_seed(3)
    again.revive(z)
    assert torch.equal(again.vectors[1], book.vectors[1])  # the same seed, the same row


def test_the_codebook_changes_in_train_mode_alone_and_is_saved():
    model, _ = built()
    x = pictures(4)
    before = {k: v.clone() for k, v in model.state_dict().items() if k.startswith("book.")}
    assert set(before) == {"book.vectors", "book.counts", "book.sums"}
    model.eval()
    model(x)
    assert all(torch.equal(model.state_dict()[k], v) for k, v in before.items())
    model.train()
    model(x)
    assert not any(torch.equal(model.state_dict()[k], v) for k, v in before.items())


def test_perplexity_counts_the_codes_in_use():
    assert float(perplexity(torch.tensor([[0, 5], [5, 0]]), 100)) == pytest.approx(2.0)
    assert float(perplexity(torch.arange(12).view(3, 4), 12)) == pytest.approx(12.0)
    assert float(perplexity(torch.tensor([1, 1, 1, 3]), 4)) == pytest.approx(
        math.exp(-0.75 * math.log(0.75) - 0.25 * math.log(0.25))
    )


def test_a_latent_between_codes_decodes_to_the_nearest():
    model = built()[0].eval()
    z = torch.randn(6, model.d)
    codes = model.codes(z)
    assert codes.shape == (6, 2, 2)
    snapped = model.codebook()[codes].flatten(1)
    assert torch.equal(model.codes(snapped), codes)
    torch.testing.assert_close(model.decode(z), model.decode(snapped))
    torch.testing.assert_close(model.decode(z), model.likelihood.mean(model.params(snapped)))


@pytest.mark.parametrize(("side", "quarters"), [(16, 4), (8, 4), (2, 1)])
def test_the_map_shows_the_mean_code_of_each_quarter(side, quarters):
    settings = {"width": 4, "depth": 2 if side > 2 else 1, "code_width": 3, "codes": 8, "prior_width": 8}
    family = FAMILIES.get("vq_vae")
    model = family.build(Spec((1, side, side), 64), configure(family.Hparams, settings))[0]
    z, (h, w) = torch.randn(6, model.d), model.size
    parts = [rows.chunk(2, 2) if w > 1 else [rows] for rows in z.view(6, h, w, 3).chunk(2, 1)]
    expected = torch.cat([part.mean((1, 2)) for row in parts for part in row], 1)
    assert expected.shape[1] == 3 * quarters
    torch.testing.assert_close(z @ model.map_view(), expected)


# ---------------------------------------------------------------- the prior


def test_the_prior_sums_to_one_over_every_grid():
    torch.manual_seed(0)
    prior = sharp(Causal(3, PLACES, 8, 2))
    log_p = prior.log_prob(every_grid()).detach()
    assert log_p.shape == (3**PLACES,)
    assert float(log_p.std()) > 0.3
    assert float(log_p.exp().sum()) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("place", range(PLACES - 1))
def test_a_conditional_sees_only_what_comes_before(place):
    torch.manual_seed(0)
    prior = sharp(Causal(3, PLACES, 8, 2))
    a = torch.zeros(1, PLACES - 1, dtype=torch.int64)
    b = a.clone()
    b[0, place] = 2
    one, other = prior.logits(a), prior.logits(b)
    assert torch.equal(one[:, : place + 1], other[:, : place + 1])
    assert not torch.isclose(one[:, place + 1 :], other[:, place + 1 :]).all(2).any()


def test_draws_of_the_prior_are_as_frequent_as_it_says():
    torch.manual_seed(0)
    prior, n = sharp(Causal(3, PLACES, 8, 2)), 20_000
    with torch.inference_mode():
        drawn = prior.sample(n, torch.Generator().manual_seed(1))
        p = prior.log_prob(every_grid()).exp()
    number = (drawn * 3 ** torch.arange(PLACES - 1, -1, -1)).sum(1)
    share = torch.bincount(number, minlength=3**PLACES) / n
    assert ((share - p).abs() <= 5 * (p * (1 - p) / n).sqrt() + 1 / n).all()


def test_temperature_sharpens_each_conditional():
    torch.manual_seed(0)
    prior, n = sharp(Causal(3, PLACES, 8, 1)), 20_000
    with torch.inference_mode():
        logits = prior.logits(torch.zeros(1, 0, dtype=torch.int64))[0, 0]
        for temperature in (0.5, 2.0):
            first = prior.sample(n, torch.Generator().manual_seed(1), temperature)[:, 0]
            p = (logits / temperature).softmax(0)
            share = torch.bincount(first, minlength=3) / n
            assert ((share - p).abs() <= 5 * (p * (1 - p) / n).sqrt()).all()
        coldest = prior.sample(2, torch.Generator().manual_seed(1), 0.0)
    assert torch.equal(coldest[0], coldest[1])
    assert int(coldest[0, 0]) == int(logits.argmax())


def test_the_bound_is_tight_in_the_posterior_so_more_draws_gain_nothing():
    """log w = log p(x|e) + log p(codes), the elbo itself, whatever the draw."""
    model = built()[0].eval()
    x = pictures(3)
    with torch.inference_mode():
        out = model(x)
        elbo = model.likelihood.log_prob(out.params, x) - out.latent.kl[0]
        torch.testing.assert_close(log_weights(model, x, out.latent, 4), elbo.expand(4, 3))


def test_what_is_not_in_nats_is_not_called_so():
    model, objective = built()
    trainer = Trainer(model, objective, TrainHparams(batch_size=8), 0, 2)
    *_, last = fit(trainer, pictures(16), None, None, 1)
    assert {"rate_nats", "distortion_nats", "elbo_nats", "commitment", "code_perplexity"} < set(last.metrics)
    assert not {"rate", "commitment_nats", "code_perplexity_nats"} & set(last.metrics)
    assert 1 <= last.metrics["code_perplexity"] <= 8


def sharp(prior: Causal) -> Causal:
    """Far from uniform, as if it were trained."""
    for p in prior.parameters():
        p.requires_grad_(False).mul_(3.0)
    return prior


def test_nothing_is_fitted_between_discrete_codes():
    z, point = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32), np.zeros((40, 3), np.float32)
    assert atlas.between(z, point, discrete=True, seed=0) is None
    assert atlas.between(z, point + 1, discrete=False, seed=0) is not None
    assert atlas.between(z, point, discrete=False, seed=0) is not None
