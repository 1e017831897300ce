"""The k-sparse autoencoder: which values of a code are kept, and that all kept is the plain autoencoder."""

from __future__ import annotations

import pytest
import torch

from tests import checks
from tests.families.test_families import same_bits, trained
from vae.losses.penalties import keep_largest
from vae.registry import FAMILIES


def batch() -> torch.Tensor:
    return checks.Case(FAMILIES.get("sparse_ae"), (), "image").batch()[0]


def test_equivalence_sparse_ae():
    """With every dimension kept it is the autoencoder bit for bit; with fewer it is not."""
    assert same_bits(trained("ae"), trained("sparse_ae", active_share=1.0))
    assert not same_bits(trained("ae"), trained("sparse_ae", active_share=0.34, sparsify_steps=2))


def test_the_largest_are_kept_and_not_the_largest_in_size():
    z = torch.tensor([[3.0, -4.0, 2.0, 0.5], [-5.0, -1.0, -2.0, -9.0]])
    assert keep_largest(z, 1).tolist() == [[3, 0, 0, 0], [0, -1, 0, 0]]
    assert keep_largest(z, 2).tolist() == [[3, 0, 2, 0], [0, -1, -2, 0]]
    assert keep_largest(z, 3).tolist() == [[3, 0, 2, 0.5], [-5, -1, -2, 0]]
    assert keep_largest(z, 4) is z
    assert keep_largest(z, 9) is z


def test_gradients_reach_what_is_kept_as_if_there_had_been_no_choice():
    z = torch.tensor([[3.0, -4.0, 2.0, 0.5]], requires_grad=True)
    keep_largest(z, 2).square().sum().backward()
    assert z.grad.tolist() == [[6, 0, 4, 0]]


@pytest.mark.parametrize(("share", "k"), [(0.0, 1), (0.1, 1), (0.25, 2), (0.5, 4), (1.0, 8)])
@pytest.mark.parametrize("mode", ["train", "eval"])
def test_every_code_has_k_values(share, k, mode):
    """In training and after it: what the map, the sliders and the metrics see is what the decoder learned from."""
    model = getattr(trained("sparse_ae", d=8, active_share=share).model, mode)()
    q = model.infer(batch())
    assert ((q.z != 0).sum(1) == k).all()
    assert torch.equal(q.z, q.mu)
    assert not q.std.any()


def test_the_decoder_is_told_of_nothing_else():
    """By hand: the loss is the distortion at the head's code with all but its two largest values gone."""
    trainer = trained("sparse_ae", d=6, active_share=0.34)
    model, x = trainer.model, batch()
    z = model.bottleneck.head(model.encoder(x))
    third = z.sort(1, descending=True).values[:, 2:3]
    by_hand = -model.likelihood.log_prob(model.decoder(torch.where(z > third, z, 0.0)), x)
    trainer.objective.eval()
    loss = trainer.objective(model, x, 0)
    torch.testing.assert_close(loss.total, by_hand.mean())
    assert "elbo" not in loss.parts


def test_what_is_kept_falls_from_all_to_k_in_training_alone():
    trainer = trained("sparse_ae", d=8, active_share=0.25, sparsify_steps=12)
    model, x, objective = trainer.model, batch(), trainer.objective

    def distortion(step: int) -> torch.Tensor:
        return objective(model, x, step).parts["distortion"]

    def keeping(k: int) -> torch.Tensor:
        z = keep_largest(model.bottleneck.head(model.encoder(x)), k)
        return -model.likelihood.log_prob(model.params(z), x).detach()

    for step, k in ((0, 8), (2, 7), (6, 5), (12, 2), (99, 2)):
        assert torch.equal(distortion(step), keeping(k)), step
    objective.eval()
    assert torch.equal(distortion(0), keeping(2))


def test_without_steps_k_is_kept_from_the_first():
    trainer = trained("sparse_ae", d=8, active_share=0.25, sparsify_steps=0)
    assert trainer.objective.size(trainer.model, 0) == 2
