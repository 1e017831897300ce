"""Other layouts of the same latents: the plane of most variance, two latent dimensions, or another UMAP."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

from ..errors import SettingError
from ..text import N_, _, percent
from .fit import attraction
from .projector import Projector
from .rows import rows, vector
from .threads import one_thread

UMAP, PCA = "umap", "pca"
NEIGHBORS, EPOCHS = (2, 200), (10, 1000)  # range of the settings of a custom fit
_RAW = re.compile(r"z(\d{1,4}),z(\d{1,4})")
_FITTED = re.compile(r"umap:(\d{1,3}),(\d(?:\.\d{1,4})?),(\d{1,4})")


class View(Protocol):
    """A plane that shows the latents. xy: (n, 2) float32, the positions of the reference rows.

    axes: (2, d) if positions are linear in z, (z - centre) @ axes.T; None if they are not.
    """

    @property
    def key(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def note(self) -> str: ...

    @property
    def xy(self) -> np.ndarray: ...

    @property
    def axes(self) -> np.ndarray | None: ...

    @property
    def centre(self) -> np.ndarray | None: ...

    def to_map(self, z: ArrayLike) -> Float[np.ndarray, "b 2"]:
        """Positions of latents (b, d)."""
        ...

    def from_map(self, xy: ArrayLike, held: ArrayLike) -> Float[np.ndarray, "b d"]:
        """The latent at each position (b, 2). held (d): the current latent; it fixes what a position leaves open."""
        ...

    def own(self, xy: ArrayLike) -> Float[np.ndarray, "b d"]:
        """The latent at each position (b, 2) by the layout alone, whatever the current latent is."""
        ...


@dataclass(frozen=True)
class Linear:
    """A plane through the latent space, spanned by two orthonormal axes (2, d). mean: of the reference latents."""

    key: str
    title: str
    axes: Float[np.ndarray, "2 d"]
    centre: Float[np.ndarray, " d"]
    xy: Float[np.ndarray, "n 2"]
    mean: Float[np.ndarray, " d"]
    note: str = ""

    def to_map(self, z: ArrayLike) -> Float[np.ndarray, "b 2"]:
        return _read(rows(z, len(self.centre), "latents"), self.axes, self.centre)

    def from_map(self, xy: ArrayLike, held: ArrayLike) -> Float[np.ndarray, "b d"]:
        """`held` moved within the plane: its component orthogonal to the axes does not change."""
        held = vector(held, len(self.centre), N_("held latent"))
        return held + (rows(xy, 2, "xy") - self.to_map(held[None])) @ self.axes

    def own(self, xy: ArrayLike) -> Float[np.ndarray, "b d"]:
        """The mean of the reference latents moved within the plane: of all latents there, for PCA the nearest to the
        reference set in the mean of squares."""
        return self.from_map(xy, self.mean)


@dataclass(frozen=True)
class Fitted:
    """A map that was fitted with other settings; works in both directions, like the first one."""

    key: str
    title: str
    projector: Projector
    note: str = ""
    axes: None = None
    centre: None = None

    @property
    def xy(self) -> Float[np.ndarray, "n 2"]:
        return self.projector.xy

    def to_map(self, z: ArrayLike) -> Float[np.ndarray, "b 2"]:
        return self.projector.to_map(z)

    def from_map(self, xy: ArrayLike, held: ArrayLike | None = None) -> Float[np.ndarray, "b d"]:
        return self.projector.from_map(xy)[0]

    def own(self, xy: ArrayLike) -> Float[np.ndarray, "b d"]:
        return self.from_map(xy)


def pca(z: ArrayLike) -> Linear:
    """The plane of most variance. The largest loading of each axis is positive. Raises: SettingError: d < 2."""
    z = rows(z)
    if z.shape[1] < 2:
        raise SettingError(_("PCA needs 2 latent dimensions; this model has {d}.", d=z.shape[1]))
    centre = z.mean(axis=0, dtype=np.float64)
    with one_thread():
        variances, vectors = np.linalg.eigh(np.cov(z, rowvar=False, dtype=np.float64))
    axes = vectors[:, ::-1][:, :2].T
    axes = axes * np.sign(axes[[0, 1], np.abs(axes).argmax(axis=1)])[:, None]
    share = variances[::-1][:2].sum() / max(variances.sum(), 1e-12)
    axes, centre = axes.astype(np.float32), centre.astype(np.float32)
    note = _("{share} of the variance", share=percent(float(share)))
    return Linear(PCA, "PCA", axes, centre, _read(z, axes, centre), centre, note)


def raw(z: ArrayLike, i: int, j: int) -> Linear:
    """Latent dimension i on the horizontal axis, j on the vertical one. Raises: SettingError: not two dimensions."""
    z = rows(z)
    d = z.shape[1]
    if i == j or not (0 <= i < d and 0 <= j < d):
        raise SettingError(
            _("dimensions {i} and {j}: expected two different dimensions from 0 to {last}.", i=i, j=j, last=d - 1)
        )
    axes = np.eye(d, dtype=np.float32)[[i, j]]
    xy, mean = np.ascontiguousarray(z[:, [i, j]]), z.mean(axis=0, dtype=np.float64).astype(np.float32)
    return Linear(f"z{i},z{j}", f"z{i} × z{j}", axes, np.zeros(d, np.float32), xy, mean)


def fitted_key(n_neighbors: int | float, min_dist: int | float, n_epochs: int | float) -> str:
    """The key of the UMAP with these settings. Raises: SettingError: one is out of range."""
    for name, value, (low, high) in (("n_neighbors", n_neighbors, NEIGHBORS), ("n_epochs", n_epochs, EPOCHS)):
        if int(value) != value or not low <= value <= high:
            raise SettingError(
                _(
                    "{name}={value:g}: expected a whole number from {low} to {high}.",
                    name=name,
                    value=value,
                    low=low,
                    high=high,
                )
            )
    if not 0 <= min_dist <= 1:
        raise SettingError(_("min_dist={min_dist:g}: expected 0 to 1.", min_dist=min_dist))
    return f"{UMAP}:{int(n_neighbors)},{round(float(min_dist), 4):g},{int(n_epochs)}"


def fitted_settings(key: str) -> tuple[int, float, int] | None:
    """(n_neighbors, min_dist, n_epochs) of a fitted_key; None for other texts. Raises: SettingError: out of range."""
    found = _FITTED.fullmatch(key)
    if found is None:
        return None
    settings = int(found[1]), float(found[2]), int(found[3])
    fitted_key(*settings)
    return settings


def fitted(key: str, of: Projector, xy: ArrayLike) -> Fitted:
    """The view of a fit with the settings of `key`; of: the first map, whose metric it uses.

    Raises: SettingError: not a fitted_key."""
    settings = fitted_settings(key)
    if settings is None:
        raise SettingError(_("view {key!r}: expected umap:neighbours,min_dist,epochs.", key=key))
    a, b = attraction(settings[1])
    projector = Projector.build(of.z, xy, a=a, b=b, scale=of.scale, landmarks=of.landmarks, view=of.view)
    note = f"n_neighbors={settings[0]}, min_dist={settings[1]:g}, n_epochs={settings[2]}"
    return Fitted(key, f"UMAP {settings[0]}, {settings[1]:g}", projector, note)


def raw_pair(key: str) -> tuple[int, int] | None:
    """(i, j) of "z<i>,z<j>"; None for any other text."""
    found = _RAW.fullmatch(key)
    return None if found is None else (int(found[1]), int(found[2]))


def _read(z: np.ndarray, axes: np.ndarray, centre: np.ndarray) -> Float[np.ndarray, "b 2"]:
    with one_thread():
        return ((z - centre) @ axes.T).astype(np.float32)
