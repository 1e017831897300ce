"""Models that know labels: without their label weights they are the VAE, and a missing label is summed out exactly."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from vae.errors import SettingError
from vae.losses.objectives import Sum
from vae.metrics.bounds import evaluate, log_marginal
from vae.models.bottlenecks import Gaussian
from vae.models.conditional import ConditionalVAE, HideConditions
from vae.models.conditions import one_hot, told
from vae.models.model import VAE, NetHparams
from vae.models.semi_supervised import SemiSupervisedBound, SemiSupervisedVAE, keep_labels
from vae.registry import FAMILIES
from vae.training import experiment
from vae.types import Loss, Samples, Spec

H = NetHparams(d=3, net="mlp", width=12)
SPEC = Spec((1, 4, 4), 50, 3)


def model_of(cls: type[nn.Module], **settings) -> nn.Module:
    torch.manual_seed(0)
    model = cls(SPEC, H, **settings)
    with torch.no_grad():
        for p in model.parameters():
            p.add_(0.2 * torch.randn_like(p))  # away from zero biases, and from a prior that starts as the standard one
    return model


def batch(n: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(1)
    return torch.rand(n, *SPEC.shape, generator=g), torch.arange(n) % 3


def rows(y: torch.Tensor) -> torch.Tensor:
    return one_hot(y, 3)


def without_label_inputs(model: ConditionalVAE, label: int | None) -> VAE:
    """A plain VAE that is the conditional one for one fixed label (None: all label weights cut away)."""
    vae = VAE(SPEC, H, Gaussian)
    f, d = H.width, H.d
    hidden, first = nn.Linear(f, f), nn.Linear(d, f)
    with torch.no_grad():
        for new, old, inputs in ((hidden, model.hidden[0], f), (first, model.decoder[0], d)):
            new.weight.copy_(old.weight[:, :inputs])
            new.bias.copy_(old.bias if label is None else old.bias + old.weight[:, inputs + label])
    vae.encoder = nn.Sequential(model.encoder, hidden, model.hidden[1])
    vae.decoder = nn.Sequential(first, *model.decoder[1:])
    vae.bottleneck, vae.likelihood = model.bottleneck, model.likelihood
    return vae


@pytest.mark.parametrize("label", [None, 0, 2])
def test_equivalence_cvae(label):
    """With the label's weights at zero it is the VAE whatever the labels, and with a constant label the VAE whose
    biases hold that label's weights: same loss, same gradients."""
    model = model_of(ConditionalVAE)
    x, y = batch()
    if label is not None:
        y = torch.full_like(y, label)
    else:
        with torch.no_grad():
            model.hidden[0].weight[:, H.width :] = 0
            model.decoder[0].weight[:, H.d :] = 0
    results = []
    for either in (model, without_label_inputs(model, label)):
        torch.manual_seed(5)
        total = Sum()(either, x, 0, rows(y)).total
        results.append((total, *torch.autograd.grad(total, [model.bottleneck.head.weight, model.encoder[1].weight])))
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("net", "shape"), [("mlp", (1, 4, 4)), ("conv2d", (1, 16, 16)), ("conv1d", (1, 32))])
def test_the_decoder_hears_its_label_before_the_code(net, shape):
    """At the start a label weighs as ten dimensions of z do, in every layout: at the weight of one, the code learned
    the class first and the label was never heeded."""
    torch.manual_seed(0)
    model = ConditionalVAE(Spec(shape, 50, 3), NetHparams(d=3, net=net, width=8))
    weight = model.decoder[0].weight.detach()
    assert weight.shape[1] == 6
    assert float(weight[:, 3:].std() / weight[:, :3].std()) == pytest.approx(10, rel=0.35)


def test_the_label_is_seen_by_encoder_and_decoder():
    model, (x, y) = model_of(ConditionalVAE), batch()
    y, other = rows(y), rows((y + 1) % 3)
    z = torch.randn(6, H.d)
    assert not torch.allclose(model.infer(x, y).mu, model.infer(x, other).mu, atol=1e-3)
    assert not torch.allclose(model.decode(z, y), model.decode(z, other), atol=1e-3)


def test_unknown_labels_are_rows_of_zeros_each_for_itself():
    """None is unknown for all, a negative label for its row; other rows do not see it."""
    model, (x, y) = model_of(ConditionalVAE), batch()
    some = torch.where(torch.arange(6) < 3, -1, y)
    assert rows(some).sum(1).tolist() == [0, 0, 0, 1, 1, 1]
    assert rows(torch.tensor([2, 0])).tolist() == [[0, 0, 1], [1, 0, 0]]
    some, y = rows(some), told(model, y)
    mixed, none, known = (model.infer(x, c).mu for c in (some, None, y))
    torch.testing.assert_close(mixed, torch.cat([none[:3], known[3:]]))
    z = torch.randn(6, H.d)
    torch.testing.assert_close(model.decode(z, some), torch.cat([model.decode(z)[:3], model.decode(z, y)[3:]]))


def test_the_rate_to_a_learned_prior_is_torchs_and_its_draws_are_the_priors():
    model, (x, y) = model_of(ConditionalVAE, learned_prior=True), batch()
    y = rows(y)
    q = model.infer(x, y)
    mu, std = model.label_prior(y)
    prior = torch.distributions.Normal(mu, std)
    kl = torch.distributions.kl_divergence(torch.distributions.Normal(q.mu, q.std), prior)
    torch.testing.assert_close(q.kl_per_dim, kl)
    torch.testing.assert_close(q.kl[0], kl.sum(1))
    joint = model.likelihood.log_prob(model.params(q.z, y), x) + prior.log_prob(q.z).sum(1)
    torch.testing.assert_close(model.log_joint(x, q.z, y), joint)
    n = 20_000
    for label in (0, 2):
        drawn = model.sample_prior(n, torch.Generator().manual_seed(0), 0.5, rows(torch.full((n,), label)))
        mu, std = (v[0] for v in model.label_prior(rows(torch.tensor([label]))))
        assert ((drawn.mean(0) - mu).abs() < 5 * 0.5 * std / math.sqrt(n)).all()
        torch.testing.assert_close(drawn.std(0), 0.5 * std, rtol=0.03, atol=0)


def test_labels_are_hidden_in_training_only_and_as_often_as_asked():
    seen = []

    class Watch(nn.Module):
        def forward(self, model, x, step, c=None):
            seen.append(c)
            return Loss(None, {})

    model = nn.Identity()
    x, y = torch.zeros(4000, 1), rows(torch.arange(4000) % 3)
    hide = HideConditions(Watch(), 0.25)
    hide(model, x, 0, y)
    left = seen[0].any(1)
    share = float((~left).float().mean())
    assert share == pytest.approx(0.25, abs=5 * math.sqrt(0.25 * 0.75 / 4000))
    assert torch.equal(seen[0][left], y[left])
    hide.eval()(model, x, 0, y)
    HideConditions(Watch(), 0.0)(model, x, 0, y)
    hide.train()(model, x, 0, None)
    assert torch.equal(seen[1], y)
    assert torch.equal(seen[2], y)
    assert seen[3] is None


@pytest.mark.parametrize("name", [n for n, f in FAMILIES.all().items() if "conditional" in f.traits])
def test_a_data_set_without_labels_is_refused(name):
    with pytest.raises(SettingError, match="needs labels"):
        FAMILIES.get(name).build(Spec((1, 8, 8), 10), FAMILIES.get(name).Hparams())


# ---------------------------------------------------------------- the class as a latent


def by_hand(model: SemiSupervisedVAE, x, label: int, noise) -> torch.Tensor:
    """-L(x, y) of Kingma et al., 2014, equation 6: distortion + KL of z - log p(y) at this noise, (b,)."""
    y = rows(torch.full((len(x),), label))
    q = model.conditional.infer(x, y)
    z = q.mu + q.std * noise
    normal = torch.distributions.Normal
    kl = torch.distributions.kl_divergence(normal(q.mu, q.std), normal(0.0, 1.0)).sum(1)
    return -model.likelihood.log_prob(model.conditional.params(z, y), x) + kl + math.log(3)


def noise_of(model: SemiSupervisedVAE, x, y) -> torch.Tensor:
    model.posterior(x, rows(y))
    return torch.randn(len(x), H.d)


def test_equivalence_semi_supervised_vae():
    """With all labels it is the supervised bound and the classification loss; with none, by brute force, the sum over
    classes of q(y|x) (L(x, y) + log q(y|x)); with some, each sample as it is."""
    model, objective, (x, y) = model_of(SemiSupervisedVAE), SemiSupervisedBound(0.7, 0.5), batch()
    torch.manual_seed(2)
    noise = noise_of(model, x, y)
    each = torch.stack([by_hand(model, x, label, noise) for label in range(3)], 1)
    q = model.classify(x)
    supervised = each.gather(1, y[:, None])[:, 0]
    marginal = (q * (each + q.log())).sum(1)
    known = torch.arange(6) < 2
    for labels, bound in ((y, supervised), (None, marginal), (torch.where(known, y, -1), None)):
        bound = torch.where(known, supervised, marginal) if bound is None else bound
        torch.manual_seed(2)
        loss = objective(model, x, 0, told(model, labels))
        torch.testing.assert_close(loss.parts["elbo"], -bound.detach(), rtol=1e-5, atol=1e-4)
        seen = torch.zeros(6, dtype=torch.bool) if labels is None else labels >= 0
        classification = -(q.gather(1, y[:, None])[:, 0].log() * seen).sum() / (6 * 0.5)
        torch.testing.assert_close(loss.total, bound.mean() + 0.7 * classification, rtol=1e-5, atol=1e-4)


def test_a_missing_label_teaches_the_classifier_and_a_known_one_by_its_own_loss_alone():
    model, (x, y) = model_of(SemiSupervisedVAE), batch()
    last = model.classifier[2].weight
    for labels, alpha, moves in ((None, 1.0, True), (y, 0.0, False), (y, 1.0, True)):
        total = SemiSupervisedBound(alpha, 1.0)(model, x, 0, told(model, labels)).total
        assert bool((torch.autograd.grad(total, last)[0] != 0).any()) == moves


def test_the_joint_of_an_unknown_label_is_the_log_sum_over_classes():
    model, (x, _) = model_of(SemiSupervisedVAE), batch()
    z = torch.randn(6, H.d)
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1)
    each = []
    for label in range(3):
        y = rows(torch.full((6,), label))
        each.append(model.likelihood.log_prob(model.conditional.params(z, y), x) + prior - math.log(3))
        torch.testing.assert_close(model.log_joint(x, z, y), each[-1])
    total = torch.stack(each).double().exp().sum(0).log()  # in float32 a joint of e^-104 is already 0
    torch.testing.assert_close(model.log_joint(x, z).double(), total, rtol=1e-4, atol=1e-3)
    pictures = torch.stack([model.decode(z, rows(torch.full((6,), label))) for label in range(3)]).mean(0)
    torch.testing.assert_close(model.decode(z), pictures)


def test_the_posterior_of_an_unknown_label_is_the_mixture_it_says():
    """Draws have its mean and standard deviation, log_posterior is the density of the mixture, and the bound of many
    weights lies above the mean weight, with a label and without."""
    model, (x, y) = model_of(SemiSupervisedVAE).eval(), batch(2)
    y = rows(y)
    with torch.inference_mode():
        q = model.infer(x)
        draws = model.resample(q, 20_000)
        z = draws.z.view(20_000, 2, H.d)
        assert ((z.mean(0) - q.mu).abs() < 5 * q.std / math.sqrt(20_000)).all()
        torch.testing.assert_close(z.std(0), q.std, rtol=0.05, atol=0)
        parts = [model.conditional.infer(x, c) for c in _labels(2)]
        log_normal = torch.distributions.Normal(
            torch.stack([p.mu for p in parts]), torch.stack([p.std for p in parts])
        ).log_prob(q.z)
        density = (model.classify(x).T * log_normal.sum(2).exp()).sum(0).log()
        torch.testing.assert_close(model.log_posterior(q.z, q), density)
        known = model.infer(x, y)
        same = model.conditional.infer(x, y)
        torch.testing.assert_close(known.mu, same.mu)
        torch.testing.assert_close(known.std, same.std)
        torch.testing.assert_close(model.log_posterior(known.z, known), model.conditional.log_posterior(known.z, same))
        joint = torch.stack([log_marginal(model, x, model.infer(x, c), 40_000, c) for c in _labels(2)])
        torch.testing.assert_close(joint.logsumexp(0), log_marginal(model, x, q, 40_000), rtol=0, atol=0.15)


def _labels(n: int) -> list[torch.Tensor]:
    return [rows(torch.full((n,), label)) for label in range(3)]


# ---------------------------------------------------------------- which labels are kept


def test_kept_labels_are_balanced_true_and_of_the_seed():
    y = np.repeat([0, 1, 2], [500, 300, 4]).astype(np.int64)
    kept = keep_labels(y, 30, 0)
    assert np.array_equal(kept[kept >= 0], y[kept >= 0])
    assert [int((kept == c).sum()) for c in (-1, 0, 1, 2)] == [804 - 30, 13, 13, 4]
    assert np.array_equal(keep_labels(y, 30, 0), kept)
    assert not np.array_equal(keep_labels(y, 30, 1), kept)
    assert (keep_labels(y, 0, 0) == -1).all()
    assert np.array_equal(keep_labels(y, 10_000, 0), y)


def test_training_sees_no_more_labels_than_asked(monkeypatch, tmp_path):
    """Through the whole of training: every label that reaches the objective is one that is kept."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    seen = []
    inner = SemiSupervisedBound.forward

    def watch(self, model, x, step, c=None):
        seen.append(c)
        return inner(self, model, x, step, c)

    monkeypatch.setattr(SemiSupervisedBound, "forward", watch)
    settings = {"net": "mlp", "width": 8, "d": 2, "labelled": 20, "batch_size": 512}
    events = experiment.train(experiment.Plan("semi_supervised_vae", "digits", settings, epochs=1, device="cpu"))
    epoch = next(e for e in events if e.kind == "epoch")
    events.close()
    assert torch.cat(seen).sum(0).tolist() == [2] * 10
    assert 0 <= epoch.metrics["validation_accuracy"] <= 1


def test_accuracy_is_the_share_of_the_test_set_that_is_classified_rightly():
    model, (x, _) = model_of(SemiSupervisedVAE), batch(40)
    y = model.classify(x).argmax(1)
    assert evaluate(model, x, y)["accuracy"] == 1
    y[:10] = (y[:10] + 1) % 3
    assert evaluate(model, x, y)["accuracy"] == 0.75
    assert evaluate(model, x)["accuracy"] is None
    assert evaluate(model_of(ConditionalVAE), x, y)["accuracy"] is None


def test_samples_are_untouched_by_what_is_hidden():
    y = np.arange(9) % 3
    samples = Samples(np.zeros((9, 1, 2, 2), np.uint8), y, np.zeros((1, 1, 2, 2), np.uint8), None)
    keep_labels(samples.y_train, 3, 0)
    assert np.array_equal(samples.y_train, np.arange(9) % 3)
