"""The Monte Carlo VAE: Langevin steps from the encoder's posterior to the decoder's make a tighter bound."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..losses import terms
from ..losses.batch_shares import added
from ..losses.model import Model
from ..losses.objectives import Sum
from ..models.bottlenecks import Gaussian
from ..models.model import VAE, NetHparams
from ..registry import family
from ..sampling.kernels import MALA
from ..sampling.langevin import Chains, langevin
from ..settings import knob
from ..text import N_
from ..types import Latent, Loss, Output, Spec

FIRST = 0.3  # length of the first steps, in standard deviations of q(z|x)
RATE = 0.05  # by which the log of a length rises for each unit that acceptance is above its target
ACCEPTED = 0.8  # where the bound by unadjusted steps is best for a linear decoder; that of adjusted ones is at MALA's


@dataclass(frozen=True)
class Hparams(NetHparams):
    langevin: str = knob(
        "ula",
        "steps of the chains: ula, unadjusted Langevin (L-MCVAE), or mala, Metropolis-adjusted Langevin (A-MCVAE)",
        choices=("ula", "mala"),
    )
    langevin_steps: int = knob(
        5, "Langevin steps from q(z|x) towards p(z|x), K in the paper; 0 gives the VAE", low=0, high=100
    )
    mala_gradient: str = knob(
        "path",
        "gradient with mala: path, along the steps as they were accepted; score, unbiased but noisy, adds that of the "
        "probabilities of accepting",
        choices=("path", "score"),
    )


class MonteCarloVAE(VAE):
    """A VAE with the lengths of its Langevin steps, in standard deviations of q(z|x): exp(log_lengths), (K,).

    target: the share of steps to be accepted, or that would be if they were adjusted. By it the lengths are tuned in
    training; they are saved with the parameters and frozen in a checkpoint.
    """

    log_lengths: Tensor

    def __init__(self, spec: Spec, h: Hparams):
        super().__init__(spec, h, Gaussian)
        self.adjusted = h.langevin == "mala"
        self.target = MALA.target if self.adjusted else ACCEPTED
        self.register_buffer("log_lengths", torch.full((h.langevin_steps,), math.log(FIRST)))

    def chains(self, x: Float[Tensor, "b ..."], q: Latent, c: Tensor | None = None) -> Chains:
        """One chain for each x from q.z, a draw of q(z|x), towards p(x, z): its log_w bounds log p(x), nats."""
        return langevin(
            lambda z: self.log_posterior(z, q),
            lambda z: terms.log_joint(self, x, z, c),
            q.z,
            self.log_lengths.exp(),
            scale=q.std,
            adjusted=self.adjusted,
        )

    @torch.no_grad()
    def bound(self, x: Float[Tensor, "b ..."], c: Tensor | None = None) -> Float[Tensor, " b"]:
        """A lower bound on log p(x) in expectation, nats, for evaluation."""
        with torch.inference_mode(False):  # whose tensors cannot have gradients
            x, c = x.clone(), None if c is None else c.clone()
            return self.chains(x, self.infer(x, c), c).log_w.detach()

    @torch.no_grad()
    def tune(self, acceptance: Float[Tensor, "k b"]) -> None:
        """Lengthen steps that are accepted more often than they should be, shorten others. Robbins and Monro, 1951.

        The next batch uses the new lengths: those of a batch never depend on its own noise, so that the bound holds.
        """
        rows = acceptance.new_full((1,), float(acceptance.shape[1]))
        *sums, n = added(torch.cat([acceptance.sum(1), rows]))
        if sums:
            self.log_lengths += RATE * (torch.stack(sums) / n - self.target)


class MonteCarlo(nn.Module):
    """The batch mean of -log w, nats, with the weight w of one annealed chain for each x. Thin et al., 2021.

    parts: mc_bound, the bound that is trained; distortion, rate and ELBO of where the chain starts, as for all other
    models. figures: langevin_acceptance, mean over steps; langevin_length, mean length.
    """

    def __init__(self, score: bool):
        super().__init__()
        self.score = score

    def forward(self, model: Model, x: Tensor, step: int, c: Tensor | None = None) -> Loss:
        q = model.infer(x, c)
        chains = model.chains(x, q, c)
        with torch.no_grad():
            output = Output(model.params(q.z, c), q)
            distortion, rate = terms.distortion(model, output, x), terms.rate(model, output, x)
        lengths = model.log_lengths.exp()
        figures = {"langevin_acceptance": chains.acceptance.mean(), "langevin_length": lengths.mean()}
        if self.training:
            model.tune(chains.acceptance)
        bound = chains.log_w + chains.score() if self.score else chains.log_w
        parts = {
            "distortion": distortion,
            "rate": rate,
            "elbo": -(distortion + rate),
            "mc_bound": chains.log_w.detach(),
        }
        return Loss(-bound.mean(), parts, figures=figures)


@family(
    name="mc_vae",
    title=N_("Monte Carlo VAE"),
    summary=N_("trained on a bound from Langevin steps that start from the posterior, tighter than the ELBO"),
    paper="Thin et al., 2021, Monte Carlo variational auto-encoders",
    departures=(
        N_("There is one chain for each sample."),
        N_("With `langevin` = mala, the gradient has the term of accepting only if `mala_gradient` is score."),
        N_(
            "Steps are scaled by the standard deviations of q(z|x), and a drift that is longer than the noise is cut "
            "short."
        ),
        N_(
            "The gradient passes through the drift of each step, which takes second derivatives of the decoder; the "
            "code published with the paper leaves it out."
        ),
    ),
    hparams=Hparams,
    other=N_("annealed weights"),
    idea=N_(
        "A code sampled from the encoder's posterior is improved by a few Langevin steps, which follow the gradient of "
        "the decoder's own posterior. The loss weights the whole chain as annealed importance sampling does, so that "
        "it still bounds −log p(x), and more closely with more steps: the true posterior need not look like a "
        "Gaussian. The price is a decoder pass and its second derivatives for each step."
    ),
    formula=(
        r"\O{-\mathbb{E} \sum_{k=1}^{K} \log \frac{M_k(z_{k-1} \mid z_k)}{M_k(z_k \mid z_{k-1})}} \, "
        r"- \, \mathbb{E} \log \frac{\D{p(x \mid z_K)} \, \R{p(z_K)}}{\R{q(z_0 \mid x)}}, "
        r"\quad z_k \sim M_k(\cdot \mid z_{k-1})"
    ),
)
def build(spec: Spec, h: Hparams):
    """Without a step, the bound is the ELBO, with its rate in closed form."""
    return MonteCarloVAE(spec, h), MonteCarlo(score=h.mala_gradient == "score") if h.langevin_steps else Sum()
