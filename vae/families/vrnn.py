"""The variational recurrent net: a latent at every step, whose prior is what the past foretells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.bottlenecks.gaussian import mean_and_std
from ..models.bottlenecks.ladder import Diagonal, two_layers
from ..models.model import density
from ..models.recurrent import RecurrentHparams, chunks, joined
from ..registry import family
from ..settings import knob
from ..types import Latent, Output, Spec

Draw = Callable[[Diagonal, int], Tensor]  # of one step: its distribution and number -> z_t


@dataclass(frozen=True)
class Hparams(RecurrentHparams):
    step_width: int = knob(2, "width of the latent of each step", low=1, high=1024)


class Walk(NamedTuple):
    """What a pass along the steps met: z, the posteriors (of p where there is no x), the priors, raw parameters."""

    z: Tensor  # (b, n w)
    q: Diagonal  # (b, n w)
    p: Diagonal
    raw: Tensor  # (b, outputs c, t)


class VRNN(nn.Module):
    """p(x, z) = prod_t p(z_t | h_t) p(x_t | z_t, h_t), with h_t a memory of all x and z before step t.

    A step is a chunk of values; z (b, d): the latents of all steps in the order of time. Chung et al., 2015, section 3,
    with a GRU as memory and one sigma for all values. log_joint and log_posterior are exact; `decode` and
    `sample_prior` have no x to remember and remember its means instead.
    """

    has_prior = True
    condition = ()

    def __init__(self, spec: Spec, h: Hparams):
        super().__init__()
        self.channels, self.t = spec.shape
        self.chunk, self.steps, self.width = h.chunk, -(-self.t // h.chunk), h.step_width
        self.d = self.steps * h.step_width
        self.levels, self.units = (self.d,), h.units
        self.likelihood = density(spec, "gaussian", h.sigma)
        values, units = self.channels * h.chunk, h.units
        self.phi_x = nn.Sequential(*_layers(values, units, units), nn.SiLU())
        self.phi_z = nn.Sequential(*_layers(self.width, units, units), nn.SiLU())
        self.to_prior = two_layers(units, units, 2 * self.width)  # N(0, I) at the start
        self.to_posterior = nn.Sequential(*_layers(2 * units, units, 2 * self.width))
        self.to_x = nn.Sequential(*_layers(2 * units, units, self.likelihood.outputs * values))
        self.memory = nn.GRUCell(2 * units, units)

    def infer(self, x: Float[Tensor, "b c t"], c: Tensor | None = None) -> Latent:
        """mu and std are those of the walk along the means; Latent.context: x itself."""
        return self._both(x)[0]

    def params(self, z: Float[Tensor, "b d"], x: Float[Tensor, "b c t"]) -> Float[Tensor, "b ..."]:
        """Raw parameters of p(x_t | z_<=t, x_<t) of every step."""
        return self._walk(len(x), self._given(z), x).raw

    def decode(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, "b c t"]:
        """E[x|z], approximated: the memory is told the means of past steps in place of their values."""
        return self.likelihood.mean(self._walk(len(z), self._given(z)).raw)

    def forward(self, x: Float[Tensor, "b c t"], c: Tensor | None = None) -> Output:
        latent, raw = self._both(x)
        return Output(raw, latent)

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, c: Tensor | None = None
    ) -> Float[Tensor, "n d"]:
        """Step by step, each given those before; temperature scales every standard deviation."""
        noise = temperature * torch.randn(n, self.d, generator=generator).to(self.memory.weight_hh.device)
        return self._walk(n, self._noisy(noise)).z

    def resample(self, q: Latent, k: int) -> Latent:
        x = q.context[0].repeat(k, 1, 1)
        walk = self._walk(len(x), self._noisy(torch.randn(len(x), self.d, device=x.device)), x)
        return Latent(walk.z, *walk.q, context=(x,))

    def log_joint(
        self, x: Float[Tensor, "b c t"], z: Float[Tensor, "b d"], c: Tensor | None = None
    ) -> Float[Tensor, " b"]:
        walk = self._walk(len(x), self._given(z), x)
        return self.likelihood.log_prob(walk.raw, x) + walk.p.log_prob(z)

    def log_posterior(self, z: Float[Tensor, "b d"], q: Latent) -> Float[Tensor, " b"]:
        return self._walk(len(z), self._given(z), q.context[0]).q.log_prob(z)

    def map_view(self) -> Float[Tensor, "d w"]:
        """The mean of z over time: what a series is like, whenever it is so."""
        return torch.eye(self.width, device=self.memory.weight_hh.device).repeat(self.steps, 1) / self.steps

    def _both(self, x: Float[Tensor, "b c t"]) -> tuple[Latent, Tensor]:
        """q(z|x) along a drawn walk, with its raw parameters; mu and std along the means, in the same pass."""
        n = len(x)
        noise = torch.randn(n, self.d, device=x.device)
        walk = self._walk(2 * n, self._noisy(torch.cat([noise, torch.zeros_like(noise)])), torch.cat([x, x]))
        drawn = [Diagonal(mean[:n], std[:n]) for mean, std in (walk.q, walk.p)]
        kl = drawn[0].kl(drawn[1])
        return Latent(walk.z[:n], walk.q.mean[n:], walk.q.std[n:], [kl.sum(1)], kl, (x,)), walk.raw[:n]

    def _walk(self, n: int, draw: Draw, x: Float[Tensor, "n c t"] | None = None) -> Walk:
        """Along the steps, with each z_t drawn from its posterior; without x from its prior, x being its means."""
        h = next(self.phi_x.parameters()).new_zeros(n, self.units)
        seen = None if x is None else self.phi_x(chunks(x, self.chunk))
        z, q, p, raw = [], [], [], []
        for i in range(self.steps):
            p.append(Diagonal(*mean_and_std(self.to_prior(h))))
            given = None if seen is None else mean_and_std(self.to_posterior(torch.cat([seen[:, i], h], 1)))
            q.append(p[-1] if given is None else Diagonal(*given))
            z.append(draw(q[-1], i))
            felt = self.phi_z(z[-1])
            raw.append(self.to_x(torch.cat([felt, h], 1)))
            past = self._mean(raw[-1]) if seen is None else seen[:, i]
            h = self.memory(torch.cat([past, felt], 1), h)
        posteriors, priors = (Diagonal(*(torch.cat(parts, 1) for parts in zip(*each, strict=True))) for each in (q, p))
        outputs = self.likelihood.outputs * self.channels
        return Walk(torch.cat(z, 1), posteriors, priors, joined(torch.stack(raw, 1), outputs, self.t))

    def _mean(self, raw: Float[Tensor, "b r"]) -> Float[Tensor, "b u"]:
        """phi_x of the means of one step."""
        return self.phi_x(self.likelihood.mean(raw.unflatten(1, (-1, self.chunk))).flatten(1))

    def _given(self, z: Float[Tensor, "b d"]) -> Draw:
        return lambda _, i: z[:, i * self.width : (i + 1) * self.width]

    def _noisy(self, noise: Float[Tensor, "b d"]) -> Draw:
        given = self._given(noise)
        return lambda of, i: of.mean + of.std * given(of, i)


def _layers(a: int, hidden: int, b: int) -> list[nn.Module]:
    return [nn.Linear(a, hidden), nn.SiLU(), nn.Linear(hidden, b)]


@family(
    name="vrnn",
    kind="sequential",
    title="Variational recurrent net",
    summary="a latent for every chunk of a series, foretold by a memory of the past",
    paper="Chung et al., 2015, A recurrent latent variable model for sequential data",
    hparams=Hparams,
    traits=("sequential",),
    layouts=("line",),
    idea=(
        "Every step of a series has a small latent of its own, and a memory of all that was seen and drawn before "
        "foretells both the next latent and the next values. A step pays only for what the past did not foretell: "
        "regular stretches cost little, and surprises are paid when they happen. The latent grows with the length of "
        "the series, and the map shows its mean over time."
    ),
    formula=r"\D{-\mathbb{E} \sum_t \log p(x_t \mid z_{\le t}, x_{<t})} + "
    r"\R{\mathbb{E} \sum_t \mathrm{KL}\left(q(z_t \mid x_{\le t}, z_{<t}) \,\|\, p(z_t \mid x_{<t}, z_{<t})\right)}",
)
def build(spec: Spec, h: Hparams):
    return VRNN(spec, h), Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps))
