"""What the handle of `vae.explore` takes: checked before the page is told, with what exists in the error."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from ..atlas.atlas import Atlas
from ..atlas.colours import COLUMN, quantities
from ..errors import SettingError, ShapeError
from ..registry import ATTACHED
from ..studies.point import WAYPOINTS_MAX
from ..text import _
from .samples import as_numpy
from .worker import Model

LABEL = "label"  # the colour of a map before another is chosen
LAYERS = ("", "trust", "density", "manifold")  # below the points of the map


def point(value: Any, d: int) -> Float[np.ndarray, " d"]:
    """A latent of any shape as float32 (d,). Raises: ShapeError."""
    z = as_numpy(value, "point")
    if z.size != d:
        raise ShapeError(_("point of shape {given}: expected ({d},).", given=z.shape, d=d))
    return _finite(z.reshape(d), "point")


def path(value: Any, d: int) -> Float[np.ndarray, "w d"]:
    """The latents of a path as float32 (w, d). Raises: ShapeError: also for fewer than 2 or too many of them."""
    z = as_numpy(value, "path")
    if z.ndim < 2 or not 2 <= len(z) <= WAYPOINTS_MAX or z[0].size != d:
        raise ShapeError(
            _("path of shape {given}: expected (w, {d}), w from 2 to {most}.", given=z.shape, d=d, most=WAYPOINTS_MAX)
        )
    return _finite(z.reshape(len(z), d), "path")


def _finite(z: np.ndarray, what: str) -> np.ndarray:
    with np.errstate(over="ignore"):
        z = np.asarray(z, np.float32)
    if not np.isfinite(z).all():
        raise ShapeError(_("{what} has NaN or infinity: expected finite values.", what=what))
    return z


def selection(value: Any, n: int, index: Int[np.ndarray, " m"]) -> Int[np.ndarray, " k"]:
    """Where on the map these rows of x are, or those of a mask (n,). n: the rows of x; index: those on the map. Rows
    that are not on the map are left out. Raises: ShapeError: no rows of x, or none of them is on the map."""
    given = np.atleast_1d(as_numpy(value, "selection"))
    if given.dtype == bool:
        if given.shape != (n,):
            raise ShapeError(_("selection: a mask of shape {given}, expected ({n},).", given=given.shape, n=n))
        given = np.flatnonzero(given)
    if not given.size:
        return np.empty(0, np.int64)
    if given.ndim != 1 or not np.issubdtype(given.dtype, np.integer):
        kind, shape = str(given.dtype), given.shape
        raise ShapeError(
            _("selection of {kind} {shape}: expected rows of x, or a mask ({n},) of them.", kind=kind, shape=shape, n=n)
        )
    if given.min() < 0 or given.max() >= n:
        wrong = given[(given < 0) | (given >= n)][0]
        raise ShapeError(_("selection has row {row}: expected rows of x, 0 to {last}.", row=int(wrong), last=n - 1))
    there = np.flatnonzero(np.isin(index, given))
    if not len(there):
        raise ShapeError(_("none of these rows of x is on the map (on it: {m} / {n}).", m=len(index), n=n))
    return there


def layer(value: Any) -> str:
    """Raises: SettingError: no such layer."""
    if value not in LAYERS:
        raise SettingError(_("layer {name!r}: expected one of {known}.", name=value, known=_listed(LAYERS)))
    return value


class Colours:
    """What colours a map, by the names that the handle takes: "label", the columns of the metadata by their own names,
    and quantities by their keys."""

    def __init__(self, model: Model, atlas: Atlas):
        shown = SimpleNamespace(
            name="", modality=model.made.modality, has_prior=False, traits=frozenset({ATTACHED}), atlas=atlas
        )
        found = quantities(shown)
        names = {f"{COLUMN}{i}": name for i, name in enumerate(atlas.metadata) if name not in (LABEL, *found)}
        self._absent = {names.get(key, key): quantity.absent for key, quantity in found.items() if quantity.absent}
        self._keys = {LABEL: LABEL} | {names.get(key, key): key for key in found}
        self.known = tuple(name for name in self._keys if name not in self._absent)

    def key(self, name: Any) -> str:
        """What the page calls it. Raises: SettingError: there is no such colour, or the map does not have it."""
        name = str(name)
        if name in self.known:
            return self._keys[name]
        if name in self._keys:
            why, known = self._absent[name], _listed(self.known)
            raise SettingError(_("colour {name!r}: {why}. Expected one of {known}.", name=name, why=why, known=known))
        raise SettingError(_("colour {name!r}: expected one of {known}.", name=name, known=_listed(self.known)))

    def name(self, key: str) -> str:
        """As `key` takes it; "" before a page has told."""
        return next((name for name, there in self._keys.items() if there == key), key)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(map(repr, names))
