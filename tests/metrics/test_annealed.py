"""Annealed likelihoods of every family that has one, of pictures that the model made, and what `eval` says of them."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest
import torch

from tests.metrics.test_nll import bernoulli_vae
from vae.errors import NotMeasurable, SettingError
from vae.metrics.annealed import IMPORTANCE, Effort, annealed_group, log_likelihoods, missed, simulated
from vae.metrics.estimate import Estimate
from vae.metrics.subject import Subject
from vae.registry import FAMILIES
from vae.settings import configure
from vae.types import Samples, Spec

SMALL = Effort(chains=4, temperatures=10, leapfrogs=3)


def model_of(name: str, **settings):
    family = FAMILIES.get(name)
    torch.manual_seed(0)
    chosen = {"net": "mlp", "width": 8, "d": 2} | settings
    model, _objective = family.build(Spec((1, 2, 2), 60, 3), configure(family.Hparams, chosen))
    return model.eval().requires_grad_(False)


def by_quadrature(model, x):
    """log p(x) of a model with two latent dimensions."""
    axis = torch.linspace(-6, 6, 121)
    z = torch.cartesian_prod(axis, axis)
    each = [model.log_joint(one.expand(len(z), *one.shape), z).double().logsumexp(0) for one in x]
    return torch.stack(each) + 2 * math.log(float(axis[1] - axis[0]))


@pytest.mark.parametrize(("name", "settings"), [("vae", {}), ("vamp_vae", {"n_pseudo": 5}), ("ladder_vae", None)])
def test_the_likelihood_is_that_of_a_quadrature(name, settings):
    """Within .1 nat on the whole, between the bounds; with an encoder that was never trained."""
    model = model_of(name, **settings) if settings is not None else ladder()
    x, z = simulated(model, 20 if name != "ladder_vae" else 8, None, 0, torch.device("cpu"))
    found = log_likelihoods(model, x, exact=z, effort=SMALL)
    truth = by_quadrature(model, x)
    assert found.upper is not None
    assert float(found.lower.mean()) == pytest.approx(float(truth.mean()), abs=0.1)
    assert float(found.upper.mean()) == pytest.approx(float(truth.mean()), abs=0.1)
    assert float(found.elbo.mean()) < float(truth.mean())
    assert float(found.elbo.mean()) < float(found.refined_elbo.mean()) < float(truth.mean()) + 0.1
    assert 2 < float(found.ess.mean()) <= 4
    assert 0.4 < found.acceptance < 1


def ladder():
    family = FAMILIES.get("ladder_vae")
    torch.manual_seed(0)
    chosen = configure(family.Hparams, {"width": 8, "d": 1, "d2": 1, "d3": 0})
    return family.build(Spec((1, 4, 4), 60, 3), chosen)[0].eval().requires_grad_(False)


def test_a_model_given_labels_has_the_likelihood_given_them():
    model = model_of("cvae")
    c = torch.eye(3)[[0, 1, 2, 1]]
    x, z = simulated(model, 4, c, 0, torch.device("cpu"))
    found = log_likelihoods(model, x, c, exact=z, effort=SMALL)
    other = log_likelihoods(model, x, c.roll(1, 0), effort=SMALL)
    assert found.upper is not None
    assert (found.upper - found.lower).abs().max() < 1
    assert not torch.allclose(found.lower, other.lower, atol=1e-3)


def test_models_without_a_bound_are_told():
    for name in ("ae", "vq_vae"):
        family = FAMILIES.get(name)
        model, _objective = family.build(Spec((1, 8, 8), 60, 3), configure(family.Hparams, {"width": 8}))
        with pytest.raises(NotMeasurable, match="posteriors with a width and a prior"):
            log_likelihoods(model.eval(), torch.rand(2, 1, 8, 8), effort=SMALL)


def test_an_effort_that_is_none_is_refused():
    for wrong in ({"chains": 0}, {"leapfrogs": 0}, {"temperatures": 2}):
        with pytest.raises(SettingError, match=f"{next(iter(wrong))}={next(iter(wrong.values()))}: expected at least"):
            Effort(**wrong)
    assert Effort(4, 16, 4).gradients == 4 * (14 * 4 + 1)


# ---------------------------------------------------------------- the group


def subject(model, x, report, traits=frozenset()) -> Subject:
    samples = Samples(x.numpy(), None, x.numpy(), None)
    engine = SimpleNamespace(traits=traits, conditioned=False, card={})
    return Subject(engine, model, torch.device("cpu"), samples, 0, progress=report)


def test_the_group_measures_the_same_samples_both_ways():
    """Grey pixels are binarised once; both estimates are of that draw."""
    seen: list[tuple[int, int]] = []
    model, x = bernoulli_vae(), torch.rand(30, 1, 2, 2)
    model.requires_grad_(False)
    found = annealed_group(subject(model, x, lambda *done: seen.append(done)))
    assert found["annealed_gain_nats"].value == pytest.approx(
        found["importance_nll_nats"].value - found["annealed_nll_nats"].value, abs=1e-6
    )
    assert "one seeded binarisation" in found["annealed_nll_nats"].protocol
    assert found["annealed_nll_nats"].bound == "upper"
    assert abs(found["sandwich_gap_nats"].value) < 0.1 + 3 * found["sandwich_gap_nats"].standard_error
    assert found["amortisation_gap_nats"].value > -0.05
    assert all(found[key].n == 30 for key in found)
    assert seen[-1] == (60, 60)
    assert "sandwich_gap_nats" not in annealed_group(subject(model, x, lambda *done: None, frozenset({"sequential"})))


def test_a_note_where_importance_sampling_misses_more_than_a_nat():
    gain = lambda value: {"annealed_gain_nats": Estimate(value, 100, 0, 0.1, "")}  # noqa: E731
    assert missed({}) == missed(gain(0.9)) == ""
    said = missed(gain(36.72))
    assert f"with k = {IMPORTANCE} misses 36.7 nats of log p(x)" in said


def test_importance_sampling_fails_where_the_encoder_is_wrong():
    """A linear decoder under an encoder that is eight standard deviations off: importance sampling misses nats."""
    model = model_of("vae", d=1)
    x, z = simulated(model, 10, None, 1, torch.device("cpu"))
    infer = model.infer

    def off(x, c=None):
        q = infer(x, c)
        mu = q.mu + 8 * q.std
        return type(q)(mu + q.std * torch.randn_like(mu), mu, q.std, q.kl)

    model.infer = off
    found = log_likelihoods(model, x, exact=z, effort=SMALL)
    assert float((found.lower - found.importance).mean()) > 1
    assert found.upper is not None
    assert float((found.upper - found.lower).mean()) < 0.5
