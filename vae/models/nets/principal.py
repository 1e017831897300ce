"""A linear layer each way, with a net beside it or behind the decoder's. The linear layers can start as the principal
components of the data, so that the first reconstructions are those of PCA, and the net learns what they miss."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ...data.principal import Components
from ...errors import ShapeError
from ...text import _
from . import mlp
from .conv import conv2d
from .pair import Pair
from .refinement import LAYERS, Refinement

UNITS = 5  # of the hidden layer of pca_mlp_refine, for each channel of its convolutions


class Scaled(nn.Module):
    """A linear layer whose weights are divided by the root of the number of values of a sample: one step of Adam, equal
    for all weights, moves a sum over as many values hardly more than any other layer."""

    def __init__(self, inputs: int, outputs: int, values: int):
        super().__init__()
        self.gain = 1 / math.sqrt(values)
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / (self.gain * math.sqrt(inputs)))

    def forward(self, x: Float[Tensor, "b i"]) -> Float[Tensor, "b o"]:
        return nn.functional.linear(x * self.gain, self.weight)

    @torch.no_grad()
    def start(self, weight: Float[Tensor, "o i"]) -> None:
        """Compute x @ weight.T from now on."""
        self.weight.copy_(weight / self.gain)


class Encoder(nn.Module):
    """d linear functions of x, then the features of a net, if it has any; both of x standardised by one mean per value
    and one scale, 0 and 1 until `start`."""

    mean: Tensor
    scale: Tensor

    def __init__(self, net: nn.Module | None, shape: tuple[int, ...], d: int):
        super().__init__()
        values = math.prod(shape)
        self.net, self.linear = net, Scaled(values, d, values)
        self.register_buffer("mean", torch.zeros(shape))
        self.register_buffer("scale", torch.ones(()))

    def forward(self, x: Float[Tensor, "b ..."]) -> Float[Tensor, "b f"]:
        x = (x - self.mean) / self.scale
        linear = self.linear(x.flatten(1))
        return linear if self.net is None else torch.cat([linear, self.net(x)], 1)


class Decoder(nn.Module):
    """The sum of a linear function of z and a net of z, if it has one; and of what a refinement, if it has one, adds to
    that sum."""

    def __init__(self, net: nn.Module | None, shape: tuple[int, ...], d: int, refinement: Refinement | None = None):
        super().__init__()
        values = math.prod(shape)
        self.net, self.refinement = net, refinement
        self.linear, self.shape = Scaled(d, values, values), shape
        self.mean = nn.Parameter(torch.zeros(shape))

    def forward(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b ..."]:
        x = self.linear(z).view(-1, *self.shape) + self.mean
        if self.net is not None:
            x = x + self.net(z)
        return x if self.refinement is None else x + self.refinement(x)


def pca_mlp(shape: tuple[int, ...], outputs: int, d: int, width: int, depth: int) -> Pair:
    """mlp with `depth` hidden layers beside a linear layer in encoder and decoder."""
    return _beside(mlp.pair(shape, outputs, d, width, depth), shape, outputs, d)


def pca_conv2d(shape: tuple[int, ...], outputs: int, d: int, width: int, depth: int) -> Pair:
    """conv2d with `depth` halvings beside a linear layer in encoder and decoder. Raises: ShapeError: as conv2d."""
    return _beside(conv2d(shape, outputs, d, width, depth), shape, outputs, d)


def pca_refine(shape: tuple[int, ...], outputs: int, d: int, width: int, depth: int) -> Pair:
    """A linear encoder; a linear decoder whose pictures `depth` convolutions (0: 3) of `width` channels refine.

    Raises: ShapeError: shape is not that of pictures.
    """
    refinement = _refinement(shape, outputs, width, depth)
    return Pair(Encoder(None, shape, d), d, Decoder(None, (outputs * shape[0], *shape[1:]), d, refinement))


def pca_mlp_refine(shape: tuple[int, ...], outputs: int, d: int, width: int, depth: int) -> Pair:
    """pca_refine, with an mlp of one hidden layer of UNITS times `width` units beside each linear layer.

    Raises: ShapeError: shape is not that of pictures.
    """
    refinement, pair = _refinement(shape, outputs, width, depth), mlp.pair(shape, outputs, d, UNITS * width, 1)
    decoder = Decoder(pair.decoder, (outputs * shape[0], *shape[1:]), d, refinement)
    return Pair(Encoder(pair.encoder, shape, d), d + pair.features, decoder)


def _refinement(shape: tuple[int, ...], outputs: int, width: int, depth: int) -> Refinement:
    if len(shape) != 3:
        raise ShapeError(
            _(
                "this net refines pictures (c, h, w), but the samples have the shape {shape}; pca_mlp takes any.",
                shape=shape,
            )
        )
    c, h, w = shape
    return Refinement(outputs * c, (h, w), width, depth or LAYERS)


def _beside(pair: Pair, shape: tuple[int, ...], outputs: int, d: int) -> Pair:
    decoder = Decoder(pair.decoder, (outputs * shape[0], *shape[1:]), d)
    return Pair(Encoder(pair.encoder, shape, d), d + pair.features, decoder)


@torch.no_grad()
def start(pair: tuple[Encoder, Decoder], head: nn.Linear, found: Components) -> None:
    """Let the reconstruction of the mean of q(z|x) be that of PCA, with codes of variance 1 per dimension. Tipping and
    Bishop, 1999, Probabilistic principal component analysis; its posterior is the start of q(z|x).

    head: a bottleneck's layer from the features to the d means, and to d log variances if it has as many more. Where
    there are fewer components than dimensions, the other dimensions start as they were made.
    """
    encoder, decoder = pair
    k, d = len(found.variances), encoder.linear.weight.shape[0]
    device = head.weight.device
    directions = torch.from_numpy(found.directions).to(device)
    variances = torch.from_numpy(found.variances).to(device).clamp(min=1e-8)
    mean = torch.from_numpy(found.mean).to(device)
    left = float(found.rest.mean())
    scale = math.sqrt(max(left + float(found.variances.sum()) / len(found.mean), 1e-8))
    encoder.mean.copy_(mean.view_as(encoder.mean))
    encoder.scale.fill_(scale)
    to_code = encoder.linear.weight * encoder.linear.gain
    to_code[:k] = directions / variances.sqrt()[:, None] * scale
    encoder.linear.start(to_code)
    to_values = decoder.linear.weight * decoder.linear.gain
    to_values[:, :k] = (directions * variances.sqrt()[:, None]).T
    to_values[:, k:] = 0
    decoder.linear.start(to_values)
    decoder.mean.copy_(mean.view_as(decoder.mean))
    for net in (decoder.net, decoder.refinement):
        if net is not None:
            last = [m for m in net.modules() if isinstance(m, nn.Linear | nn.Conv2d)][-1]
            nn.init.zeros_(last.weight), nn.init.zeros_(last.bias)  # type: ignore[arg-type]  # it has a bias
    nn.init.zeros_(head.weight), nn.init.zeros_(head.bias)
    head.weight[:d, :d] = torch.eye(d, device=device)
    if len(head.weight) == 2 * d:
        head.bias[d : d + k] = torch.log(left / (variances + left))
