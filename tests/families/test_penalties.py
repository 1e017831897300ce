"""Families that add a penalty to the VAE's loss or damage what it sees: against brute force and closed forms."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
import torch
from torch import Tensor, nn

from tests import checks
from tests.families.test_families import same_bits, trained
from vae.families.factor_vae import permute_dims
from vae.losses import aggregate, penalties
from vae.losses.corruption import KINDS, Corruption
from vae.losses.gaussian import kl_to_standard_normal
from vae.models.nets.discriminator import discriminator
from vae.registry import FAMILIES
from vae.settings import configure
from vae.types import Latent, Loss, Output


def batch() -> Tensor:
    return checks.Case(FAMILIES.get("vae"), (), "image").batch()[0]


def loss_on(family: str, model: nn.Module, step: int = 0, **settings) -> Loss:
    """That of another family's objective on a given model, with the same draws every time."""
    case = checks.Case(FAMILIES.get(family), tuple(({"d": 3, "net": "mlp"} | settings).items()), "image")
    objective = case.build()[1]
    torch.manual_seed(4)
    return objective(model, batch(), step)


def gradients(loss: Tensor, model: nn.Module) -> list[Tensor]:
    return list(torch.autograd.grad(loss, list(model.parameters()), retain_graph=True))


def gaussians(n: int = 5, d: int = 3, seed: int = 0) -> Latent:
    """n posteriors of d dimensions that overlap, one draw of each."""
    g = torch.Generator().manual_seed(seed)
    mu, std = torch.randn(n, d, generator=g), 0.3 + torch.rand(n, d, generator=g)
    return Latent(mu + std * torch.randn(n, d, generator=g), mu, std)


def mixture_log_prob(q: Latent, z: Tensor) -> tuple[Tensor, Tensor]:
    """log of 1/n sum_i N(z; mu_i, std_i^2) and of its marginals, by torch's own distributions."""
    weights = torch.distributions.Categorical(torch.ones(len(q.mu)))
    whole = torch.distributions.Independent(torch.distributions.Normal(q.mu, q.std), 1)
    joint = torch.distributions.MixtureSameFamily(weights, whole).log_prob(z)
    each = [
        torch.distributions.MixtureSameFamily(weights, torch.distributions.Normal(q.mu[:, j], q.std[:, j])).log_prob(
            z[:, j]
        )
        for j in range(z.shape[1])
    ]
    return joint, torch.stack(each, 1)


# ---------------------------------------------------------------- capacity


def test_equivalence_capacity_vae():
    """At a capacity of 0 it is the beta-VAE with gamma for beta: the rate is never negative."""
    model = trained("vae").model
    a, b = (
        loss_on("capacity_vae", model, 9, capacity_nats=0.0, gamma_capacity=7.0),
        loss_on("beta_vae", model, beta=7.0),
    )
    torch.testing.assert_close(a.total, b.total)
    assert torch.equal(a.parts["elbo"], b.parts["elbo"])
    assert torch.equal(a.parts["off_capacity"], a.parts["rate"])


def test_the_capacity_rises_linearly_and_stays():
    model = trained("vae").model
    for step, capacity in ((0, 0.0), (5, 10.0), (10, 20.0), (99, 20.0)):
        loss = loss_on("capacity_vae", model, step, capacity_nats=20.0, capacity_steps=10, gamma_capacity=3.0)
        off = (loss.parts["rate"] - capacity).abs()
        torch.testing.assert_close(loss.parts["off_capacity"], off)
        torch.testing.assert_close(loss.total.detach(), (loss.parts["distortion"] + 3 * off).mean())


# ---------------------------------------------------------------- total correlation


@pytest.mark.parametrize("minibatch", aggregate.SAMPLING)
def test_equivalence_tc_vae(minibatch):
    """At gamma_tc = 1 it is the VAE with a drawn rate: their means over draws agree, whatever q(z) is taken to be."""
    model = trained("vae").model
    case = checks.Case(FAMILIES.get("tc_vae"), (("gamma_tc", 1.0), ("minibatch", minibatch), ("net", "mlp")), "image")
    objective, x = case.build()[1], batch()
    torch.manual_seed(0)
    losses = [objective(model, x, 0) for _ in range(400)]
    gap = torch.stack([loss.total.detach() + loss.parts["elbo"].mean() for loss in losses])
    assert gap.mean().abs() < 4 * gap.std() / 20
    weighted = loss_on("tc_vae", model, gamma_tc=5.0, minibatch=minibatch)
    p = weighted.parts
    by_hand = p["distortion"] + p["mutual_information"] + 5 * p["total_correlation"] + p["dimension_kl"]
    torch.testing.assert_close(weighted.total.detach(), by_hand.mean())


def test_the_whole_set_as_batch_gives_the_aggregate_posterior_itself():
    """Stratified: exact. Weighted: low by log n, a constant, so that both have the same gradient."""
    q = gaussians()
    joint, each = mixture_log_prob(q, q.z)
    for minibatch, bias in (("stratified", 0.0), ("weighted", math.log(5))):
        ours, ours_each = aggregate.log_aggregate(q, 5, minibatch)
        torch.testing.assert_close(ours + bias, joint)
        torch.testing.assert_close(ours_each + bias, each)


def test_the_three_terms_are_what_they_are_called_and_add_up_to_the_rate():
    """Of a known mixture: each term from torch's densities; over many draws their sum is the closed-form KL."""
    few = gaussians()
    torch.manual_seed(1)
    draws = [Latent(few.mu + few.std * torch.randn_like(few.std), few.mu, few.std) for _ in range(3000)]
    q = draws[0]
    joint, each = mixture_log_prob(q, q.z)
    posterior = torch.distributions.Normal(q.mu, q.std).log_prob(q.z).sum(1)
    prior = torch.distributions.Normal(0.0, 1.0).log_prob(q.z).sum(1)
    terms = aggregate.decompose(q, 5, "stratified")
    torch.testing.assert_close(terms["mutual_information"], posterior - joint)
    torch.testing.assert_close(terms["total_correlation"], joint - each.sum(1))
    torch.testing.assert_close(terms["dimension_kl"], each.sum(1) - prior)
    sums = torch.stack([sum(aggregate.decompose(q, 5, "stratified").values()).mean() for q in draws])
    assert (sums.mean() - kl_to_standard_normal(few.mu, few.std).sum(1).mean()).abs() < 4 * sums.std() / 3000**0.5


def test_stratified_batches_estimate_the_aggregate_posterior_without_bias():
    """Over all batches of 3 of 6 that hold sample 0, the mean of the estimated q(z_0) is q(z_0), of the whole set."""
    q = gaussians(6)
    true, _ = mixture_log_prob(q, q.z)
    estimates = []
    for others in combinations(range(1, 6), 2):
        rows = [0, *others]
        estimates.append(
            aggregate.log_aggregate(Latent(q.z[rows], q.mu[rows], q.std[rows]), 6, "stratified")[0][0].exp()
        )
    torch.testing.assert_close(torch.stack(estimates).mean(), true[0].exp())


def test_the_weights_are_those_of_the_data_set_and_of_the_batch():
    weighted = aggregate.log_importance(4, 100, "weighted").exp()
    torch.testing.assert_close(weighted, torch.full((4, 4), 1 / 400))
    stratified = aggregate.log_importance(4, 100, "stratified").exp()
    torch.testing.assert_close(stratified.diagonal(), torch.full((4,), 0.01))
    torch.testing.assert_close(stratified.sum(1), torch.ones(4))
    assert len(stratified[~torch.eye(4, dtype=torch.bool)].unique()) == 1


def test_the_family_knows_how_many_samples_there_are():
    """A model that ignores x has q(z|x) = q(z): no mutual information, which takes the right n to see."""
    case = checks.Case(FAMILIES.get("tc_vae"), (("d", 3), ("net", "mlp")), "image")
    model, objective = case.build()
    with torch.no_grad():
        model.bottleneck.head.weight.zero_()
    assert objective(model, batch(), 0).parts["mutual_information"].abs().max() < 1e-4
    weighted = checks.Case(FAMILIES.get("tc_vae"), (("minibatch", "weighted"), ("d", 3), ("net", "mlp")), "image")
    biased = weighted.build()[1](model, batch(), 0).parts["mutual_information"]
    torch.testing.assert_close(biased, torch.full((8,), math.log(case.spec().n_data)))


@pytest.mark.parametrize("minibatch", aggregate.SAMPLING)
def test_a_last_batch_of_one_sample_is_finite(minibatch):
    for family in ("tc_vae", "factor_vae", "dip_vae", "info_vae", "wae"):
        settings = {"tc_vae": {"minibatch": minibatch}, "factor_vae": {"adversary_width": 8}}.get(family, {})
        trainer = checks.Case(FAMILIES.get(family), tuple(({"net": "mlp"} | settings).items()), "image").trainer()
        trainer.train_step(batch()[:1])
        assert all(torch.isfinite(p).all() for p in trainer.model.parameters())
        assert all(torch.isfinite(p).all() for p in trainer.objective.parameters())


# ---------------------------------------------------------------- density ratio


def test_equivalence_factor_vae():
    """At gamma 0 it is the VAE: the same loss and the same gradients, with an adversary that looks on."""
    model = trained("vae").model
    a, b = loss_on("factor_vae", model, gamma_density=0.0, adversary_width=8), loss_on("vae", model)
    assert torch.equal(a.total, b.total)
    for ours, theirs in zip(gradients(a.total, model), gradients(b.total, model), strict=True):
        torch.testing.assert_close(ours, theirs)
    c = loss_on("factor_vae", model, gamma_density=5.0, adversary_width=8)
    by_hand = c.parts["distortion"] + c.parts["rate"] + 5 * c.parts["total_correlation"]
    torch.testing.assert_close(c.total.detach(), by_hand.mean())


def test_the_discriminators_loss_does_not_touch_the_encoder():
    model = trained("vae").model
    loss = loss_on("factor_vae", model, adversary_width=8)
    assert all(g is None for g in torch.autograd.grad(loss.adversary, list(model.parameters()), allow_unused=True))


def test_dimensions_are_permuted_each_by_itself():
    """Every dimension keeps its values, rows are broken up, and a dependence between dimensions is gone."""
    torch.manual_seed(0)
    column = torch.randn(2000, 1)
    z = torch.cat([column, column, -column], 1)
    permuted = permute_dims(z)
    assert torch.equal(permuted.sort(0).values, z.sort(0).values)
    correlations = torch.corrcoef(permuted.T)
    assert (correlations - torch.eye(3)).abs().max() < 4 / 2000**0.5


def test_the_discriminator_is_asked_about_two_halves():
    """Cross-entropy at chance is log 2; and permuted codes come from samples that it does not see as they are."""
    objective = checks.Case(FAMILIES.get("factor_vae"), (("d", 3), ("adversary_width", 8)), "image").build()[1]
    with torch.no_grad():
        objective.discriminator[-2].weight.zero_()
        objective.discriminator[-2].bias.zero_()
    z = torch.randn(8, 3, requires_grad=True)
    torch.testing.assert_close(objective.cross_entropy(z), torch.tensor(math.log(2)))


def test_log_odds_become_the_total_correlation_of_correlated_gaussians():
    """Closed form -1/2 log(1 - r^2), .51 nats at r = .8, from a discriminator trained as the objective trains it."""
    torch.manual_seed(0)
    objective = checks.Case(
        FAMILIES.get("factor_vae"), (("d", 2), ("adversary_width", 32), ("adversary_depth", 2)), "image"
    ).build()[1]
    factor = torch.linalg.cholesky(torch.tensor([[1.0, 0.8], [0.8, 1.0]]))
    adam = torch.optim.Adam(objective.parameters(), lr=3e-3, betas=(0.5, 0.9))
    for _ in range(400):
        adam.zero_grad()
        objective.cross_entropy(torch.randn(512, 2) @ factor.T).backward()
        adam.step()
    with torch.inference_mode():
        estimate = objective.discriminator(torch.randn(20_000, 2) @ factor.T).mean()
    assert estimate.item() == pytest.approx(-0.5 * math.log(1 - 0.64), abs=0.08)


def test_a_discriminator_has_the_layers_it_is_asked_for():
    net = discriminator(3, 7, 6)
    assert [m.out_features for m in net if isinstance(m, nn.Linear)] == [7] * 6 + [1]
    assert net(torch.randn(5, 3)).shape == (5,)


# ---------------------------------------------------------------- covariance


def test_equivalence_dip_vae():
    """Without its weights it is the VAE bit for bit; with them the loss grows by weight times figure."""
    assert same_bits(trained("vae"), trained("dip_vae", lambda_od=0.0, lambda_d=0.0))
    model = trained("vae").model
    plain, loss = loss_on("vae", model), loss_on("dip_vae", model, lambda_od=2.0, lambda_d=3.0)
    added = 2 * loss.figures["covariance_between"] + 3 * loss.figures["variance_off"]
    torch.testing.assert_close(loss.total.detach(), plain.total.detach() + added)


@pytest.mark.parametrize(("dip", "times"), [("I", 10), ("II", 1)])
def test_dip_weighs_variances_by_default_as_its_paper_does_for_each_variant(dip, times):
    model = trained("vae").model
    plain, loss = loss_on("vae", model), loss_on("dip_vae", model, dip=dip, lambda_od=3.0)
    added = 3 * loss.figures["covariance_between"] + 3 * times * loss.figures["variance_off"]
    torch.testing.assert_close(loss.total.detach(), plain.total.detach() + added)


def penalty_of(mu: Tensor, std: Tensor, of: str) -> tuple[float, float]:
    output = Output(None, Latent(mu, mu, std))
    terms = (penalties.between_dims(of), penalties.within_dims(of))
    return tuple(float(term(nn.Identity(), output, mu)) for term in terms)


def test_dip_is_zero_where_the_covariance_is_the_identity():
    signs = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    assert penalty_of(signs + 3, torch.zeros(4, 2), "I") == (0, 0)
    assert penalty_of(0.6 * signs, torch.full((4, 2), 0.8), "II") == pytest.approx((0, 0), abs=1e-10)


def test_dip_penalises_covariances_by_hand():
    """Two dimensions with variances 4 and 1 and covariance 2; in II, E[std^2] is added to the variances alone."""
    mu, std = torch.tensor([[2.0, 1.0], [-2.0, -1.0]]), torch.tensor([[1.0, 2.0], [3.0, 0.0]])
    assert penalty_of(mu, std, "I") == pytest.approx((2 * 2**2, 3**2))
    assert penalty_of(mu, std, "II") == pytest.approx((2 * 2**2, (4 + 5 - 1) ** 2 + (1 + 2 - 1) ** 2))


# ---------------------------------------------------------------- maximum mean discrepancy


def test_equivalence_info_vae():
    """alpha = 0 and lambda = 1 is the VAE; else (1 - alpha) rate and (alpha + lambda - 1) mmd."""
    model = trained("vae").model
    plain = loss_on("vae", model)
    assert torch.equal(loss_on("info_vae", model, alpha_mi=0.0, lambda_mmd=1.0).total, plain.total)
    loss = loss_on("info_vae", model, alpha_mi=0.25, lambda_mmd=9.0)
    by_hand = (loss.parts["distortion"] + 0.75 * loss.parts["rate"]).mean() + (0.25 + 9 - 1) * loss.figures["mmd"]
    torch.testing.assert_close(loss.total.detach(), by_hand)


def test_equivalence_wae():
    """Without its weight it is the autoencoder; with it the loss grows by weight times mmd, and there is no bound."""
    model = trained("ae").model
    plain, loss = loss_on("ae", model), loss_on("wae", model, lambda_mmd=3.0)
    assert torch.equal(loss_on("wae", model, lambda_mmd=0.0).total, plain.total)
    torch.testing.assert_close(loss.total.detach(), plain.total.detach() + 3 * loss.figures["mmd"])
    assert "elbo" not in loss.parts


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("kernel", penalties.KERNELS)
def test_mmd_is_that_of_all_pairs(kernel, unbiased):
    torch.manual_seed(0)
    a, b = torch.randn(6, 3), torch.randn(5, 3) + 1

    def k(u: Tensor, v: Tensor) -> float:
        r, c = float((u - v).square().sum()), 2 * 3
        return math.exp(-r / c) if kernel == "rbf" else sum(s * c / (s * c + r) for s in penalties.IMQ_SCALES)

    def within(z: Tensor) -> float:
        pairs = [k(z[i], z[j]) for i in range(len(z)) for j in range(len(z)) if i != j or not unbiased]
        return sum(pairs) / len(pairs)

    between = sum(k(u, v) for u in a for v in b) / 30
    ours = penalties.mmd(a, b, penalties.KERNELS[kernel], unbiased=unbiased)
    assert ours.item() == pytest.approx(within(a) + within(b) - 2 * between, abs=1e-4)


@pytest.mark.parametrize("kernel", penalties.KERNELS.values(), ids=list(penalties.KERNELS))
def test_mmd_of_equal_samples_is_zero_and_grows_with_a_shift(kernel):
    torch.manual_seed(0)
    a, b = torch.randn(300, 3), torch.randn(300, 3)
    assert penalties.mmd(a, a, kernel, unbiased=False).abs() < 1e-5
    shifted = [penalties.mmd(a, b + shift, kernel).item() for shift in (0.0, 0.5, 1.0, 2.0)]
    assert shifted == sorted(shifted)
    assert shifted[1] > 2 * abs(shifted[0])


def test_the_unbiased_mmd_of_two_samples_of_one_distribution_is_zero_on_average():
    torch.manual_seed(0)
    values = torch.stack([penalties.mmd(torch.randn(20, 3), torch.randn(20, 3), penalties.imq) for _ in range(300)])
    assert values.mean().abs() < 4 * values.std() / 300**0.5
    assert values.min() < 0


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize("kind", KINDS)
def test_equivalence_denoising_vae(kind):
    """At level 0 it is the VAE bit for bit: nothing is drawn."""
    assert same_bits(trained("vae"), trained("denoising_vae", corruption=kind, corruption_level=0.0))
    assert not same_bits(trained("vae"), trained("denoising_vae", corruption=kind))


@pytest.mark.parametrize("kind", KINDS)
def test_equivalence_denoising_ae(kind):
    """At level 0 it is the autoencoder bit for bit."""
    assert same_bits(trained("ae"), trained("denoising_ae", corruption=kind, corruption_level=0.0))
    assert not same_bits(trained("ae"), trained("denoising_ae", corruption=kind))


def test_the_loss_is_against_the_clean_input():
    """With everything masked the model sees black, and its loss is still about x."""
    model, x = trained("ae").model, batch()
    loss = loss_on("denoising_ae", model, corruption="masking", corruption_level=1.0)
    seen = model.params(model.infer(torch.zeros_like(x)).mu)
    assert torch.equal(loss.total, -model.likelihood.log_prob(seen, x).mean())


def test_only_training_sees_damage():
    model = trained("ae").model
    for family in ("denoising_ae", "denoising_vae"):
        objective = FAMILIES.get(family).build(
            checks.Case(FAMILIES.get(family), (), "image").spec(),
            configure(FAMILIES.get(family).Hparams, {"net": "mlp", "d": 3}),
        )[1]
        clean = -model.likelihood.log_prob(model.params(model.infer(batch()).mu), batch())
        assert not torch.equal(objective(model, batch(), 0).parts["distortion"], clean.detach())
        assert torch.equal(objective.eval()(model, batch(), 0).parts["distortion"], clean.detach())


def test_damage_is_what_its_name_says_and_repeats():
    x = 0.25 + torch.rand(50, 1, 10, 12) / 2
    seen = {}
    for kind in KINDS:
        torch.manual_seed(0)
        seen[kind] = Corruption(kind, 0.3)(x)
        torch.manual_seed(0)
        assert torch.equal(Corruption(kind, 0.3)(x), seen[kind])
        assert Corruption(kind, 0.0)(x) is x
    masked, salted = seen["masking"], seen["salt_and_pepper"]
    assert ((masked != x).flatten(1).sum(1) == 36).all()  # 3 in 10 of each sample, not on average
    assert (masked[masked != x] == 0).all()
    assert not torch.equal(masked[0] != x[0], masked[1] != x[1])
    hit = salted[salted != x]
    assert ((salted != x).flatten(1).sum(1) == 36).all()
    assert set(hit.unique().tolist()) == {0.0, 1.0}
    assert hit.mean().item() == pytest.approx(0.5, abs=4 * 0.5 / 1800**0.5)
    noise = seen["gaussian"] - x
    assert noise.std().item() == pytest.approx(0.3, abs=0.02)
    assert noise.mean().item() == pytest.approx(0.0, abs=0.02)
