"""An autoregressive distribution over sequences of symbols: a small causal transformer."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn


class Causal(nn.Module):
    """p(c) = prod_i p(c_i | c_1 .. c_i-1) over sequences of `length` of `symbols` symbols. Vaswani et al., 2017, with
    normalisation before each layer; Radford et al., 2018."""

    def __init__(self, symbols: int, length: int, width: int, depth: int):
        super().__init__()
        self.symbols, self.length = symbols, length
        self.start = nn.Parameter(0.02 * torch.randn(width))
        self.places = nn.Parameter(0.02 * torch.randn(length, width))
        self.embed = nn.Embedding(symbols, width)
        self.blocks = nn.Sequential(*[Block(width) for _ in range(depth)])
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, symbols))

    def logits(self, codes: Int[Tensor, "b t"]) -> Float[Tensor, "b t1 k"]:
        """Logits of the first t + 1 symbols; that of symbol i depends on c_1 .. c_i-1 only."""
        before = torch.cat([self.start.expand(len(codes), 1, -1), self.embed(codes)], 1)
        return self.head(self.blocks(before + self.places[: before.shape[1]]))

    def log_prob(self, codes: Int[Tensor, "b t"]) -> Float[Tensor, " b"]:
        """log p(c), nats."""
        each = F.cross_entropy(self.logits(codes[:, :-1]).transpose(1, 2), codes, reduction="none")
        return -each.sum(1)

    def sample(self, n: int, generator: torch.Generator, temperature: float = 1.0) -> Int[Tensor, "n t"]:
        """n sequences sampled symbol by symbol from p^(1/temperature); at 0 the most likely symbol each time.

        generator: on the CPU, so that a seed gives the same on every device up to rounding.
        """
        u = torch.rand(self.length, n, 1, generator=generator).to(self.start.device)
        codes = torch.zeros(n, 0, dtype=torch.int64, device=self.start.device)
        for i in range(self.length):
            logits = self.logits(codes)[:, -1]
            if temperature > 0:
                below = (logits / temperature).softmax(1).cumsum(1)
                drawn = (below < u[i] * below[:, -1:]).sum(1).clamp(max=self.symbols - 1)
            else:
                drawn = logits.argmax(1)
            codes = torch.cat([codes, drawn[:, None]], 1)
        return codes


class Block(nn.Module):
    """Causal attention, then two layers at each position, both as residual connections."""

    def __init__(self, width: int):
        super().__init__()
        self.heads = math.gcd(width, 4)
        self.attend = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3 * width, bias=False))
        self.mix = nn.Linear(width, width)
        self.think = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Float[Tensor, "b t w"]) -> Float[Tensor, "b t w"]:
        q, k, v = self.attend(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.mix(seen.transpose(1, 2).flatten(2))
        return x + self.think(x)
