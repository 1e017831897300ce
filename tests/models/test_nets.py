"""Encoder and decoder pairs: any size of picture or series, the stated number of halvings, no leftovers."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch import nn

from vae.errors import ShapeError
from vae.models.nets import NETS, PAIRS, chosen, mlp
from vae.models.nets.conv import Double, Residual, conv1d, conv2d
from vae.registry import MODALITIES, modalities

SHAPES = [(1, 28, 28), (1, 8, 8), (3, 64, 64), (1, 7, 7), (1, 1, 1), (3, 13, 9), (1, 5, 40), (2, 33, 17)]
SERIES = [(1, 64), (2, 128), (1, 1), (1, 7), (3, 13), (5, 8)]
FITTING = [
    (layout, shape)
    for shape in SHAPES
    for layout in ("mlp", "conv2d", "pca_mlp", "pca_conv2d", "pca_refine", "pca_mlp_refine")
]
FITTING += [(layout, shape) for shape in SERIES for layout in ("mlp", "conv1d")]
ONE_EACH = [
    ("mlp", (1, 13, 11)),
    ("conv2d", (1, 13, 11)),
    ("pca_conv2d", (1, 13, 11)),
    ("pca_refine", (1, 13, 11)),
    ("pca_refine", (3, 45, 37)),
    ("pca_mlp_refine", (1, 13, 11)),
    ("pca_mlp", (1, 13)),
    ("mlp", (1, 13)),
    ("conv1d", (1, 13)),
    ("conv1d", (2, 50)),
]


def test_every_layout_is_tested():
    assert {layout for layout, _ in FITTING} == set(PAIRS)
    assert {layout for layout, _ in ONE_EACH} == set(PAIRS)
    assert {"auto", *PAIRS} == set(NETS)


@pytest.mark.parametrize(("layout", "shape"), FITTING)
@pytest.mark.parametrize("outputs", [1, 2])
def test_a_pair_fits_its_samples(layout, shape, outputs):
    p = PAIRS[layout](shape, outputs, 3, 4, 0)
    x = torch.rand(2, *shape)
    h = p.encoder(x)
    assert h.shape == (2, p.features)
    raw = p.decoder(torch.randn(2, 3))
    assert raw.shape == (2, outputs * shape[0], *shape[1:])
    raw.square().sum().backward()
    h.sum().backward()
    for module in (p.encoder, p.decoder):
        assert all(q.grad is not None for q in module.parameters()), "a layer is not connected"


@pytest.mark.parametrize(("layout", "shape"), ONE_EACH)
def test_every_output_value_hears_the_latent_and_every_input_value_is_heard(layout, shape):
    torch.manual_seed(0)
    p = PAIRS[layout](shape, 1, 3, 16, 0)
    z = torch.randn(4, 3)
    spread = p.decoder(torch.cat([z, z + 3])).std(0)
    assert (spread > 1e-6).all(), "cropped or padded pixels that no latent reaches"
    x = torch.rand(4, *shape, requires_grad=True)
    p.encoder(x).square().sum().backward()
    assert (x.grad.abs().sum(0) > 0).all()


@pytest.mark.parametrize(("side", "depth"), [(28, 1), (28, 3), (64, 4), (8, 3), (5, 3)])
def test_depth_is_the_number_of_halvings(side, depth):
    p = conv2d((1, side, side), 1, 2, 4, depth)
    assert sum(isinstance(m, nn.Conv2d) and m.stride == (2, 2) for m in p.encoder.modules()) == depth
    assert sum(isinstance(m, Double) for m in p.decoder.modules()) == depth
    smallest = p.decoder[3].unflattened_size[1]
    assert smallest == math.ceil(side / 2**depth)


def test_depth_of_the_mlp_is_its_hidden_layers():
    for depth, hidden in ((0, 1), (1, 1), (3, 3)):
        p = PAIRS["mlp"]((1, 4, 4), 1, 2, 8, depth)
        assert sum(isinstance(m, nn.Linear) for m in p.encoder) == hidden
        assert sum(isinstance(m, nn.Linear) for m in p.decoder) == hidden + 1
        assert not isinstance(p.decoder[-2], nn.ReLU)


def test_a_default_conv_net_ends_below_8_px():
    for side in (8, 28, 32, 64, 100):
        assert conv2d((1, side, side), 1, 2, 4, 0).decoder[3].unflattened_size[1] in range(4, 8)


@pytest.mark.parametrize(("length", "depth"), [(64, 1), (64, 3), (50, 4), (8, 3), (5, 3)])
def test_depth_is_the_number_of_halvings_of_a_series(length, depth):
    p = conv1d((1, length), 1, 2, 4, depth)
    assert sum(isinstance(m, nn.Conv1d) and m.stride == (2,) for m in p.encoder.modules()) == depth
    assert sum(isinstance(m, Double) for m in p.decoder.modules()) == depth
    assert p.decoder[3].unflattened_size[1] == math.ceil(length / 2**depth)


@pytest.mark.parametrize("shape", [(10,), (1, 100), (1, 2, 3, 4)])
def test_conv2d_refuses_what_is_no_picture(shape):
    with pytest.raises(ShapeError, match=r"expected pictures \(c, h, w\)\. conv1d takes series"):
        conv2d(shape, 1, 2, 4, 0)


@pytest.mark.parametrize("shape", [(10,), (1, 10, 10)])
def test_conv1d_refuses_what_is_no_series(shape):
    with pytest.raises(ShapeError, match=r"expected series \(c, t\)\. conv2d takes pictures"):
        conv1d(shape, 1, 2, 4, 0)


def test_auto_follows_the_layout_of_the_samples(monkeypatch):
    pairs = {m.name: chosen("auto", m.name) for m in modalities().values()}
    assert {"image": conv2d, "series": conv1d, "vector": mlp.pair}.items() <= pairs.items()
    scattered = dataclasses.replace(modalities()["series"], name="scattered", layout="set")
    monkeypatch.setitem(MODALITIES.all(), "scattered", scattered)
    assert chosen("auto", "scattered") is mlp.pair  # as many dimensions as a series, and no order to fold along
    assert chosen("conv1d", "scattered") is conv1d


def test_more_halvings_than_the_series_has_are_refused():
    with pytest.raises(ShapeError, match=r"depth=4: given a series of length 8\. It can be halved only 3 times"):
        conv1d((1, 8), 1, 2, 4, 4)


def test_more_halvings_than_the_picture_has_are_refused():
    with pytest.raises(ShapeError, match=r"depth=4: given pictures of 8x8 px\. It can be halved only 3 times"):
        conv2d((1, 8, 8), 1, 2, 4, 4)


@pytest.mark.parametrize(("block", "sides"), [(Residual(2, 4), (5, 5)), (Residual(1, 4), (7,))])
def test_a_residual_block_starts_as_the_identity_and_can_leave_it(block, sides):
    x = torch.randn(2, 4, *sides)
    assert torch.equal(block(x), x)
    block(x).square().sum().backward()
    assert block.inner[-1].weight.grad.abs().sum() > 0


@pytest.mark.parametrize(("layout", "shape"), ONE_EACH)
def test_the_nets_have_no_randomness_and_no_batch_statistics(layout, shape):
    p = PAIRS[layout](shape, 1, 2, 4, 0)
    stateful = (nn.Dropout, nn.modules.batchnorm._BatchNorm)
    assert not [m for part in (p.encoder, p.decoder) for m in part.modules() if isinstance(m, stateful)]
