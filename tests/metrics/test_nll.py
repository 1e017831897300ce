"""The NLL: of grey pixels under a Bernoulli, how many of its importance samples count, and when it says so."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from vae.metrics import bounds
from vae.metrics.bounds import evaluate, few, importance, not_tight, pixel_entropy
from vae.registry import FAMILIES
from vae.settings import configure
from vae.types import Spec


def bernoulli_vae():
    """Four pixels whose probabilities change much along the one latent, so that draws of a grey picture differ in z."""
    family = FAMILIES.get("vae")
    torch.manual_seed(3)
    settings = {"net": "mlp", "width": 8, "d": 1, "likelihood": "bernoulli"}
    model, _objective = family.build(Spec((1, 2, 2), 10), configure(family.Hparams, settings))
    with torch.no_grad():
        for p in model.decoder.parameters():
            p.mul_(2.5)
    return model.eval()


def test_the_nll_of_grey_pixels_is_the_mean_over_their_binarisations():
    """Against log p(b) of all sixteen binary pictures by quadrature over z. The log-sum-exp of the expected
    log-likelihood, which an nll of grey pixels is not, lies farther off than the tolerance."""
    model, x = bernoulli_vae(), torch.rand(4000, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    every = torch.tensor(list(itertools.product((0.0, 1.0), repeat=4))).view(16, 1, 2, 2)
    z = torch.linspace(-6, 6, 2001)[:, None]
    with torch.inference_mode():
        mean = model.decode(z).flatten(1)
        log_b = every.flatten(1) @ mean.log().T + (1 - every.flatten(1)) @ (1 - mean).log().T
        log_p = torch.logsumexp(log_b - z[:, 0].square() / 2 + math.log(0.006 / math.sqrt(2 * math.pi)), 1)
        share = (every.flatten(1) @ x.flatten(1).log().T + (1 - every.flatten(1)) @ (1 - x).flatten(1).log().T).exp()
        truth = -float((share * log_p[:, None]).sum(0).mean())
        wrong = -float(importance(model, x, model.infer(x), 200)[0].mean())
    assert float(share.sum(0).mean()) == pytest.approx(1, abs=1e-5)
    assert float(log_p.exp().sum()) == pytest.approx(1, abs=1e-4)
    found = evaluate(model, x, k=200)
    error = 4 * found["nll_standard_error_nats"]
    assert found["nll_nats"] == pytest.approx(truth, abs=error)
    assert abs(wrong - truth) > 2 * error
    assert found["nll_binarisations"] == 1
    assert found["nll_nats"] < -found["elbo_nats"]


def test_pixels_that_are_binary_already_are_not_drawn_again():
    model, x = bernoulli_vae(), torch.rand(50, 1, 2, 2).round()
    found = evaluate(model, x, k=20, seed=5)
    torch.manual_seed(5)
    with torch.inference_mode():
        expected = -importance(model, x, model(x).latent, 20)[0]
    assert found["nll_nats"] == pytest.approx(float(expected.double().mean()), rel=1e-6)
    assert not {"nll_binarisations", "pixel_entropy_nats"} & found.keys()


def test_pixel_entropy_is_the_floor_of_the_distortion():
    assert pixel_entropy(torch.full((2, 1, 2, 3), 0.5)).tolist() == pytest.approx([6 * math.log(2)] * 2)
    assert pixel_entropy(torch.tensor([[[[0.0, 1.0]]]])).tolist() == [0]
    model, x = bernoulli_vae(), torch.rand(200, 1, 2, 2)
    found = evaluate(model, x)
    p = x.double().numpy()
    assert found["pixel_entropy_nats"] == pytest.approx(-(p * np.log(p) + (1 - p) * np.log(1 - p)).sum() / 200)
    assert found["pixel_entropy_nats"] < found["distortion_nats"]


# ---------------------------------------------------------------- effective sample size


def test_effective_samples_are_the_squared_sum_of_weights_over_the_sum_of_squares(monkeypatch):
    """Weights 3 and 1: 16 / 10. One that outweighs all: 1. Equal ones: all."""
    log_w = torch.tensor([[3.0, 1e30, 5.0], [1.0, 1.0, 5.0]]).log()
    monkeypatch.setattr(bounds, "log_weights", lambda model, x, q, k, c, rows: log_w)
    model, x = bernoulli_vae(), torch.rand(3, 1, 2, 2)
    with torch.inference_mode():
        log_p, effective = importance(model, x, model.infer(x), 2)
    assert effective.tolist() == pytest.approx([1.6, 1, 2])
    assert log_p.tolist() == pytest.approx([math.log(2), math.log(5e29), math.log(5)])


def test_eval_counts_the_effective_samples_of_each_sample(monkeypatch):
    """Of 60 samples, a third has one effective sample of the ten, the others all."""
    model, x = bernoulli_vae(), torch.rand(60, 1, 2, 2).round()
    log_w = torch.zeros(10, 60)
    log_w[0, :20] = 80.0
    monkeypatch.setattr(bounds, "log_weights", lambda *given, **named: log_w)
    found = evaluate(model, x, k=10)
    assert found["nll_ess"] == pytest.approx((20 * 1 + 40 * 10) / 60)
    assert found["nll_low_ess"] == pytest.approx(1 / 3)


def test_a_warning_where_the_weights_have_collapsed_for_a_tenth_of_the_samples():
    assert [few(k) for k in (2, 8, 10, 5000)] == [1, 4, 5, 5]
    good = {"nll_k": 100, "nll_ess": 60.0, "nll_low_ess": 0.09}
    assert not_tight(good) == ""
    assert not_tight({"nll_k": 100, "nll_nats": 3.0}) == "", "an older card does not have them"
    said = not_tight(good | {"nll_ess": 1.7, "nll_low_ess": 0.98})
    assert "a lower bound on log p(x) that is not tight for 98% of the test samples" in said
    assert "of k = 100 importance samples fewer than 5 count there, and 1.7 on average" in said
    assert "for 10% of" in not_tight(good | {"nll_low_ess": 0.1})
