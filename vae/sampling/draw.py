"""Drawing latents: from the prior, the aggregate posterior, or a mixture fitted to the codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ..errors import SettingError, UnknownName
from ..text import _
from .mixture import Mixture

SOURCES = ("prior", "aggregate", "mixture")


@runtime_checkable  # so that the tests can check annotations with it
class Reference(Protocol):
    """What sampling needs of the reference set of a model: n posteriors, and the mixture fitted to draws from them."""

    @property
    def n(self) -> int: ...

    @property
    def z(self) -> Float[np.ndarray, "n d"]: ...

    @property
    def std(self) -> Float[np.ndarray, "n d"]: ...

    @property
    def mixture(self) -> Mixture | None: ...


def draw(
    n: int,
    *,
    seed: int,
    temperature: float,
    source: str,
    prior: Callable[[int, int, float], np.ndarray],
    atlas: Reference | None,
) -> Float[np.ndarray, "n d"]:
    """n latents; the same seed gives the same latents. temperature scales standard deviations; 1 is the model's own.

    prior: p(z), drawn by prior(n, seed, temperature). aggregate: q(z) = E_x q(z|x), a draw from the posterior of a
    random reference row; if posteriors have no width, a draw from the mixture, if there is one. mixture: the Gaussian
    mixture fitted to draws from q(z), which is smoother: draws from q(z) always stay near a sample.

    Raises: SettingError: n or temperature is out of range, or the model has no such prior or mixture.
        UnknownName: source.
    """
    if not 1 <= n <= 100_000:
        raise SettingError(_("n={n}: expected 1 to 100000.", n=n))
    if not 0 <= temperature <= 10:
        raise SettingError(_("temperature={temperature}: expected 0 to 10.", temperature=temperature))
    if seed < 0:
        raise SettingError(_("seed={seed}: expected 0 or more.", seed=seed))
    if source not in SOURCES:
        raise UnknownName(_("source"), source, SOURCES)
    if source == "prior":
        return prior(n, seed, temperature)
    if atlas is None:
        raise SettingError(
            _("source={source!r} needs the map of the model: run `python -m vae atlas NAME`.", source=source)
        )
    rng = np.random.default_rng(seed)
    mixture = atlas.mixture
    if source == "mixture" and mixture is None:
        raise SettingError(
            _("source='mixture': a model with a codebook has no mixture, as its codes are discrete; use 'aggregate'.")
        )
    if mixture is not None and (source == "mixture" or not atlas.std.any()):
        return mixture.sample(n, rng, temperature).astype(np.float32)
    rows = rng.integers(atlas.n, size=n)
    e = rng.standard_normal((n, atlas.z.shape[1])).astype(np.float32)
    return atlas.z[rows] + np.float32(temperature) * atlas.std[rows] * e
