"""A generative adversarial network, with an encoder trained alongside to provide a map."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from ..losses import terms
from ..losses.adversary import fooling, telling_apart
from ..models.bottlenecks import PriorMatched
from ..models.model import VAE, NetHparams
from ..models.nets import chosen
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Loss, Output, Spec


@dataclass(frozen=True)
class Hparams(NetHparams):
    r1: float = knob(
        1.0, "weight of the gradient penalty on the discriminator at real samples; 0: none", low=0.0, high=1e4, log=True
    )


class SampleAdversary(nn.Module):
    """The decoder G is trained to fool a discriminator; the encoder E is trained alongside to invert G.

    Decoder: -log D(G(z)), z ~ p(z), nats, and nothing else: Goodfellow et al., 2014. Encoder, whose loss passes no
    gradient to the decoder: half the squared error between z and E(G(z)), nats under a unit Gaussian, which inverts
    generated samples; and the distortion of G(E(x)), which inverts real ones. On digits, 40 epochs, the first term
    alone gives an MSE of .046, both give .030. The discriminator tells x from G(z), with the gradient penalty R1.
    """

    def __init__(self, spec: Spec, h: Hparams):
        super().__init__()
        pair = chosen(h.net, spec.modality)(tuple(spec.shape), 1, h.d, h.width, h.depth)
        self.discriminator = nn.Sequential(pair.encoder, nn.Linear(pair.features, 1), nn.Flatten(0))
        self.r1 = h.r1

    def forward(self, model: VAE, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        q = model.infer(x)
        fixed = {name: p.detach() for name, p in model.decoder.named_parameters()}
        reconstruction = Output(functional_call(model.decoder, fixed, (q.z,)), q)
        z = torch.randn_like(q.z)
        made = model.decode(z)
        parts = {
            "distortion": terms.distortion(model, reconstruction, x),
            "fooling": fooling(self.discriminator, made),
            "regression": 0.5 * (model.infer(made.detach()).mu - z).square().sum(1),
        }
        total = sum(value.mean() for value in parts.values())
        adversary = telling_apart(self.discriminator, x, made, self.r1)
        return Loss(total, {name: value.detach() for name, value in parts.items()}, adversary)


@family(
    name="gan",
    kind="adversarial",
    title=N_("Generative adversarial network"),
    summary=N_("a generator trained against a discriminator, with an encoder trained alongside for the map"),
    paper="Goodfellow et al., 2014, Generative adversarial nets",
    departures=(
        N_(
            "The discriminator has a gradient penalty (R1, Mescheder et al., 2018); `r1` = 0 removes it, as in "
            "the paper."
        ),
        N_("An encoder is trained alongside, for the map; it does not change the generator."),
        N_("Generator and discriminator move at the same time, not in turns (algorithm 1)."),
    ),
    hparams=Hparams,
    other=N_("adversarial losses and inversion of the generator"),
    traits=("adversarial", "implicit", "deterministic"),
    idea=N_(
        "A generator learns to fool a discriminator, which learns to tell generated samples from real ones. "
        "There is no likelihood, so samples are not blurred by averaging over several possibilities. In "
        "return, nothing measures which kinds of samples the generator leaves out, and a small "
        "discriminator may miss artefacts. The encoder e is trained alongside to place real samples on the "
        "map and does not change the generator: a sample that is reconstructed badly is one that the "
        "generator cannot produce."
    ),
    formula=(
        r"\O{-\mathbb{E}_{p(z)} \log D(g(z))}, \quad "
        r"\max_D \; \O{\mathbb{E}_{x} \log D(x) + \mathbb{E}_{p(z)} \log (1 - D(g(z)))}, \quad "
        r"\min_e \; \D{-\log p(x \mid e(x))} + \O{\tfrac{1}{2} \left\| e(g(z)) - z \right\|^2}"
    ),
)
def build(spec: Spec, h: Hparams):
    return VAE(spec, h, PriorMatched), SampleAdversary(spec, h)
