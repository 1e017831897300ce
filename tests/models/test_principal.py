"""The net that starts as PCA: its first reconstructions, its posterior, and what a step of training does to them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vae.data.principal import components, components_to_start, findings, moved
from vae.losses.objectives import Sum
from vae.models.bottlenecks import Deterministic, Gaussian
from vae.models.model import VAE, RateHparams
from vae.models.nets.refinement import Refinement
from vae.training.trainer import Trainer, TrainHparams
from vae.types import Spec

D = 5


def pictures(n: int = 60, side: int = 9) -> np.ndarray:
    """Colour pictures of a few directions, uint8 (n, 3, side, side - 1)."""
    random = np.random.default_rng(0)
    mixed = random.normal(size=(n, 7)) * [40, 30, 22, 15, 9, 5, 3] @ random.normal(size=(7, 3 * side * (side - 1)))
    return (128 + mixed).clip(0, 255).astype(np.uint8).reshape(n, 3, side, side - 1)


def started(x: np.ndarray, bottleneck=Gaussian, net: str = "pca_mlp") -> VAE:
    torch.manual_seed(0)
    h = RateHparams(d=D, width=4, net=net, likelihood="channel_gaussian")
    model = VAE(Spec(x.shape[1:], len(x)), h, bottleneck)
    assert model.starts_as_pca
    model.start(components(x, D))
    return model


def pca(x: np.ndarray) -> torch.Tensor:
    """By a singular value decomposition, the reference."""
    flat = torch.from_numpy(x).double().flatten(1) / 255
    mean = flat.mean(0)
    directions = torch.linalg.svd(flat - mean, full_matrices=False).Vh[:D]
    return (mean + (flat - mean) @ directions.T @ directions).float().view(x.shape)


@pytest.mark.parametrize("net", ["pca_mlp", "pca_conv2d", "pca_refine", "pca_mlp_refine"])
@pytest.mark.parametrize("bottleneck", [Gaussian, Deterministic])
@pytest.mark.parametrize("n", [60, 400])  # fewer and more samples than values
def test_the_first_reconstructions_are_those_of_pca(bottleneck, n, net):
    x = pictures(n)
    model, seen = started(x, bottleneck, net).eval(), torch.from_numpy(x) / 255
    with torch.no_grad():
        latent = model.infer(seen)
        found = model.params(latent.mu)
    torch.testing.assert_close(found, pca(x), atol=2e-4, rtol=0)
    torch.testing.assert_close(latent.mu.std(0, unbiased=False), torch.ones(D), atol=5e-3, rtol=0)


def test_sigma_starts_at_the_error_of_each_channel():
    x = pictures()
    x[:, 2] = x[:, 2] // 4  # a channel that varies less
    error = (pca(x) - torch.from_numpy(x) / 255).square().mean((0, 2, 3)).sqrt()
    torch.testing.assert_close(started(x).likelihood.log_sigma.exp().detach(), error, rtol=1e-2, atol=0)


def test_steps_of_training_lower_the_loss_from_there():
    """At the learning rate of the quick preset; unscaled linear layers raise it at once."""
    x = pictures()
    model = started(x)
    trainer = Trainer(model, Sum(), TrainHparams(lr=2e-3), 0, 30)
    seen = trainer.inputs(torch.from_numpy(x))
    losses = [trainer.train_step(seen).total.item() for _ in range(30)]
    assert max(losses[1:]) < losses[0] + 0.02 * abs(losses[0])
    assert np.mean(losses[-5:]) < losses[0]


def test_a_few_pictures_and_one_that_never_varies_can_be_started_from():
    for x in (pictures(3), np.full((8, 3, 8, 8), 7, np.uint8)):
        model = started(x).eval()
        seen = torch.from_numpy(x) / 255
        with torch.no_grad():
            assert torch.isfinite(model(seen).latent.kl_per_dim).all()
            assert float((model.decode(model.infer(seen).mu) - seen).square().mean()) < 1e-4


def blobs(n: int, seed: int, side: int = 12) -> np.ndarray:
    """Grey pictures of one soft blob anywhere: shifted or mirrored they are others of the same kind."""
    row, column = np.random.default_rng(seed).uniform(2, side - 3, (2, n, 1, 1))
    at = np.arange(side)
    far = np.square(at[:, None] - row) + np.square(at[None] - column)
    return np.rint(255 * np.exp(-far / 6)).astype(np.uint8)[:, None]


def test_few_pictures_start_with_their_moved_copies_where_these_explain_others_better():
    few, others = blobs(40, 0), blobs(300, 1).reshape(300, -1).astype(np.float32) / 255
    alone, copied = components(few, 20), components_to_start(few, 20, flips=True, shifts=True)
    assert copied.errors(others, 20).mean() < 0.7 * alone.errors(others, 20).mean()
    np.testing.assert_array_equal(components_to_start(few, 20).directions, alone.directions)


def test_components_are_those_of_the_pictures_alone_where_copies_do_not_help_or_there_are_enough():
    ramp = (pictures(60) // 16 + np.arange(8, dtype=np.uint8) * 30).astype(np.uint8)  # all are dark on the left
    for x in (ramp, blobs(1_600, 2)):
        found = components_to_start(x, 6, flips=True)
        np.testing.assert_array_equal(found.directions, components(x, 6).directions)


def test_a_refinement_adds_the_same_wherever_a_picture_is():
    """A picture that is moved by whole blocks, away from the edges, is refined to the moved one."""
    torch.manual_seed(0)
    net = Refinement(1, (32, 32), 8, 3)
    assert net.block == 2
    x = torch.zeros(1, 1, 32, 32)
    x[..., 12:16, 12:16] = torch.rand(4, 4)
    assert not net(x).any(), "it starts as nothing"
    torch.nn.init.normal_(net.last.weight)
    there = net(x.roll((2, -4), (2, 3)))[..., 10:24, 8:20]
    torch.testing.assert_close(there, net(x).roll((2, -4), (2, 3))[..., 10:24, 8:20], atol=1e-4, rtol=1e-4)
    assert there.std() > 0.01


# ---------------------------------------------------------------- what suits the data


def test_dimensions_are_those_that_explain_nine_tenths():
    x = pictures(400)
    flat = x.reshape(400, -1) / 255
    variances = np.linalg.svd(flat - flat.mean(0), compute_uv=False) ** 2
    shares = np.cumsum(variances) / variances.sum()
    found = findings(x)
    assert found.d == int((shares < 0.9).sum()) + 1
    assert found.explained == pytest.approx(shares[found.d - 1], abs=1e-3)


def test_what_lies_anywhere_may_be_moved_and_letters_may_not():
    random = np.random.default_rng(0)
    anywhere = np.zeros((600, 1, 16, 16), np.uint8)
    letters = np.zeros((600, 1, 16, 16), np.uint8)
    for i in range(600):
        y, x = random.integers(0, 13, 2)
        anywhere[i, 0, y : y + 4, x : x + 4] = random.integers(100, 255)
        letters[i, 0, 2:14, 3:5] = letters[i, 0, 12:14, 3:12] = 255  # an L, and every second one an F
        if i % 2:
            letters[i] = letters[i, :, ::-1]
            letters[i, 0, 7:9, 3:9] = 255
        letters[i] = np.minimum(letters[i] * random.uniform(0.5, 1), 255)
        letters[i] = np.clip(letters[i] + random.normal(0, 8, (1, 16, 16)), 0, 255)
    assert (findings(anywhere).flips, findings(anywhere).shifts) == (True, True)
    assert (findings(letters).flips, findings(letters).shifts) == (False, False)


def test_a_shift_repeats_the_edge():
    x = np.arange(6).reshape(1, 1, 2, 3)
    assert moved(x, 0, 1)[0, 0].tolist() == [[0, 0, 1], [3, 3, 4]]
    assert moved(x, -1, 0)[0, 0].tolist() == [[3, 4, 5], [3, 4, 5]]
