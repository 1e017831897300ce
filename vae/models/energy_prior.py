"""An energy-based prior on latents: a standard normal density, tilted by a small net."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import SettingError
from ..losses.batch_shares import shared
from ..losses.gaussian import log_normal
from ..sampling import chains
from ..sampling.annealing import anneal, tuned
from ..sampling.density import Density
from ..sampling.kernels import HMC, MALA
from ..sampling.partition import LogZ, of_weights
from ..text import _

CHAINS, TEMPERATURES, LEAPFROGS, SEED = 256, 100, 4, 0  # of the annealing that finds log Z
COLDEST = 0.01  # the lowest temperature of a chain
RESTARTED = 0.02  # share of the persistent chains that begin anew in each training step, so that none is lost for ever
SQUARE = 1e-3  # weight of the squares of f in training by chains: without it, f may grow without bound
SMOOTHING = 0.1  # standard deviation of the noise of denoising score matching
TRAININGS = ("chains", "nce", "score")


class EnergyPrior(nn.Module):
    """p(z) = exp(f(z)) N(z; 0, I) / Z, with an MLP f. Pang et al., 2020, equation 2.

    f begins as 0, so that p(z) is N(0, I). log Z is annealed whenever the module goes over to evaluation after a step
    of training, always from the same seed, and is kept in the state with its standard error: in evaluation `log_prob`
    is normalised. In training log Z changes with each step, and `log_prob` is known up to it alone.
    """

    chains: Tensor
    found: Tensor
    known: Tensor

    def __init__(self, d: int, width: int, *, n_chains: int, steps: int, training: str, length: float = 0.3):
        super().__init__()
        self.d, self.steps, self.loss_of, self.length = d, steps, training, length
        last = nn.Linear(width, 1, bias=training == "nce")  # which alone knows the constant that it adds to f
        nn.init.zeros_(last.weight)
        if training == "nce":
            nn.init.zeros_(last.bias)
        self.net = nn.Sequential(nn.Linear(d, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), last)
        if training == "chains":
            self.register_buffer("chains", torch.randn(n_chains, d))
        self.register_buffer("found", torch.zeros(3))  # log Z, its standard error, effective number of chains
        self.register_buffer("known", torch.ones((), dtype=torch.uint8))
        self._known = True  # the same, without asking the device

    # -------------------------------------------------------- the density

    def f(self, z: Float[Tensor, "n d"], *, frozen: bool = False) -> Float[Tensor, " n"]:
        """The log of how much likelier z is than under N(0, I), nats, up to log Z. frozen: as if f had no parameters,
        so that gradients reach z alone."""
        if not frozen:
            return self.net(z)[:, 0]
        fixed = {name: p.detach() for name, p in self.net.named_parameters()}
        return torch.func.functional_call(self.net, fixed, (z,))[:, 0]

    def tilt(self, z: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
        """log p(z) - log N(z; 0, I), nats, in evaluation; in training without log Z. Gradients reach z alone, as what f
        learns is up to `loss`. Raises: SettingError: log Z is not known in evaluation, as parameters have changed."""
        f = self.f(z, frozen=True)
        if self.training:
            return f
        if not self._known:
            raise SettingError(
                _("log Z of this energy-based prior is not known: call normalise() to estimate it by annealing.")
            )
        return f - self.found[0]

    def log_prob(self, z: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
        """log p(z), nats, in evaluation; in training log p(z) + log Z."""
        return _standard(z) + self.tilt(z)

    def train(self, mode: bool = True) -> EnergyPrior:
        super().train(mode)
        if not mode and not self._known:
            self.normalise()
        return self

    def log_z(self) -> LogZ | None:
        """None: it was not annealed since the last step of training."""
        if not self._known:
            return None
        value, error, ess = self.found.tolist()
        return LogZ(value, error, CHAINS, TEMPERATURES, ess, SEED)

    @torch.no_grad()
    def normalise(self) -> None:
        """Anneal log Z, from N(0, I)."""
        found = self.annealed_log_z(SEED)
        self.found.copy_(torch.tensor([found.value, found.standard_error, found.ess]))
        self._mark(known=True)

    def _mark(self, *, known: bool) -> None:
        self.known.fill_(known)
        self._known = known

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self._known = bool(self.known)

    def annealed_log_z(self, seed: int, *, n: int = CHAINS, temperatures: int = TEMPERATURES) -> LogZ:
        """log Z by annealed importance sampling with HMC from N(0, I), on a schedule that a pilot found with other
        chains. In expectation it is too low."""
        generator, like = torch.Generator().manual_seed(seed), self.found
        start = lambda: torch.randn(n, self.d, generator=generator).to(like)  # noqa: E731
        schedule = tuned(_standard, self._unnormalised, start(), temperatures, leapfrogs=LEAPFROGS, generator=generator)
        made = anneal(_standard, self._unnormalised, start(), schedule, generator=generator)
        return of_weights(made.log_w, 0.0, temperatures, seed)

    def sample(self, n: int, generator: torch.Generator, steps: int, temperature: float = 1.0) -> Float[Tensor, "n d"]:
        """States (n, d) of n chains of p(z)^(1 / temperature) by HMC, each from a draw of N(0, I): half of `steps`
        moves that tune the step of each chain, then `steps` with it."""
        t = max(temperature, COLDEST)
        density = Density((self._unnormalised,), (1 / t,))
        state = chains.start(density, torch.randn(n, self.d, generator=generator).to(self.found))
        kernel, state = chains.pilot(density, HMC(length=0.3 * t**0.5), state, steps // 2, generator)
        return chains.run(density, kernel, state, 1, every=steps, generator=generator).z[0]

    def _unnormalised(self, z: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
        return _standard(z) + self.f(z, frozen=True)

    # -------------------------------------------------------- training

    def loss(self, z: Float[Tensor, "b d"]) -> Float[Tensor, ""]:
        """What f minimises, of codes z ~ q(z|x); no gradient of it reaches them.

        chains: the gradient of -E log p(z), nats, where the persistent chains follow p(z). nce: cross-entropy between
        codes and as many draws of N(0, I), nats, log 2 at chance: Gutmann and Hyvarinen, 2010. score: squared error of
        the noise that is told from the score of p(z) at a noisy code, of each dimension: Vincent, 2011.
        """
        z = z.detach()
        if self.training:
            self._mark(known=False)
        if self.loss_of == "chains":
            made = self._persistent()
            f, g = self.f(z), self.f(made)
            return g.mean() - f.mean() + SQUARE * (f.square().mean() + g.square().mean())
        if self.loss_of == "nce":
            base = torch.randn_like(z)
            return 0.5 * (F.softplus(-self.f(z)).mean() + F.softplus(self.f(base)).mean())
        noise = torch.randn_like(z)
        density = Density.of(lambda y: _standard(y) + self.f(y))
        score = density.gradient(density.differentiable_at(z + SMOOTHING * noise))
        return (SMOOTHING * score + noise).square().mean()

    def _persistent(self) -> Float[Tensor, "n d"]:
        """Where the persistent chains are after so many more MALA steps; in training they stay there."""
        generator = torch.Generator().manual_seed(int(torch.randint(2**31, (1,))))
        anew = torch.rand(len(self.chains), 1, generator=generator) < RESTARTED
        fresh = torch.randn(self.chains.shape, generator=generator).to(self.chains)
        z = torch.where(anew.to(fresh.device), fresh, self.chains)
        density, kernel = Density.of(self._unnormalised), MALA(self.length)
        state = density.at(z)
        for _step in range(self.steps):
            state, _acceptance = kernel.step(density, state, generator)
        made = shared(state.z)  # several processes have the chains of the first
        if self.training:
            self.chains.copy_(made)
        return made


def _standard(z: Float[Tensor, "n d"]) -> Float[Tensor, " n"]:
    return log_normal(z, z.new_zeros(z.shape[1]), z.new_ones(z.shape[1]))
