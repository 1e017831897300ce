"""Latents to decode: from the prior, or from where the training data went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from ..errors import SettingError, UnknownName
from .mixture import Mixture

SOURCES = ("prior", "aggregate", "mixture")


@runtime_checkable  # so that annotations of it are checked in the tests
class Reference(Protocol):
    """The reference set of a model as sampling sees it: n posteriors, and the mixture fitted on draws of them."""

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
    """n latents, the same for the same seed. temperature scales standard deviations; 1 is the model's own.

    prior: p(z), drawn by prior(n, seed, temperature). aggregate: q(z) = E_x q(z|x), a random reference row and then a
    draw from its posterior; where posteriors have no width, from the mixture if there is one. mixture: the Gaussian
    mixture fitted on draws of q(z), smoother than those, which never leave the surroundings of a sample.

    Raises: SettingError: n or temperature out of range, or a prior or mixture that the model does not have.
        UnknownName: source.
    """
    if not 1 <= n <= 100_000:
        raise SettingError(f"n={n}: expected 1 to 100000.")
    if not 0 <= temperature <= 10:
        raise SettingError(f"temperature={temperature}: expected 0 to 10.")
    if seed < 0:
        raise SettingError(f"seed={seed}: expected 0 or more.")
    if source not in SOURCES:
        raise UnknownName("source", source, SOURCES)
    if source == "prior":
        return prior(n, seed, temperature)
    if atlas is None:
        raise SettingError(f"{source=} needs the map of the model: run `python -m vae atlas NAME`.")
    rng = np.random.default_rng(seed)
    mixture = atlas.mixture
    if source == "mixture" and mixture is None:
        raise SettingError("source='mixture': between the codes of a codebook lies nothing; use source='aggregate'.")
    if mixture is not None and (source == "mixture" or not atlas.std.any()):
        return mixture.sample(n, rng, temperature).astype(np.float32)
    rows = rng.integers(atlas.n, size=n)
    e = rng.standard_normal((n, atlas.z.shape[1])).astype(np.float32)
    return atlas.z[rows] + np.float32(temperature) * atlas.std[rows] * e
