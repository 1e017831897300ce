"""What an adversary minimises that tells two kinds of draws apart."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


def fooling(discriminator: nn.Module, made: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
    """-log D(made), D being the chance that a draw is real; nats. Goodfellow et al., 2014, section 3: it does not
    saturate where the discriminator is sure, as log(1 - D) would."""
    return F.softplus(-discriminator(made))


def telling_apart(
    discriminator: nn.Module, real: Float[Tensor, "b ..."], made: Float[Tensor, "b ..."], r1: float = 0.0
) -> Float[Tensor, ""]:
    """Cross-entropy of the discriminator between real and made draws, nats, log 2 at chance; plus half of r1 times its
    squared gradient at real ones, without which it wins and the game ends: Mescheder et al., 2018, equation 9.

    Gradients reach the discriminator alone.
    """
    real, made = real.detach().requires_grad_(r1 > 0), made.detach()
    says = discriminator(real)
    loss = 0.5 * (F.softplus(-says).mean() + F.softplus(discriminator(made)).mean())
    if not r1:
        return loss
    slope = torch.autograd.grad(says.sum(), real, create_graph=True)[0]
    return loss + 0.5 * r1 * slope.square().flatten(1).sum(1).mean()
