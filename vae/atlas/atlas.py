"""The reference set of a model: latents, labels, thumbnails, and the map in both directions."""

from __future__ import annotations

import functools
import io
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int, UInt8

from ..data.metadata import Columns, packed, unpacked
from ..disk import guarded_arrays, guarded_pictures
from ..disk.guarded import Refused
from ..errors import CheckpointError, SettingError, ShapeError
from ..latent.compact import lossless
from ..latent.geodesic import Geodesics
from ..latent.neighbours import Index
from ..latent.projector import Projector
from ..latent.traverse import Principal, principal
from ..metrics.active import equal_warning
from ..sampling.mixture import Mixture
from ..saved.checkpoint import ATLAS, THUMBNAILS, pack
from ..text import _, number
from . import declared

PRINCIPAL = 8
SHEET_PX = 8_192  # longest side of a sheet: every graphics card supports it; 270 MB once decoded
UNREADABLE = (
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    RecursionError,
    ShapeError,
)  # raised for a malformed atlas


@dataclass(frozen=True)
class Atlas:
    """Rows of the training split, encoded by a model. index: row in the split; std: of each posterior."""

    z: Float[np.ndarray, "n d"]
    std: Float[np.ndarray, "n d"]
    xy: Float[np.ndarray, "n 2"]
    labels: np.ndarray | None
    index: np.ndarray
    classes: tuple[str, ...]
    projector: Projector
    stored_mixture: Mixture | None  # as stored with the map; see `mixture`
    discrete: bool
    thumbnails_webp: bytes
    thumb_columns: int
    thumb_size: tuple[int, int]
    search: Index = field(repr=False)  # of the rows, in the metric of the map
    measured: dict[str, np.ndarray] = field(default_factory=dict)  # per row, by name; see measured.stored
    metadata: Columns = field(default_factory=dict)  # (n,) each, see vae.data.metadata
    conditions: np.ndarray | None = None  # of each row, beside its label, (n, *condition) float32

    @property
    def n(self) -> int:
        return len(self.z)

    @property
    def summary(self) -> dict[str, int]:
        """What a card says of its map: n, and the number of distinct latents."""
        return {"n": self.n, "distinct": len(np.unique(self.z, axis=0))}

    @property
    def warning(self) -> str | None:
        """A warning if all latents are equal; None otherwise."""
        return equal_warning(self.n) if self.projector.equal else None

    @functools.cached_property
    def mixture(self) -> Mixture | None:
        """The Gaussian mixture fitted on q(z), a density of latents. None for discrete codes. Older maps were stored
        without one, so it is fitted here."""
        return self.stored_mixture or between(self.z, self.std, discrete=self.discrete)

    @functools.cached_property
    def z_mean(self) -> Float[np.ndarray, " d"]:
        return self.z.mean(0, dtype=np.float64).astype(np.float32)

    @functools.cached_property
    def z_std(self) -> Float[np.ndarray, " d"]:
        return self.z.std(0, dtype=np.float64).astype(np.float32)

    @functools.cached_property
    def geodesics(self) -> Geodesics:
        """Paths that follow the reference set, in the metric of the map. Built at the first call, in about 0.3 s."""
        return Geodesics(self.z, lambda z: self._seen(z) * self.projector.scale)

    @functools.cached_property
    def principal(self) -> Principal:
        """The first PRINCIPAL principal axes of the latents, for latents of many dimensions."""
        return principal(self.z, PRINCIPAL)

    @property
    def reach(self) -> float:
        """The latent distance called "within reach": the median distance of a row to its 15th neighbour."""
        return self.projector.reach

    def neighbours(self, z: Float[np.ndarray, " d"], k: int = 8) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest rows to a latent, and their distances in the metric of the map."""
        distances, indices = self.search.query(self._seen(np.asarray(z)[None]), min(k, self.n))
        return indices[0], distances[0]

    def same(self, a: Float[np.ndarray, " d"], b: Float[np.ndarray, " d"]) -> bool:
        """Whether two latents differ by less than 1e-3 std of each dimension, and what float32 rounds."""
        a, b = np.asarray(a, np.float32), np.asarray(b, np.float32)
        return bool((np.abs(a - b) <= 1e-3 * self.z_std + 4 * np.spacing(np.maximum(np.abs(a), np.abs(b)))).all())

    def row_of(self, sample: int) -> int:
        """The row of the sample with that number in the training split, counted from 0 (`index`).

        Raises: SettingError: it is not on this map; the message lists the nearest numbers that are."""
        found = np.flatnonzero(self.index == sample)
        if not len(found):
            near = np.sort(self.index[np.argsort(np.abs(self.index - sample), kind="stable")[:2]])
            raise SettingError(
                _(
                    "sample #{sample} is not on this map, which shows {n} training samples; the nearest "
                    "numbers are {names}.",
                    sample=sample,
                    n=number(self.n),
                    names=", ".join(f"#{k}" for k in near),
                )
            )
        return int(found[0])

    def within_reach(self, z: Float[np.ndarray, "b d"]) -> np.ndarray:
        """How many rows lie within `reach` of each latent, at most 200. (b,) int."""
        distances, _indices = self.search.query(self._seen(z), min(200, self.n))
        return (distances <= self.reach).sum(1)

    def labels_at(self, z: Float[np.ndarray, "b d"]) -> np.ndarray | None:
        """The label of the nearest row to each latent, (b,) int64: the default for a conditional model. None if there
        are no labels."""
        return None if self.labels is None else self.labels[self.search.query(self._seen(z), 1)[1][:, 0]]

    def conditions_at(self, z: Float[np.ndarray, "b d"]) -> np.ndarray | None:
        """The condition of the nearest row to each latent, (b, *condition) float32. None if rows have no conditions."""
        if self.conditions is None:
            return None
        return self.conditions[self.search.query(self._seen(z), 1)[1][:, 0]]

    def _seen(self, z: np.ndarray) -> np.ndarray:
        return self.projector.seen(np.asarray(z, np.float32))

    @functools.cached_property
    def _sheet(self) -> np.ndarray:
        try:
            image = guarded_pictures.decoded(declared.sheet(self.thumbnails_webp, self.sheet_size))
        except Refused as e:
            raise CheckpointError(_("{file} cannot be read: {error}", file=THUMBNAILS, error=e)) from e
        return np.asarray(image.convert("RGB"))

    @property
    def n_thumbnails(self) -> int:
        """The number of rows with a thumbnail, the first ones: on a very large map not all fit on the sheet."""
        columns = self.thumb_columns
        return min(self.n, columns * (SHEET_PX // self.thumb_size[0]))

    @property
    def sheet_size(self) -> tuple[int, int]:
        """Width and height of the sheet of thumbnails, px."""
        h, w = self.thumb_size
        return self.thumb_columns * w, -(-self.n_thumbnails // self.thumb_columns) * h

    def thumbnail(self, i: int) -> np.ndarray:
        """The thumbnail of row i, uint8 (h, w, 3). Raises: CheckpointError: the sheet of thumbnails is damaged."""
        h, w = self.thumb_size
        r, k = divmod(int(i), self.thumb_columns)
        return self._sheet[r * h : (r + 1) * h, k * w : (k + 1) * w]

    def thumbnails(self, rows: Int[np.ndarray, " k"], channels: int = 3) -> UInt8[np.ndarray, "k c h w"]:
        """The thumbnails of rows, with 1 or 3 channels. Raises: IndexError: a row has no thumbnail.
        CheckpointError: the sheet of thumbnails is damaged."""
        (h, w), (r, k) = self.thumb_size, np.divmod(rows, self.thumb_columns)
        every = self._sheet.reshape(-1, h, self.thumb_columns, w, 3)
        return every[r, :, k].transpose(0, 3, 1, 2)[:, :channels]

    def files(self) -> dict[str, bytes]:
        """The files of an atlas in a checkpoint folder."""
        arrays: dict[str, np.ndarray] = {
            "z": lossless(self.z),
            "std": lossless(self.std),
            "xy": self.xy.astype(np.float32),
            "index": self.index.astype(np.int32),
            "thumbs": np.array([self.thumb_columns, *self.thumb_size], np.int32),
        }
        if self.labels is not None:
            arrays["labels"] = self.labels.astype(np.int32)
        if self.conditions is not None:
            arrays["c"] = lossless(self.conditions)
        arrays |= {f"projector.{k}": v for k, v in self.projector.state().items() if k not in arrays}
        if self.stored_mixture is not None:
            arrays |= {f"mixture.{k}": v for k, v in self.stored_mixture.state().items()}
        arrays |= {f"measured.{k}": lossless(v) for k, v in self.measured.items()}
        if self.metadata:
            arrays["metadata"] = np.frombuffer(packed(self.metadata), np.uint8)
        return {ATLAS: pack(arrays, declared.LIMITS), THUMBNAILS: self.thumbnails_webp}


def load(
    files: dict[str, bytes],
    classes: tuple[str, ...],
    name: str,
    discrete: bool = False,
    *,
    d: int | None = None,
    rows_max: int | None = None,
    condition: tuple[int, ...] | None = None,
) -> Atlas:
    """The atlas of a checkpoint's files. discrete: the latents are codes of a codebook. d, rows_max, condition: of the
    model and its training set; the sizes that the files declare are compared with them before anything is unpacked.

    Raises: CheckpointError: missing, unreadable, or not a map of such a model.
    """
    if ATLAS not in files or THUMBNAILS not in files:
        raise CheckpointError(_("{name} has no map yet: run `python -m vae atlas {name}`.", name=name))
    try:
        check = functools.partial(declared.check_arrays, d=d, rows_max=rows_max, condition=condition)
        a = guarded_arrays.npz(io.BytesIO(files[ATLAS]), declared.LIMITS, check=check)
        columns, h, w = (int(v) for v in a["thumbs"])
        if not (0 < columns <= SHEET_PX and 0 < h <= SHEET_PX and 0 < w <= SHEET_PX):
            raise ShapeError(
                _("thumbs: given {given}, expected sizes of 1 to {max}", given=(columns, h, w), max=SHEET_PX)
            )
        z = a["z"].astype(np.float32)
        projector = Projector.from_state(_below(a, "projector.") | {"z": z, "xy": a["xy"]})
        atlas = Atlas(
            z=z,
            std=a["std"].astype(np.float32),
            xy=a["xy"],
            index=a["index"].astype(np.int64),
            classes=classes,
            labels=a["labels"].astype(np.int64) if "labels" in a else None,
            projector=projector,
            stored_mixture=Mixture.from_state(_below(a, "mixture.")) if "mixture.means" in a else None,
            discrete=discrete,
            thumbnails_webp=files[THUMBNAILS],
            thumb_columns=columns,
            thumb_size=(h, w),
            search=Index(projector.seen(z), projector.scale),
            measured={k: v.astype(np.float32) for k, v in _below(a, "measured.").items()},
            metadata=unpacked(a["metadata"].tobytes(), len(z)) if "metadata" in a else {},
            conditions=a["c"].astype(np.float32) if "c" in a else None,
        )
    except UNREADABLE as e:
        raise _unreadable(name, ATLAS, e) from e
    try:
        declared.sheet(atlas.thumbnails_webp, atlas.sheet_size)
    except Refused as e:
        raise _unreadable(name, THUMBNAILS, e) from e
    return atlas


def _unreadable(name: str, file: str, error: Exception) -> CheckpointError:
    return CheckpointError(
        _(
            "{name}: {file} cannot be read ({type}: {error}); rebuild it with `python -m vae atlas {name}`.",
            name=name,
            file=file,
            type=type(error).__name__,
            error=str(error).rstrip("."),
        )
    )


def between(z: np.ndarray, std: np.ndarray, *, discrete: bool, seed: int = 0) -> Mixture | None:
    """A mixture fitted on one draw from each posterior; None for discrete codes."""
    e = np.random.default_rng(seed).standard_normal(z.shape).astype(np.float32)
    return None if discrete else Mixture.fit(z + std * e, seed=seed)


def _below(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {k[len(prefix) :]: v for k, v in arrays.items() if k.startswith(prefix)}
