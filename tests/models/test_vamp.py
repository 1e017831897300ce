"""The prior that is made of posteriors: against the standard one, by hand, and by its draws."""

from __future__ import annotations

import math

import torch

from vae.families.vamp_vae import VampVAE
from vae.losses.objectives import Sum
from vae.models.bottlenecks import Gaussian
from vae.models.model import VAE, NetHparams
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Spec

H = NetHparams(d=3, net="mlp", width=12)
SPEC = Spec((1, 4, 4), 50)
K = 5


def model_of() -> VampVAE:
    torch.manual_seed(0)
    model = VampVAE(SPEC, H, K)
    with torch.no_grad():
        for p in model.parameters():
            p.mul_(2.0)  # so that the components lie apart
    return model


def pictures(n: int = 6) -> torch.Tensor:
    return torch.rand(n, *SPEC.shape, generator=torch.Generator().manual_seed(1))


def by_hand(model: VampVAE) -> torch.distributions.Distribution:
    normal = torch.distributions.Independent
    mu, logvar = model.vae.bottleneck.head(model.vae.encoder(torch.sigmoid(model.pseudo_logits))).chunk(2, 1)
    parts = normal(torch.distributions.Normal(mu, (logvar / 2).exp()), 1)
    return torch.distributions.MixtureSameFamily(torch.distributions.Categorical(torch.ones(K)), parts)


def test_equivalence_vamp_vae():
    """Where every pseudo-input's posterior is N(0, I), the prior is the standard one, whatever K and whatever q(z|x):
    the joint is the VAE's, and the rate is the VAE's in the mean."""
    model, x = model_of(), pictures()
    with torch.no_grad():  # black pseudo-inputs leave all units at 0, and the heads without a bias
        model.pseudo_logits.fill_(-1e4)
        model.vae.encoder[1].bias.zero_()
        model.vae.bottleneck.head.bias.zero_()
    assert (model.vae.infer(x).mu.abs() > 0.1).any(), "the posteriors of x are to differ from the prior"
    z = 2 * torch.randn(6, H.d)
    torch.testing.assert_close(model.log_joint(x, z), model.vae.log_joint(x, z))
    with torch.inference_mode():
        rates = torch.stack([model.infer(x).kl[0] for _ in range(300)])
        exact = model.vae.infer(x).kl[0]
    assert ((rates.mean(0) - exact).abs() < 5 * rates.std(0) / math.sqrt(300)).all()


def test_the_prior_is_the_mixture_of_the_posteriors_of_the_pseudo_inputs():
    model, x = model_of(), pictures()
    z = torch.randn(6, H.d)
    torch.testing.assert_close(model.log_prior(z), by_hand(model).log_prob(z))
    torch.manual_seed(3)
    q = model.infer(x)
    log_q = torch.distributions.Normal(q.mu, q.std).log_prob(q.z).sum(1)
    torch.testing.assert_close(q.kl[0], log_q - by_hand(model).log_prob(q.z))
    assert model.pseudo_inputs().shape == (K, *SPEC.shape)
    assert ((model.pseudo_inputs() > 0) & (model.pseudo_inputs() < 1)).all()


def test_the_rate_teaches_the_pseudo_inputs_and_the_encoder_through_both():
    model, x = model_of(), pictures()
    grads = torch.autograd.grad(model.infer(x).kl[0].mean(), [model.pseudo_logits, model.vae.bottleneck.head.weight])
    assert all((g != 0).any() for g in grads)
    assert (grads[0].flatten(1).abs().sum(1) > 0).all(), "every pseudo-input has a part in the prior"


def test_components_are_encoded_once_while_the_model_only_answers():
    """And with a gradient, or in training, at every call."""
    model, x, rows = model_of().eval(), pictures(), []
    model.vae.encoder.register_forward_hook(lambda module, given, out: rows.append(len(given[0])))
    with torch.inference_mode():
        first = model.log_prior(torch.zeros(1, H.d))
        model.infer(x)
        model.sample_prior(3, torch.Generator().manual_seed(0))
    assert rows == [K, len(x)]
    model.infer(x).kl[0].sum().backward()
    assert model.pseudo_logits.grad.abs().sum() > 0
    assert rows == [K, len(x), len(x), K]
    with torch.no_grad():
        assert torch.equal(model.log_prior(torch.zeros(1, H.d)), first)
        model.train().infer(x)
        model.infer(x)
    assert rows[4:] == 2 * [len(x), K]


def test_cached_components_are_those_of_the_current_parameters():
    """After a step of training, and after other parameters were loaded or moved while the model answered."""
    model, z = model_of(), torch.zeros(2, H.d)
    trainer = Trainer(model, Sum(), TrainHparams(lr=0.05), 0, 1)

    @torch.no_grad()
    def right() -> bool:
        return torch.allclose(model.log_prior(z), by_hand(model).log_prob(z), rtol=1e-4)

    model.eval()
    assert right()
    trainer.model.train()
    trainer.train_step(pictures())
    model.eval()
    assert right()
    model.load_state_dict({name: 1.1 * value for name, value in model.state_dict().items()})
    assert right()
    model, z = model.double(), z.double()
    assert right()


def test_draws_of_the_prior_come_from_all_components():
    """Mean and covariance of the mixture; at temperature 0 only the components' means."""
    model, n = model_of(), 20_000
    with torch.inference_mode():
        z = model.sample_prior(n, torch.Generator().manual_seed(0))
        cold = model.sample_prior(200, torch.Generator().manual_seed(0), 0.0)
        mixture = by_hand(model)
    error = mixture.variance.sqrt() / math.sqrt(n)
    assert ((z.mean(0) - mixture.mean).abs() < 5 * error).all()
    torch.testing.assert_close(z.var(0), mixture.variance, rtol=0.06, atol=0)
    nearest = torch.cdist(cold, mixture.component_distribution.mean).min(1)
    assert nearest.values.max() < 1e-3
    assert len(nearest.indices.unique()) == K


def test_it_is_a_vae_but_for_its_prior():
    """Same nets, same posterior, same decoder."""
    model, x = model_of(), pictures()
    plain = VAE(SPEC, H, Gaussian)
    plain.load_state_dict(model.vae.state_dict())
    torch.manual_seed(0)
    a = model(x)
    torch.manual_seed(0)
    b = plain(x)
    assert torch.equal(a.params, b.params)
    assert torch.equal(a.latent.z, b.latent.z)
