"""Paths in latent space: from one latent to another, and through several waypoints."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import SettingError, ShapeError, UnknownName
from ..text import _
from .geodesic import Geodesics
from .rows import rows, vector

METHODS = ("linear", "slerp", "geodesic")
OVERSHOOT = 0.5  # of a leg, beyond both ends, as in Latent Space Cartography (Liu et al., 2019)


def lerp(za: ArrayLike, zb: ArrayLike, t: float) -> Float[np.ndarray, " d"]:
    """Linear interpolation, (1 - t) za + t zb; exactly za at t = 0 and zb at t = 1.

    Raises: ShapeError: different widths, NaN or infinity.
    """
    za, zb, t = _checked(za, zb, t)
    return _lerp(za, zb, np.asarray([t]))[0].astype(np.float32)


def slerp(za: ArrayLike, zb: ArrayLike, t: float) -> Float[np.ndarray, " d"]:
    """Spherical interpolation: the great arc from za to zb, its norm changing linearly from |za| to |zb|; exactly za at
    t = 0 and zb at t = 1.

    In many dimensions the mass of a Gaussian lies on a shell, which a straight line leaves. Direction: Shoemake, 1985;
    the norm is interpolated separately, as the ends rarely have the same one. Between opposite ends there is no unique
    arc: it then turns through the axis least parallel to them. If an end is 0, the path is the straight line.

    Raises: ShapeError: different widths, NaN or infinity.
    """
    za, zb, t = _checked(za, zb, t)
    return _slerp(za, zb, np.asarray([t]))[0].astype(np.float32)


def path(
    za: ArrayLike, zb: ArrayLike, n: int, method: str = "linear", geodesics: Geodesics | None = None
) -> Float[np.ndarray, "n d"]:
    """n latents on the path from za to zb, evenly spaced in t, both ends included; see `along`.

    Raises: ShapeError: ends of different width or not finite. SettingError: n < 2. UnknownName: method.
    """
    if int(n) != n or n < 2:
        raise SettingError(_("n={n}: expected a whole number of at least 2 points on a path.", n=n))
    za, zb, _t = _checked(za, zb, 0.0)
    return along(np.stack([za, zb]), np.linspace(0.0, 1.0, int(n)), method, geodesics)


def along(
    waypoints: ArrayLike, t: ArrayLike, method: str = "linear", geodesics: Geodesics | None = None
) -> Float[np.ndarray, "n d"]:
    """Latents at t (n,) on the path through waypoints (w, d), float32.

    Every leg takes an equal share of t: waypoint i lies at i / (w - 1), exactly, whatever the method, so that paths of
    different methods can be compared point by point. Within a leg t is proportional to latent distance (linear), to
    angle and norm (slerp), or to distance in the map's metric (geodesic). Below 0 and above 1 the first and the last
    leg continue: the line straight, the arc along its circle, the geodesic straight in its end direction, at the speed
    of the line.

    Args: geodesics: those of the reference set (`Atlas.geodesics`), for the method of that name.
    Raises: ShapeError: fewer than 2 waypoints, NaN or infinity. SettingError: a geodesic without its reference set.
        UnknownName: method.
    """
    if method not in METHODS:
        raise UnknownName(_("path method"), method, METHODS)
    points, t = rows(waypoints, name="waypoints").astype(np.float64), np.asarray(t, np.float64)
    if len(points) < 2:
        raise ShapeError(_("waypoints: given {given}, expected at least 2.", given=len(points)))
    if t.ndim != 1 or not np.isfinite(t).all():
        raise ShapeError(
            _(
                "t: given shape {shape}, expected (n,) finite numbers, from 0 at the first waypoint to 1 at the last.",
                shape=t.shape,
            )
        )
    if method == "geodesic" and geodesics is None:
        raise SettingError(
            _("A geodesic needs the reference set: pass geodesics=atlas.geodesics, or use Engine.interpolate.")
        )
    between = geodesics.at if method == "geodesic" and geodesics else {"linear": _lerp, "slerp": _slerp}[method]
    legs = len(points) - 1
    at = t * legs
    at = np.where(np.abs(at - np.round(at)) < 1e-9, np.round(at), at)  # i / (w - 1) * (w - 1) may miss i
    leg = np.clip(np.floor(at), 0, legs - 1).astype(int)
    out = np.empty((len(t), points.shape[1]), np.float32)
    for i in np.unique(leg):
        out[leg == i] = between(points[i], points[i + 1], (at - leg)[leg == i])
    return out


def _checked(za: ArrayLike, zb: ArrayLike, t: float) -> tuple[np.ndarray, np.ndarray, float]:
    za = vector(za, name="za").astype(np.float64)
    zb = vector(zb, len(za), name="zb").astype(np.float64)
    if np.ndim(t) != 0 or not np.isfinite(t):
        raise ShapeError(_("t: given {t!r}, expected one finite number, 0 at za and 1 at zb.", t=t))
    return za, zb, float(t)


def _lerp(za: np.ndarray, zb: np.ndarray, t: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n d"]:
    return (1.0 - t)[:, None] * za + t[:, None] * zb


def _slerp(za: np.ndarray, zb: np.ndarray, t: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n d"]:
    a, b = np.linalg.norm(za), np.linalg.norm(zb)
    if a < 1e-12 or b < 1e-12 or len(za) == 1:
        return _lerp(za, zb, t)
    ua, ub = za / a, zb / b
    across = ub - (ua @ ub) * ua
    width = np.linalg.norm(across)
    angle = np.arctan2(width, ua @ ub)
    if width < 1e-7 and ua @ ub > 0:
        return _lerp(za, zb, t)
    if width < 1e-7:  # opposite: turn through the axis that is least parallel, lowest first
        across = np.eye(len(za))[np.argmin(np.abs(ua))]
        across = across - (ua @ across) * ua
        width = np.linalg.norm(across)
    direction = np.cos(t * angle)[:, None] * ua + np.sin(t * angle)[:, None] * (across / width)
    arc = np.maximum((1.0 - t) * a + t * b, 0.0)[:, None] * direction  # far beyond the shorter end the norm is 0
    arc[t == 0.0], arc[t == 1.0] = za, zb
    return arc
