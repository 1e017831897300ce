"""One latent for a whole series, which is decoded chunk by chunk."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.bottlenecks import Gaussian
from ..models.model import OneCode, density
from ..models.recurrent import RecurrentHparams, chunks, joined
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Latent, Output, Spec


@dataclass(frozen=True)
class Hparams(RecurrentHparams):
    d: int = knob(16, "number of latent dimensions", low=1, high=4096, term="latent-dimensions")
    step_dropout: float = knob(
        0.3, "share of past steps hidden from the decoder during training; 1: it never sees the past", low=0.0, high=1.0
    )


class SequenceVAE(OneCode):
    """p(x|z) = prod_t N(x_t; f(z, x_<t), sigma^2): a recurrent decoder that sees z and the past values at every step.

    Bowman et al., 2016, with chunks of values instead of words. Training gives the decoder the true past (teacher
    forcing) and hides a share of it at random, so that z is needed. The density, in `forward` outside of training and
    in `log_joint`, is exact and hides nothing. Only the encoder is bidirectional. A step is a chunk and not a value:
    the last value predicts the next so well that the decoder would learn little else and fail when it runs free.
    """

    has_prior = True
    condition = ()

    def __init__(self, spec: Spec, h: Hparams):
        super().__init__()
        self.channels, self.t = spec.shape
        self.d, self.levels = h.d, (h.d,)
        self.step_dropout, self.blind = h.step_dropout, h.step_dropout == 1  # blind in training: blind afterwards, too
        self.likelihood = density(spec, "gaussian", h.sigma)
        self.chunk, self.steps, values = h.chunk, -(-self.t // h.chunk), self.channels * h.chunk
        self.outputs = self.likelihood.outputs * self.channels
        self.encoder = nn.GRU(values, h.units, batch_first=True, bidirectional=True)
        self.bottleneck = Gaussian(2 * h.units, h.d)
        self.start = nn.Linear(h.d, h.units)
        self.decoder = nn.GRU(values + 1 + h.d, h.units, batch_first=True)
        self.head = nn.Linear(h.units, self.likelihood.outputs * values)

    def infer(self, x: Float[Tensor, "b c t"], c: Tensor | None = None) -> Latent:
        _, last = self.encoder(chunks(x, self.chunk))
        return self.bottleneck(last.transpose(0, 1).flatten(1))

    def params(self, z: Float[Tensor, "b d"], x: Float[Tensor, "b c t"], hidden: float = 0.0) -> Float[Tensor, "b ..."]:
        """Raw parameters of p(x_t|z, x_<t) at every step. hidden: share of steps whose values are hidden."""
        shown = torch.rand(len(x), self.steps - 1, 1, device=x.device) >= (1.0 if self.blind else hidden)
        past = torch.cat([chunks(x, self.chunk)[:, :-1] * shown, shown.to(x.dtype)], 2)
        raw, _ = self._write(z, nn.functional.pad(past, (0, 0, 1, 0)), self._begin(z))
        return joined(raw, self.outputs, self.t)

    def decode(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, "b c t"]:
        """E[x|z], approximately: the decoder runs free, with the means of the steps before in place of their values."""
        if self.blind:
            return self.likelihood.mean(self.params(z, z.new_zeros(len(z), self.channels, self.t)))
        past, memory, means = z.new_zeros(len(z), 1, self.channels * self.chunk + 1), self._begin(z), []
        for _ in range(self.steps):
            raw, memory = self._write(z, past, memory)
            means.append(self.likelihood.mean(joined(raw, self.outputs, self.chunk)))
            past = nn.functional.pad(chunks(means[-1], self.chunk), (0, 1), value=1.0)
        return torch.cat(means, 2)[:, :, : self.t]

    def forward(self, x: Float[Tensor, "b c t"], c: Tensor | None = None) -> Output:
        latent = self.infer(x)
        return Output(self.params(latent.z, x, self.step_dropout if self.training else 0.0), latent)

    def log_joint(
        self, x: Float[Tensor, "b c t"], z: Float[Tensor, "b d"], c: Tensor | None = None
    ) -> Float[Tensor, " b"]:
        return self.likelihood.log_prob(self.params(z, x), x) + self.log_prior(z)

    def _begin(self, z: Tensor) -> Tensor:
        return torch.tanh(self.start(z))[None]

    def _write(self, z: Tensor, past: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Raw parameters of n steps (rows of `chunks`), given the past (b, n, v + 1); last column: 1 where known."""
        out, memory = self.decoder(torch.cat([past, z[:, None].expand(-1, past.shape[1], -1)], 2), memory)
        return self.head(out), memory


@family(
    name="sequence_vae",
    kind="sequential",
    title=N_("Sequence VAE"),
    summary=N_("one code for a whole series, encoded in both directions and decoded chunk by chunk"),
    paper="Bowman et al., 2016, Generating sentences from a continuous space",
    departures=(
        N_("A step is a chunk of values with a Gaussian density, not a word."),
        N_(
            "The nets are GRUs, the encoder in both directions and the decoder with the code at every step; the "
            "paper uses LSTMs."
        ),
        N_("The rate is not annealed unless `warmup` is set; `step_dropout` is the paper's word dropout."),
    ),
    hparams=Hparams,
    traits=("sequential",),
    layouts=("line",),
    idea=N_(
        "A bidirectional encoder compresses a whole series into one code, and an autoregressive decoder "
        "writes the series chunk by chunk, given the code and the chunks before. Since the past alone "
        "predicts much, the decoder may learn to ignore the code; hiding a share of the past during "
        "training counteracts this. The likelihood is exact, but a code is decoded step by step from the "
        "means of the steps before, so errors accumulate."
    ),
    formula=(
        r"\D{-\mathbb{E}_{q(z \mid x)} \sum_t \log p(x_t \mid z, x_{<t})} + "
        r"\R{\mathrm{KL}\left(q(z \mid x) \,\|\, p(z)\right)}"
    ),
)
def build(spec: Spec, h: Hparams):
    return SequenceVAE(spec, h), Sum(beta=warmup(h.warmup, 1.0, h.warmup_steps))
