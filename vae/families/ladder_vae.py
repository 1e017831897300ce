"""The ladder VAE: several levels of latents, inferred from the top down."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import SettingError
from ..losses import terms
from ..losses.model import Model
from ..losses.objectives import Sum
from ..losses.schedules import warmup
from ..models.bottlenecks.ladder import Diagonal, Level, two_layers
from ..models.model import RateHparams, density
from ..models.nets import chosen
from ..registry import family
from ..settings import knob
from ..text import N_, _
from ..types import Latent, Output, Spec

Draw = Callable[[Diagonal, slice], Tensor]  # a level's distribution and its columns of z -> z_i


@dataclass(frozen=True)
class Hparams(RateHparams):
    d2: int = knob(8, "width of the level above the bottom one, whose width is d; 0: no such level", low=0, high=4096)
    d3: int = knob(4, "width of the top level; 0: no such level", low=0, high=4096)
    posterior: str = knob(
        "precision",
        "precision: two Gaussians weighted by precision, as in the paper; residual: a shift and scaling of the prior",
        choices=("precision", "residual"),
    )
    free_bits_nats: float = knob(
        0.5,
        "rate of each level that the loss does not charge for, in nats; metrics report the full rate",
        low=0.0,
        high=1000.0,
        term="free-bits",
    )


class Ladder(nn.Module):
    """z (b, d): the levels side by side, the top one first. The encoder's features are computed from the bottom up;
    prior and posterior share the pass from the top down; the decoder is given every level and the final state.

    Sonderby et al., 2016, without its batch normalisation (a code would depend on its batch) or, with the posterior
    "residual", Vahdat and Kautz, 2020. Features and state are vectors at every level.
    """

    has_prior = True
    ladder: Model  # a list of Level, the top one first
    condition = ()

    def __init__(self, spec: Spec, h: Hparams):
        super().__init__()
        self.likelihood = density(spec, h.likelihood, h.sigma)
        self.levels = tuple(d for d in (h.d3, h.d2, h.d) if d)
        self.d = sum(self.levels)
        ends = itertools.accumulate(self.levels)
        self.columns = [slice(end - d, end) for d, end in zip(self.levels, ends, strict=True)]
        shape, outputs = tuple(spec.shape), self.likelihood.outputs
        pair = chosen(h.net, spec.modality)(shape, outputs, self.d, h.width, h.depth)
        self.encoder, self.decoder, self.features = pair.encoder, pair.decoder, pair.features
        features = pair.features  # also the width of the state
        self.together = two_layers(features, features, self.d)
        self.up = nn.ModuleList([two_layers(features, features, features) for _ in self.levels[1:]])
        self.ladder = nn.ModuleList(
            [Level(features, features, d, top=i == 0, posterior=h.posterior) for i, d in enumerate(self.levels)]
        )

    def infer(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Latent:
        """mu and std are those of a top-down pass along the means; Latent.context: the features, from the top."""
        up = [self.encoder(x)]
        for layer in self.up:
            up.append(up[-1] + layer(up[-1]))
        features = tuple(reversed(up))
        z, q, p, _ = self._down(len(x), _drawn, features)
        kl = [a.kl(b) for a, b in zip(q, p, strict=True)]
        mu, along, _, _ = self._down(len(x), _mean, features)
        std = torch.cat([a.std for a in along], 1)
        return Latent(z, mu, std, [level.sum(1) for level in kl], torch.cat(kl, 1), features)

    def params(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b ..."]:
        """Raw parameters of p(x|z), given all levels."""
        state = z.new_zeros(len(z), self.features)
        for level, columns in zip(self.ladder, self.columns, strict=True):
            state = level.below(state, z[:, columns])
        return self._end(z, state)

    def decode(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, "b ..."]:
        """E[x|z], given all levels."""
        return self.likelihood.mean(self.params(z))

    def forward(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Output:
        latent = self.infer(x, c)
        return Output(self.params(latent.z), latent)

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, c: Tensor | None = None
    ) -> Float[Tensor, "n d"]:
        """Samples each level given those above; temperature scales every standard deviation."""
        start = torch.zeros(n, self.d, device=self._device())
        return self.redraw(start, 0, generator, temperature)

    def redraw(
        self, z: Float[Tensor, "n d"], held: int, generator: torch.Generator, temperature: float = 1.0
    ) -> Float[Tensor, "n d"]:
        """z with its first `held` levels unchanged and every level below sampled again from p(z_i | above).

        generator: a CPU one. Raises: SettingError: held is not 0 to the number of levels.
        """
        if not 0 <= held <= len(self.levels):
            raise SettingError(
                _(
                    "held={held}: expected 0 to {levels}, the number of levels to keep, counted from the top.",
                    held=held,
                    levels=len(self.levels),
                )
            )
        noise = temperature * torch.randn(len(z), self.d, generator=generator).to(z.device)
        kept = sum(self.levels[:held])

        def draw(p: Diagonal, columns: slice) -> Tensor:
            return z[:, columns] if columns.stop <= kept else p.mean + p.std * noise[:, columns]

        return self._down(len(z), draw)[0]

    def resample(self, q: Latent, k: int) -> Latent:
        features = tuple(level.repeat(k, 1) for level in q.context)
        z, along, _, _ = self._down(len(features[0]), _drawn, features)
        mean, std = (torch.cat(parts, 1) for parts in zip(*along, strict=True))
        return Latent(z, mean, std, context=features)

    def log_joint(
        self, x: Float[Tensor, "b ..."], z: Float[Tensor, "b d"], c: Tensor | None = None
    ) -> Float[Tensor, " b"]:
        _, _, p, state = self._down(len(z), lambda _, columns: z[:, columns])
        prior = sum(level.log_prob(z[:, columns]) for level, columns in zip(p, self.columns, strict=True))
        return self.likelihood.log_prob(self._end(z, state), x) + prior

    def log_posterior(self, z: Float[Tensor, "b d"], q: Latent) -> Float[Tensor, " b"]:
        _, along, _, _ = self._down(len(z), lambda _, columns: z[:, columns], q.context)
        parts = (level.log_prob(z[:, columns]) for level, columns in zip(along, self.columns, strict=True))
        return reduce(add, parts)

    def map_view(self) -> Tensor | None:
        """All levels: the top one alone separates the classes far less well than all of them."""
        return None

    def _down(
        self, n: int, draw: Draw, features: tuple[Tensor, ...] = ()
    ) -> tuple[Tensor, list[Diagonal], list[Diagonal], Tensor]:
        """z, the posteriors (none without features), the priors, and the state at the bottom."""
        state = torch.zeros(n, self.features, device=self._device())
        z, q, p = [], [], []
        for i, (level, columns) in enumerate(zip(self.ladder, self.columns, strict=True)):
            p.append(level.prior(state))
            if features:
                q.append(level.posterior(state, features[i], p[-1]))
            z.append(draw((q or p)[-1], columns))
            state = level.below(state, z[-1])
        return torch.cat(z, 1), q, p, state

    def _end(self, z: Float[Tensor, "b d"], state: Float[Tensor, "b s"]) -> Float[Tensor, "b ..."]:
        return self.decoder(z + self.together(state))

    def _device(self) -> torch.device:
        return next(self.ladder.parameters()).device


def _drawn(of: Diagonal, columns: slice) -> Tensor:
    return of.mean + of.std * torch.randn_like(of.std)


def _mean(of: Diagonal, columns: slice) -> Tensor:
    return of.mean


@family(
    name="ladder_vae",
    kind="hierarchical",
    title=N_("Ladder variational autoencoder"),
    summary=N_("up to three levels of latents, inferred and generated from the top down, with free bits"),
    paper="Sonderby et al., 2016, Ladder variational autoencoders",
    departures=(
        N_("There is no batch normalisation, with which a code would depend on the other samples of its batch."),
        N_(
            "A deterministic state is passed down beside the latents, and the decoder sees all levels, not the "
            "lowest alone."
        ),
        N_("Free bits keep the upper levels in use; the paper warms up the rate, which `warmup` offers."),
    ),
    hparams=Hparams,
    other=N_("free bits"),
    traits=("hierarchical",),
    idea=N_(
        "Latents are arranged in levels: the top level describes a sample coarsely, and each level below "
        "adds detail, given the levels above. Inference runs from the top down like generation and corrects "
        "the prior of each level by what the data show. Free bits (Kingma et al., 2016) exempt the first "
        "nats of each level from the loss, so that the upper levels are not switched off early in training, "
        "when the lower ones could explain everything."
    ),
    formula=(
        r"\D{-\mathbb{E} \log p(x \mid z)} + \sum_{l} \max\left(\O{\lambda},\ "
        r"\R{\mathbb{E}\, \mathrm{KL}\left(q(z_l \mid x, z_{>l}) \,\|\, p(z_l \mid z_{>l})\right)}\right)"
    ),
)
def build(spec: Spec, h: Hparams):
    beta = warmup(h.warmup, 1.0, h.warmup_steps)
    return Ladder(spec, h), Sum(beta=beta, unspent=(terms.unspent(h.free_bits_nats), beta))
