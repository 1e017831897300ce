"""The reference set of a model: latents, labels, thumbnails, and the map that goes both ways."""

from __future__ import annotations

import functools
import io
import zipfile
import zlib
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image

from ..errors import CheckpointError, SettingError, ShapeError
from ..latent.geodesic import Geodesics
from ..latent.neighbours import Index
from ..latent.projector import Projector
from ..metrics.active import active_units
from ..sampling.mixture import Mixture
from ..saved.checkpoint import ATLAS, THUMBNAILS, pack

SHEET_PX = 8_192  # the longest side of a sheet: what every graphics card takes, and 270 MB once opened
UNREADABLE = (  # whatever numpy raises for bytes that are no npz, and we for arrays that are no atlas
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    OSError,
    zipfile.BadZipFile,
    zlib.error,
    ShapeError,
)


@dataclass(frozen=True)
class Atlas:
    """Rows of the training split as a model sees them. index: their row in the split; std: of each posterior."""

    z: Float[np.ndarray, "n d"]
    std: Float[np.ndarray, "n d"]
    xy: Float[np.ndarray, "n 2"]
    labels: np.ndarray | None
    index: np.ndarray
    classes: tuple[str, ...]
    projector: Projector
    kept_mixture: Mixture | None  # as it was kept with the map; `mixture` also where none was
    discrete: bool
    thumbnails_webp: bytes
    thumb_columns: int
    thumb_size: tuple[int, int]
    _search: Index = field(repr=False)
    measured: dict[str, np.ndarray] = field(default_factory=dict)  # of each row, by name; see measured.kept
    conditions: np.ndarray | None = None  # what each row is told beside its label, (n, *condition) float32

    @property
    def n(self) -> int:
        return len(self.z)

    @functools.cached_property
    def mixture(self) -> Mixture | None:
        """The Gaussian mixture fitted on q(z): what fills the space between codes, and where it is dense. None for
        discrete codes, between which there is nothing. An older map, kept without one, has it fitted here."""
        return self.kept_mixture or between(self.z, self.std, discrete=self.discrete)

    @functools.cached_property
    def z_mean(self) -> Float[np.ndarray, " d"]:
        return self.z.mean(0)

    @functools.cached_property
    def z_std(self) -> Float[np.ndarray, " d"]:
        return self.z.std(0)

    @functools.cached_property
    def active(self) -> np.ndarray:
        return active_units(self.z)

    @functools.cached_property
    def geodesics(self) -> Geodesics:
        """Ways that follow the reference set, in the metric of the map. Made at the first call, in about .3 s."""
        return Geodesics(self.z, lambda z: self._seen(z) * self.projector.scale)

    @property
    def reach(self) -> float:
        """The latent distance called "within reach": the median distance of a row to its 15th neighbour."""
        return self.projector.reach

    def neighbours(self, z: Float[np.ndarray, " d"], k: int = 8) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest rows to a latent, and their distances in the metric of the map."""
        distances, indices = self._search.query(self._seen(np.asarray(z)[None]), min(k, self.n))
        return indices[0], distances[0]

    def row_of(self, number: int) -> int:
        """The row of the sample with that number in the training split, counted from 0 (`index`). Raises:
        SettingError: it is not on this map; the nearest numbers that are."""
        found = np.flatnonzero(self.index == number)
        if not len(found):
            near = np.sort(self.index[np.argsort(np.abs(self.index - number), kind="stable")[:2]])
            raise SettingError(
                f"sample #{number} is not on this map, which shows {self.n} of the training set; "
                f"the nearest that are: {', '.join(f'#{k}' for k in near)}."
            )
        return int(found[0])

    def within_reach(self, z: Float[np.ndarray, "b d"]) -> np.ndarray:
        """How many rows lie within `reach` of each latent, at most 200. (b,) int."""
        distances, _ = self._search.query(self._seen(z), min(200, self.n))
        return (distances <= self.reach).sum(1)

    def labels_at(self, z: Float[np.ndarray, "b d"]) -> np.ndarray | None:
        """The label of the nearest row to each latent, (b,) int64: what a conditional model is shown with where nobody
        chose. None: the set has no labels."""
        return None if self.labels is None else self.labels[self._search.query(self._seen(z), 1)[1][:, 0]]

    def conditions_at(self, z: Float[np.ndarray, "b d"]) -> np.ndarray | None:
        """What the nearest row to each latent is told, (b, *condition) float32. None: rows are told nothing."""
        if self.conditions is None:
            return None
        return self.conditions[self._search.query(self._seen(z), 1)[1][:, 0]]

    def _seen(self, z: np.ndarray) -> np.ndarray:
        return self.projector.seen(np.asarray(z, np.float32))

    @functools.cached_property
    def _sheet(self) -> np.ndarray:
        image = Image.open(io.BytesIO(self.thumbnails_webp)).convert("RGB")
        return np.asarray(image)

    @property
    def n_thumbnails(self) -> int:
        """Rows with a thumbnail, the first ones: of a very large map not all fit on a sheet."""
        columns = self.thumb_columns
        return min(self.n, columns * (SHEET_PX // self.thumb_size[0]))

    def thumbnail(self, i: int) -> np.ndarray:
        """The real sample of row i, uint8 (h, w, 3)."""
        h, w = self.thumb_size
        r, k = divmod(int(i), self.thumb_columns)
        return self._sheet[r * h : (r + 1) * h, k * w : (k + 1) * w]

    def thumbnails(self, rows: Int[np.ndarray, " k"], channels: int = 3) -> UInt8[np.ndarray, "k c h w"]:
        """The real samples of those rows, as pictures of 1 or 3 channels. Raises: IndexError: one has no thumbnail."""
        (h, w), (r, k) = self.thumb_size, np.divmod(rows, self.thumb_columns)
        every = self._sheet.reshape(-1, h, self.thumb_columns, w, 3)
        return every[r, :, k].transpose(0, 3, 1, 2)[:, :channels]

    def files(self) -> dict[str, bytes]:
        """What a checkpoint folder keeps of an atlas."""
        arrays: dict[str, np.ndarray] = {
            "z": self.z.astype(np.float16),
            "std": self.std.astype(np.float16),
            "xy": self.xy.astype(np.float32),
            "index": self.index.astype(np.int32),
            "thumbs": np.array([self.thumb_columns, *self.thumb_size], np.int32),
        }
        if self.labels is not None:
            arrays["labels"] = self.labels.astype(np.int32)
        if self.conditions is not None:
            arrays["c"] = self.conditions.astype(np.float16)
        arrays |= {f"projector.{k}": v for k, v in self.projector.state().items() if k not in arrays}
        if self.kept_mixture is not None:
            arrays |= {f"mixture.{k}": v for k, v in self.kept_mixture.state().items()}
        arrays |= {f"measured.{k}": v for k, v in self.measured.items()}
        return {ATLAS: pack(arrays), THUMBNAILS: self.thumbnails_webp}


def load(files: dict[str, bytes], classes: tuple[str, ...], name: str, discrete: bool = False) -> Atlas:
    """The atlas of a checkpoint's files. discrete: its latents are codes of a codebook.

    Raises: CheckpointError: there is none, or it cannot be read.
    """
    if ATLAS not in files or THUMBNAILS not in files:
        raise CheckpointError(f"{name} has no map yet: run `python -m vae atlas {name}`.")
    try:
        with np.load(io.BytesIO(files[ATLAS]), allow_pickle=False) as npz:
            a = {name: npz[name] for name in npz.files}
        columns, *size = (int(v) for v in a["thumbs"])
        z = a["z"].astype(np.float32)
        projector = Projector.from_state(_below(a, "projector.") | {"z": z, "xy": a["xy"]})
        return Atlas(
            z=z,
            std=a["std"].astype(np.float32),
            xy=a["xy"],
            index=a["index"].astype(np.int64),
            classes=classes,
            labels=a["labels"].astype(np.int64) if "labels" in a else None,
            projector=projector,
            kept_mixture=Mixture.from_state(_below(a, "mixture.")) if "mixture.means" in a else None,
            discrete=discrete,
            thumbnails_webp=files[THUMBNAILS],
            thumb_columns=columns,
            thumb_size=(size[0], size[1]),
            _search=Index(projector.seen(z), projector.scale),
            measured={k: v.astype(np.float32) for k, v in _below(a, "measured.").items()},
            conditions=a["c"].astype(np.float32) if "c" in a else None,
        )
    except UNREADABLE as e:
        raise CheckpointError(
            f"{name}: {ATLAS} cannot be read ({type(e).__name__}: {e}); rebuild it with `python -m vae atlas {name}`."
        ) from e


def between(z: np.ndarray, std: np.ndarray, *, discrete: bool, seed: int = 0) -> Mixture | None:
    """A mixture fitted on one draw from each posterior; None for discrete codes, between which there is nothing."""
    e = np.random.default_rng(seed).standard_normal(z.shape).astype(np.float32)
    return None if discrete else Mixture.fit(z + std * e, seed=seed)


def _below(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}
