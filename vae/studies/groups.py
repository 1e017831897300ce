"""What a group of samples on the map has in common, and how it differs from the rest."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

from ..engine.engine import Engine
from .curation import Shown

SHOWN = 6  # of the most typical samples, and of the most extreme
PICTURED = 4_000  # real samples in a mean picture: of more, evenly spaced ones


@dataclass(frozen=True)
class Group:
    """classes: (name, number in the group, number in all). centre: mean latent. mean: mean of the real pictures, if
    there are any. spread: mean distance to the centre in the map's metric; trust, error: means. Each of these three is
    a pair: of the group and of all samples. typical, extreme: the rows nearest to the centre and farthest from it.
    """

    rows: Int[np.ndarray, " m"]
    n: int
    classes: tuple[tuple[str, int, int], ...]
    centre: Float[np.ndarray, " d"]
    mean: UInt8[np.ndarray, "h w 3"] | None
    spread: tuple[float, float]
    trust: tuple[float, float]
    error: tuple[float, float] | None
    typical: tuple[int, ...]
    extreme: tuple[int, ...]


def describe(engine: Engine, rows, shown: Shown | None = None) -> Group:
    """The group of these rows of the engine's map; at least one row. shown: the labels as they are edited now; None:
    those of the map."""
    atlas, rows = engine.atlas, np.asarray(rows, np.int64)
    projector, measured = atlas.projector, atlas.measured.get("error")
    away, centre = _apart(projector, atlas.z[rows])
    everywhere, _ = _apart(projector, atlas.z)
    order = np.argsort(away, kind="stable")
    typical = order[: min(SHOWN, len(rows))]
    extreme = order[len(typical) :][::-1][:SHOWN]  # none is both
    trust = projector.trust(atlas.xy)
    return Group(
        rows=rows,
        n=atlas.n,
        classes=_classes(*((atlas.labels, atlas.classes) if shown is None else (shown.labels, shown.classes)), rows),
        centre=centre,
        mean=_mean_picture(atlas, rows),
        spread=(float(away.mean()), float(everywhere.mean())),
        trust=(float(trust[rows].mean()), float(trust.mean())),
        error=None if measured is None else (float(measured[rows].mean()), float(measured.mean())),
        typical=tuple(int(rows[i]) for i in typical),
        extreme=tuple(int(rows[i]) for i in extreme),
    )


def table(engine: Engine, rows) -> str:
    """CSV of the rows: row of the map, index in the training split, label, map position, trust, error, latent."""
    atlas, rows = engine.atlas, np.asarray(rows, np.int64)
    trust, error = atlas.projector.trust(atlas.xy[rows]), atlas.measured.get("error")
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    head = ["row", "index", "label", "x", "y", "trust", *(["error_mse"] if error is not None else [])]
    lines.writerow([*head, *(f"z{j}" for j in range(engine.d))])
    for at, row in enumerate(rows):
        label = "" if atlas.labels is None else atlas.classes[atlas.labels[row]]
        figures = [*atlas.xy[row], trust[at], *([error[row]] if error is not None else []), *atlas.z[row]]
        lines.writerow([row, atlas.index[row], label, *(f"{v:.6g}" for v in figures)])
    return out.getvalue()


def arrays(engine: Engine, rows) -> bytes:
    """NPZ of the rows: row, index, z, std, xy, trust, label if there are labels, and the measured quantities."""
    atlas, rows = engine.atlas, np.asarray(rows, np.int64)
    out = {"row": rows, "index": atlas.index[rows], "z": atlas.z[rows], "std": atlas.std[rows], "xy": atlas.xy[rows]}
    out["trust"] = atlas.projector.trust(atlas.xy[rows])
    if atlas.labels is not None:
        out["label"] = atlas.labels[rows]
    out |= {name.replace(".", "_"): values[rows] for name, values in atlas.measured.items() if len(values)}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **out)
    return buffer.getvalue()


def _apart(projector, z: np.ndarray) -> tuple[Float[np.ndarray, " m"], Float[np.ndarray, " d"]]:
    """The distance of each latent to their mean in the map's metric, and that mean."""
    centre = z.mean(axis=0, dtype=np.float64).astype(np.float32)
    return np.linalg.norm(projector.seen(z - centre) * projector.scale, axis=1), centre


def _classes(labels: np.ndarray | None, classes: tuple[str, ...], rows: np.ndarray) -> tuple[tuple[str, int, int], ...]:
    """The classes of the group, the largest first."""
    if labels is None:
        return ()
    here, all_of = (np.bincount(some[some >= 0], minlength=len(classes)) for some in (labels[rows], labels))
    order = [k for k in np.argsort(-here, kind="stable") if here[k]]
    return tuple((classes[k], int(here[k]), int(all_of[k])) for k in order)


def _mean_picture(atlas, rows: np.ndarray) -> np.ndarray | None:
    rows = rows[rows < atlas.n_thumbnails]
    if not len(rows):
        return None
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), PICTURED)).astype(int)]
    return np.rint(atlas.thumbnails(some).mean(0)).astype(np.uint8).transpose(1, 2, 0)
