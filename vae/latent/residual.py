"""A map position with the residual of a held sample kept: the map says where, the held sample what the map leaves open.

A map shows a surface in the latent space: its inverse gives each position one latent, and a sample differs from the
latent at its own position by a residual in d dimensions, which the map cannot show. The same position decoded with the
residual of another sample is a linear form of the controlled inverse projection of Wang et al., 2026, arXiv:2602.11141,
who optimise a latent for each position; it costs one look-up of the map's inverse more than the position alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import SettingError
from ..text import N_, _, number
from .rows import rows, vector

Inverse = Callable[[Float[np.ndarray, "b 2"]], Float[np.ndarray, "b d"]]


def residual(inverse: Inverse, held: ArrayLike, held_xy: ArrayLike) -> Float[np.ndarray, " d"]:
    """held - inverse(held_xy): what the map cannot say of a latent (d) that lies at held_xy (2). Raises: ShapeError."""
    held, at = vector(held, None, N_("held latent")), vector(held_xy, 2, N_("position of the held latent"))
    return held - inverse(at[None])[0]


def with_residual(
    inverse: Inverse, xy: ArrayLike, held: ArrayLike, held_xy: ArrayLike, share: float = 1.0
) -> Float[np.ndarray, "b d"]:
    """z(xy; s) = inverse(xy) + s (held - inverse(held_xy)), (b, d) float32, for positions (b, 2) of the map.

    inverse: latents at positions, by the map alone. held (d): the latent whose residual is kept; held_xy (2): where it
    lies. share: s, from 0, the latents of the map itself, to 1, with the whole residual: then z(held_xy) is `held`, to
    the last bit.

    Raises: ShapeError. SettingError: share is not from 0 to 1.
    """
    xy, at = rows(xy, 2, "xy"), vector(held_xy, 2, N_("position of the held latent"))
    held = vector(held, None, N_("held latent"))
    if not 0 <= share <= 1:
        raise SettingError(_("share={share}: expected a number from 0 to 1.", share=number(float(share), 3)))
    s = np.float32(share)
    own, there = inverse(xy), inverse(at[None])
    return np.ascontiguousarray(s * held + (own - s * there), np.float32)
