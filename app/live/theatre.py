"""What the theatre shows: Frames by their key, read anew when they changed, and their maps laid out beside the app.

A key is "run/ID", or of another kind that `register` made known.
"""

from __future__ import annotations

import math
import subprocess
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from app.live.requests import packed
from vae.errors import UnknownName
from vae.forming.model_sequence import Frames
from vae.forming.snapshots import FIGURES, FOLDER
from vae.metrics.active import active_by_rate
from vae.runs import as_sequence, diagnosis, os_process
from vae.runs.folder import EPOCHS, STATE, find
from vae.sweeps import comparison, sweeps
from vae.text import _

Folder = Callable[[str], Path]
Read = Callable[[Path], Frames | None]

KEEP = 4  # Frames held at once, some MB each
SIDE_PX = 64  # larger pictures are sent smaller: none is shown larger
AGAIN_S = 30.0  # until a layout that failed is tried once more
LOG = "maps.log"

_kinds: dict[str, tuple[Folder, Read]] = {}
_held: OrderedDict[str, tuple[tuple, Frames | None]] = OrderedDict()
_layers: dict[Path, tuple[subprocess.Popen, float]] = {}
_guard = threading.Lock()


def register(kind: str, folder: Folder, read: Read) -> None:
    """Make a kind of keys known. folder(id): where the snapshots are, or UnknownName; read(folder): its Frames."""
    _kinds[kind] = (folder, read)


register("run", lambda id: find(id).folder, as_sequence.of_run)
register("sweep", lambda id: sweeps.find(id).folder, lambda folder: comparison.frames_of(sweeps.find(folder.name)))


def of(key: str) -> Frames | None:
    """As they are now. None: no snapshot was taken. Raises: UnknownName: no such kind, or nothing of that name."""
    folder, read = _source(key)
    changed = _changed(folder)
    with _guard:
        if key in _held and _held[key][0] == changed:
            _held.move_to_end(key)
            return _held[key][1]
    found = read(folder)
    with _guard:
        _held[key] = (changed, found)
        while len(_held) > KEEP:
            _held.popitem(last=False)
    return found


def _source(key: str) -> tuple[Path, Read]:
    kind, _slash, id = key.partition("/")
    if kind not in _kinds:
        raise UnknownName(_("kind of frames"), kind[:40], _kinds)
    folder, read = _kinds[kind]
    return folder(id), read


def _changed(folder: Path) -> tuple:
    """What differs once there is something new: each file is written in one step, which its folder notes."""
    paths = (folder / FOLDER, folder / EPOCHS, folder / STATE)
    return tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in paths)


# ---------------------------------------------------------------- maps


def lay(key: str) -> str:
    """See to it that what has no map gets one, in a process that outlives us. Why none comes, or ""."""
    folder, _read = _source(key)
    with _guard:
        process, begun = _layers.get(folder, (None, 0.0))
        if process is not None and process.poll() is None:
            return ""
        failed = process is not None and process.returncode != 0
        if failed and time.monotonic() < begun + AGAIN_S:
            log = folder / FOLDER / LOG  # a full disk has no room for it
            return diagnosis.of_log(log.read_text("utf-8", "replace") if log.exists() else "", {}, folder).cause
        begun_now = os_process.detached(["-m", "vae.commands.align_maps", str(folder)], folder / FOLDER / LOG)
        os_process.reap(begun_now)
        _layers[folder] = (begun_now, time.monotonic())
        return ""


# ---------------------------------------------------------------- for the browser


def index(key: str) -> dict:
    """All but what fills a frame: names, values, figures, rates; `tags` change with a frame's content.

    {"empty": why} where there is no frame. Asking for it gets the missing maps under way.
    """
    f = of(key)
    if f is None:
        return {"empty": True, "active": _active(key)}
    trouble = _told(f, lay(key)) if len(f.maps) < len(f.snapshots) else ""
    n, (c, h, w) = len(f.fixed.rows), small(f.fixed.shown[:1]).shape[1:]
    return {
        "name": f.name, "about": f.about, "axis": f.axis, "values": f.values, "until": f.until,
        "n": n, "shape": [h, w, c], "charts": f.charts, "scale": f.scale,
        "classes": f.classes, "labelled": f.fixed.labels is not None,
        "plane": all(s.mu.shape[1] == 2 for s in f.snapshots), "drawn_from": f.fixed.drawn_from,
        "split": f.fixed.split,
        "laid": len(f.maps), "trouble": trouble,
        "tags": [_tag(s.mu, f.maps[i] if i < len(f.maps) else None) for i, s in enumerate(f.snapshots)],
        "figures": [_finite(s.figures) for s in f.snapshots],
        "rates": [_rounded(s.rate_per_dim_nats) for s in f.snapshots],
        "active": [active_by_rate([] if (r := s.rate_per_dim_nats) is None else r).tolist() for s in f.snapshots],
        "history": [_finite({k: r[k] for k in ("epoch", *FIGURES) if r.get(k) is not None}) for r in f.history],
    }  # fmt: skip


def _told(f: Frames, cause: str) -> str:
    """A sentence on why the next map does not come, "" where nothing keeps it."""
    if not cause:
        return ""
    if not np.isfinite(f.snapshots[len(f.maps)].mu).all():
        cause = _("Some latents are not finite: the training diverged.")
    return _(
        "There is no map from {axis} {values:g} on: {cause}", axis=f.axis, values=f.values[len(f.maps)], cause=cause
    )


def _active(key: str) -> bool:
    kind, _slash, id = key.partition("/")
    return kind == "run" and find(id).active


def _tag(mu: np.ndarray, xy: np.ndarray | None) -> str:
    said = f"{zlib.crc32(mu.data):08x}"
    return said if xy is None else f"{said}-{zlib.crc32(np.ascontiguousarray(xy).data):08x}"


def _finite(figures: Mapping[str, float]) -> dict[str, float]:
    """JSON knows no other numbers; a training that diverged has some."""
    return {name: value for name, value in figures.items() if math.isfinite(value)}


def _rounded(rate: np.ndarray | None) -> list[float] | None:
    return None if rate is None or not np.isfinite(rate).all() else [round(float(v), 4) for v in rate]


def fixed_bytes(f: Frames) -> bytes:
    """labels (n,) u1, 255 where there are none, and shown (16, h, w, c) u1, packed."""
    labels = np.full(len(f.fixed.rows), 255) if f.fixed.labels is None else f.fixed.labels
    return packed({}, labels=labels.astype("u1"), shown=_last(f.fixed.shown))


def frame_bytes(f: Frames, i: int) -> bytes:
    """again (16, h, w, c) u1, drawn (64, h, w, c) u1 and, if it is laid out, xy (n, 2) f4 of frame i, packed."""
    maps = {"xy": f.maps[i]} if i < len(f.maps) else {}
    return packed({}, again=_last(f.snapshots[i].again), drawn=_last(f.snapshots[i].drawn), **maps)


def _last(pictures: np.ndarray) -> np.ndarray:
    return small(pictures).transpose(0, 2, 3, 1)


def small(pictures: np.ndarray) -> np.ndarray:
    """(n, c, h, w) uint8 with sides of at most SIDE_PX, those within it as they are."""
    h, w = pictures.shape[2:]
    if max(h, w) <= SIDE_PX:
        return pictures
    size = tuple(max(1, round(side * SIDE_PX / max(h, w))) for side in (w, h))
    fewer = [[np.asarray(Image.fromarray(p).resize(size, Image.Resampling.BOX)) for p in each] for each in pictures]
    return np.array(fewer, np.uint8)
