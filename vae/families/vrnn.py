"""The variational recurrent network: a latent at every step, with a prior predicted from the past."""

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
from ..text import N_
from ..types import Latent, Output, Spec

Draw = Callable[[Diagonal, int], Tensor]  # a step's distribution and its index -> z_t


@dataclass(frozen=True)
class Hparams(RecurrentHparams):
    step_width: int = knob(2, "latent dimensions of each step", low=1, high=1024)


class Unrolled(NamedTuple):
    """All steps unrolled: z, the posteriors (the priors if x is not given), the priors, raw parameters."""

    z: Tensor  # (b, n w)
    q: Diagonal  # (b, n w)
    p: Diagonal
    raw: Tensor  # (b, outputs c, t)


class VRNN(nn.Module):
    """p(x, z) = prod_t p(z_t | h_t) p(x_t | z_t, h_t), where the recurrent state h_t summarises x and z before t.

    A step is a chunk of values; z (b, d): the latents of all steps in the order of time. Chung et al., 2015, section 3,
    with a GRU and one sigma for all values. log_joint and log_posterior are exact; `decode` and `sample_prior` are not
    given x and feed the decoded means back in its place.
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
        """mu and std are those of a pass along the means; Latent.context: x itself."""
        return self._both(x)[0]

    def params(self, z: Float[Tensor, "b d"], x: Float[Tensor, "b c t"]) -> Float[Tensor, "b ..."]:
        """Raw parameters of p(x_t | z_<=t, x_<t) at every step."""
        return self._unroll(len(x), self._given(z), x).raw

    def decode(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, "b c t"]:
        """E[x|z], approximately: the means of past steps are fed back in place of their values."""
        return self.likelihood.mean(self._unroll(len(z), self._given(z)).raw)

    def forward(self, x: Float[Tensor, "b c t"], c: Tensor | None = None) -> Output:
        latent, raw = self._both(x)
        return Output(raw, latent)

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, c: Tensor | None = None
    ) -> Float[Tensor, "n d"]:
        """Samples each step given those before; temperature scales every standard deviation."""
        noise = temperature * torch.randn(n, self.d, generator=generator).to(self.memory.weight_hh.device)
        return self._unroll(n, self._noisy(noise)).z

    def resample(self, q: Latent, k: int) -> Latent:
        x = q.context[0].repeat(k, 1, 1)
        unrolled = self._unroll(len(x), self._noisy(torch.randn(len(x), self.d, device=x.device)), x)
        return Latent(unrolled.z, *unrolled.q, context=(x,))

    def log_joint(
        self, x: Float[Tensor, "b c t"], z: Float[Tensor, "b d"], c: Tensor | None = None
    ) -> Float[Tensor, " b"]:
        unrolled = self._unroll(len(x), self._given(z), x)
        return self.likelihood.log_prob(unrolled.raw, x) + unrolled.p.log_prob(z)

    def log_posterior(self, z: Float[Tensor, "b d"], q: Latent) -> Float[Tensor, " b"]:
        return self._unroll(len(z), self._given(z), q.context[0]).q.log_prob(z)

    def map_view(self) -> Float[Tensor, "d w"]:
        """The mean of z over time, which does not depend on when something happens."""
        return torch.eye(self.width, device=self.memory.weight_hh.device).repeat(self.steps, 1) / self.steps

    def _both(self, x: Float[Tensor, "b c t"]) -> tuple[Latent, Tensor]:
        """q(z|x) along a sampled pass, with its raw parameters; mu and std along the means, in the same batch."""
        n = len(x)
        noise = torch.randn(n, self.d, device=x.device)
        both = self._unroll(2 * n, self._noisy(torch.cat([noise, torch.zeros_like(noise)])), torch.cat([x, x]))
        drawn = [Diagonal(mean[:n], std[:n]) for mean, std in (both.q, both.p)]
        kl = drawn[0].kl(drawn[1])
        return Latent(both.z[:n], both.q.mean[n:], both.q.std[n:], [kl.sum(1)], kl, (x,)), both.raw[:n]

    def _unroll(self, n: int, draw: Draw, x: Float[Tensor, "n c t"] | None = None) -> Unrolled:
        """Unrolls the steps: z_t is sampled from its posterior or, without x, from its prior, with x_t its mean."""
        h = next(self.phi_x.parameters()).new_zeros(n, self.units)
        seen = None if x is None else self.phi_x(chunks(x, self.chunk))
        z, q, p, raw = [], [], [], []
        for i in range(self.steps):
            p.append(Diagonal(*mean_and_std(self.to_prior(h))))
            given = None if seen is None else mean_and_std(self.to_posterior(torch.cat([seen[:, i], h], 1)))
            q.append(p[-1] if given is None else Diagonal(*given))
            z.append(draw(q[-1], i))
            embedded = self.phi_z(z[-1])
            raw.append(self.to_x(torch.cat([embedded, h], 1)))
            past = self._mean(raw[-1]) if seen is None else seen[:, i]
            h = self.memory(torch.cat([past, embedded], 1), h)
        posteriors, priors = (Diagonal(*(torch.cat(parts, 1) for parts in zip(*each, strict=True))) for each in (q, p))
        outputs = self.likelihood.outputs * self.channels
        return Unrolled(torch.cat(z, 1), posteriors, priors, joined(torch.stack(raw, 1), outputs, self.t))

    def _mean(self, raw: Float[Tensor, "b r"]) -> Float[Tensor, "b u"]:
        """phi_x of the means of one step."""
        return self.phi_x(self.likelihood.mean(raw.unflatten(1, (-1, self.chunk))).flatten(1))

    def _given(self, z: Float[Tensor, "b d"]) -> Draw:
        return lambda _of, i: z[:, i * self.width : (i + 1) * self.width]

    def _noisy(self, noise: Float[Tensor, "b d"]) -> Draw:
        given = self._given(noise)
        return lambda of, i: of.mean + of.std * given(of, i)


def _layers(a: int, hidden: int, b: int) -> list[nn.Module]:
    return [nn.Linear(a, hidden), nn.SiLU(), nn.Linear(hidden, b)]


@family(
    name="vrnn",
    kind="sequential",
    title=N_("Variational recurrent network"),
    summary=N_("a latent for every chunk of a series, with a prior predicted from the past"),
    paper="Chung et al., 2015, A recurrent latent variable model for sequential data",
    departures=(
        N_("The recurrent net is a GRU, not an LSTM."),
        N_("One sigma holds for all values; the paper predicts one for each."),
    ),
    hparams=Hparams,
    traits=("sequential",),
    layouts=("line",),
    idea=N_(
        "Every step of a series has a small latent of its own, and a recurrent state that summarises the "
        "past predicts both the next latent and the next values. The rate of a step charges only for what "
        "the past did not predict: regular stretches are cheap, and surprises are paid for where they "
        "happen. The latent grows with the length of the series, so the map shows its mean over time."
    ),
    formula=(
        r"\D{-\mathbb{E} \sum_t \log p(x_t \mid z_{\le t}, x_{<t})} + "
        r"\R{\mathbb{E} \sum_t \mathrm{KL}\left(q(z_t \mid x_{\le t}, z_{<t}) \,\|\, p(z_t \mid x_{<t}, z_{<t})\right)}"
    ),
)
def build(spec: Spec, h: Hparams):
    return VRNN(spec, h), Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps))
