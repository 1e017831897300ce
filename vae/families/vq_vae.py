"""The vector-quantised autoencoder, with a learned prior over its codes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from ..losses.batch_shares import gathered
from ..losses.objectives import Sum
from ..losses.schedules import constant
from ..models.bottlenecks.vq import Codebook, code_perplexity, commitment, straight_through
from ..models.likelihoods import HELP as LIKELIHOOD
from ..models.likelihoods import NAMES as LIKELIHOODS
from ..models.likelihoods import SIGMA, likelihood
from ..models.nets.causal import Causal
from ..models.nets.grid import grid_pair
from ..registry import family
from ..settings import knob
from ..text import N_
from ..types import Latent, Output, Spec


@dataclass(frozen=True)
class Hparams:
    codes: int = knob(256, "vectors in the codebook", low=2, high=65536, log=True)
    code_width: int = knob(
        8, "width of a code vector; the latent is one code vector for each cell of the grid", low=1, high=1024
    )
    width: int = knob(32, "channels of the first convolution", low=1, high=8192)
    depth: int = knob(
        0,
        "how often the sides of the picture are halved to get the grid of codes; 0: chosen by the size",
        low=0,
        high=12,
    )
    likelihood: str = knob("gaussian", LIKELIHOOD, choices=LIKELIHOODS, term="likelihood")
    sigma: float = knob(0.0, SIGMA, low=0.0, high=10.0, term="likelihood")
    commitment: float = knob(
        10.0,
        "weight of the commitment loss, the squared distance from the encoder's output to its code",
        low=0.0,
        high=1e6,
        term="commitment",
    )
    decay: float = knob(
        0.99, "decay per step of the moving average that defines each code vector", low=0.0, high=0.99999
    )
    prior_width: int = knob(64, "width of the prior over codes, a causal transformer", low=1, high=4096)
    prior_depth: int = knob(2, "layers of the prior", low=1, high=64)


class VQVAE(nn.Module):
    """z (b, d): the code vectors of an h x w grid, row by row.

    q(z|x) is a point mass at the nearest codes, so that the rate is exactly -log p(codes), nats, and the ELBO bounds
    log p(x). The prior p(codes) is trained at the same time, on codes that pass no gradient back; the paper fits it
    afterwards.
    """

    has_prior = True
    condition = ()

    def __init__(self, spec: Spec, h: Hparams):
        super().__init__()
        self.likelihood = likelihood(h.likelihood, sigma=h.sigma, channels=spec.shape[0])
        pair = grid_pair(tuple(spec.shape), self.likelihood.outputs, h.code_width, h.width, h.depth)
        self.encoder, self.decoder, self.size = pair.encoder, pair.decoder, pair.size
        self.places = self.size[0] * self.size[1]
        self.d = self.places * h.code_width
        self.levels = (self.d,)
        self.book = Codebook(h.codes, h.code_width, h.decay)
        self.prior = Causal(h.codes, self.places, h.prior_width, h.prior_depth)

    def infer(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Latent:
        """Latent.context: the encoder's output (b, d). In train mode the codebook is updated from it."""
        encoded = self.encoder(x).permute(0, 2, 3, 1).flatten(1, 2)
        if self.training:
            self.book.revive(gathered(encoded.detach()).flatten(0, 1))
        codes = self.book.nearest(encoded.detach())
        quantised = self.book(codes)
        if self.training:
            self.book.learn(encoded.detach().flatten(0, 1), codes.flatten())
        z = straight_through(encoded, quantised).flatten(1)
        mu = quantised.flatten(1)
        return Latent(z, mu, torch.zeros_like(mu), [-self.prior.log_prob(codes)], context=(encoded.flatten(1),))

    def params(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b ..."]:
        """Raw parameters of p(x|z); z must consist of code vectors."""
        return self.decoder(z.unflatten(1, (*self.size, -1)).permute(0, 3, 1, 2))

    def decode(self, z: Float[Tensor, "b d"], c: Tensor | None = None) -> Float[Tensor, "b ..."]:
        """E[x|the codes nearest to z]: the decoder is not trained on anything between codes."""
        return self.likelihood.mean(self.params(self._snap(z)))

    def forward(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Output:
        latent = self.infer(x, c)
        return Output(self.params(latent.z), latent)

    def codes(self, z: Float[Tensor, "b d"]) -> Int[Tensor, "b h w"]:
        """The indices of the codes nearest to z."""
        return self.book.nearest(z.unflatten(1, (*self.size, -1)))

    def codebook(self) -> Float[Tensor, "k w"]:
        return self.book.vectors

    def sample_prior(
        self, n: int, generator: torch.Generator, temperature: float = 1.0, c: Tensor | None = None
    ) -> Float[Tensor, "n d"]:
        return self.book(self.prior.sample(n, generator, temperature)).flatten(1)

    def resample(self, q: Latent, k: int) -> Latent:
        """Every sample of a point mass is that point."""
        mu = q.mu.repeat(k, 1)
        return Latent(mu, mu, torch.zeros_like(mu))

    def log_joint(
        self, x: Float[Tensor, "b ..."], z: Float[Tensor, "b d"], c: Tensor | None = None
    ) -> Float[Tensor, " b"]:
        prior = self.prior.log_prob(self.codes(z).flatten(1))
        return self.likelihood.log_prob(self.params(self._snap(z)), x) + prior

    def log_posterior(self, z: Float[Tensor, "b d"], q: Latent) -> Float[Tensor, " b"]:
        """log 1 = 0: x determines the codes."""
        return z.new_zeros(len(z))

    def map_view(self) -> Float[Tensor, "d w"]:
        """The mean code vector of each quarter of the grid: which codes a sample has, and roughly where.

        Averaged over the whole grid, all classes of Fashion-MNIST overlap: RESULTS.md.
        """
        h, w = (torch.arange(n) * 2 // n for n in self.size)
        quarter = nn.functional.one_hot((2 * h[:, None] + w).flatten(), 4).float()
        share = quarter[:, quarter.any(0)]  # a grid of one row or column has only two
        return torch.kron(share / share.sum(0), torch.eye(self.d // self.places)).to(self.book.vectors)

    def _snap(self, z: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        return self.book(self.codes(z)).flatten(1)


@family(
    name="vq_vae",
    kind="discrete",
    title=N_("Vector-quantised autoencoder"),
    summary=N_("a grid of codes from a learned codebook, with an autoregressive prior"),
    paper="van den Oord et al., 2017, Neural discrete representation learning",
    departures=(
        N_(
            "The code vectors are moving averages (appendix A.1), not trained by the second term of equation 3; a code "
            "that has fallen out of use restarts at an output of the encoder."
        ),
        N_("The prior is a causal transformer, trained along with the rest; the paper fits a PixelCNN afterwards."),
        N_("`commitment` is 10, not 0.25, as the distortion is in nats."),
    ),
    hparams=Hparams,
    other=N_("commitment"),
    traits=("discrete",),
    layouts=("grid",),
    idea=N_(
        "The code is a grid of indices into a codebook of K learned vectors. Each output of the encoder is "
        "replaced by the nearest of these vectors, and the gradient is copied straight through that step. "
        "An autoregressive prior learns which grids occur, so that the rate is the exact cost of "
        "transmitting the codes and new grids can be sampled. Part of the codebook may fall out of use, and "
        "there is nothing between two codes."
    ),
    formula=(
        r"\D{-\log p(x \mid e)} + \R{\textstyle\sum_i -\log p(c_i \mid c_{<i})} + "
        r"\O{\beta \left\| z_e(x) - \mathrm{sg}(e) \right\|^2}"
    ),
)
def build(spec: Spec, h: Hparams):
    watched = (code_perplexity, constant(0.0))
    return VQVAE(spec, h), Sum(commitment=(commitment, constant(h.commitment)), code_perplexity=watched)
