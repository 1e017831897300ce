"""Losses of adversarial training: those of the discriminator and of what it is trained against."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


def fooling(discriminator: nn.Module, made: Float[Tensor, "b ..."]) -> Float[Tensor, " b"]:
    """-log D(made), where D is the probability that a sample is real; nats. Goodfellow et al., 2014, section 3: unlike
    log(1 - D), it does not saturate when the discriminator is confident."""
    return F.softplus(-discriminator(made))


def telling_apart(
    discriminator: nn.Module, real: Float[Tensor, "b ..."], made: Float[Tensor, "b ..."], r1: float = 0.0
) -> Float[Tensor, ""]:
    """Cross-entropy of the discriminator between real and generated samples, nats, log 2 at chance; plus r1 / 2 times
    its squared gradient at real ones, without which training may not converge: Mescheder et al., 2018, equation 9.

    Gradients reach the discriminator alone.
    """
    real, made = real.detach().requires_grad_(r1 > 0), made.detach()
    log_odds = discriminator(real)
    loss = 0.5 * (F.softplus(-log_odds).mean() + F.softplus(discriminator(made)).mean())
    if not r1:
        return loss
    slope = torch.autograd.grad(log_odds.sum(), real, create_graph=True)[0]
    return loss + 0.5 * r1 * slope.square().flatten(1).sum(1).mean()
