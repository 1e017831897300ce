"""Data sets of one's own, kept: a folder each with arrays that can be mapped into memory, and what they are as JSON.

They lie below ZSCOPE_OWN, else in the user's data folder, and are data sets like any other by being there.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DataCorrupt, SaveError, SettingError, UnknownName
from ...registry import DATASETS, MODALITIES, Dataset
from ...types import Samples
from .understand import Understood

DESCRIPTION, FORMAT = "description.json", 1
ARRAYS = ("x_train", "y_train", "x_test", "y_test")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
DISK_KEPT_FREE = 256 * 2**20  # bytes left on the disk after a data set is added
Guard = Callable[[str], AbstractContextManager[None]]  # held while a data set goes; raises SettingError if it is in use


def root() -> Path:
    """The folder of all: ZSCOPE_OWN, or `data` in the user's data folder."""
    chosen = os.environ.get("ZSCOPE_OWN")
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_data_path("zscope", appauthor=False) / "data"


def shelved() -> dict[str, Dataset]:
    """name -> entry of every data set that was added. One whose description cannot be read is passed over here and told
    by `describe`; one of a modality that is not here, too."""
    found = {}
    for path in sorted(root().glob(f"[!.]*/{DESCRIPTION}")) if root().is_dir() else ():
        try:
            found[path.parent.name] = _entry(path.parent, path.stat().st_mtime_ns)
        except (DataCorrupt, OSError):  # being removed, or damaged
            continue
    return found


def names() -> list[str]:
    """Of all that are here, also of those that cannot be read."""
    return sorted(p.parent.name for p in root().glob(f"[!.]*/{DESCRIPTION}")) if root().is_dir() else []


def check_name(name: str, *, replace: bool = False, guard: Guard) -> None:
    """Raises: SettingError: no such name can be, it is taken, or the one that is to be replaced is in use."""
    if not NAME.fullmatch(name):
        raise SettingError(
            f"name {name!r}: expected a letter, then letters, digits, '_' and '-', at most 40 characters."
        )
    same = lambda other: _plain(other) == _plain(name)  # noqa: E731
    if clash := next(filter(same, DATASETS.built_in()), None):
        raise SettingError(f"name {name!r}: {clash} is a data set of zscope itself. Choose another name.")
    clash = next(filter(same, names()), None)
    if clash and not (replace and clash == name):
        raise SettingError(f"name {name!r}: you have a data set {clash} already. Remove it first, or choose another.")
    with guard(clash or ""):
        pass


def add(name: str, understood: Understood, *, replace: bool = False, guard: Guard) -> Path:
    """Keep a data set under that name; its folder appears at once, whole. Raises: SettingError: the name cannot be.
    SaveError: it could not be written; nothing is left behind."""
    check_name(name, replace=replace, guard=guard)
    target, partial = root() / name, root() / f".{name}.{os.getpid()}.partial"
    need = understood.preview.n_bytes
    try:
        root().mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(root()).free
        if free < need + DISK_KEPT_FREE:
            raise SaveError(f"{name} takes {need / 1e6:.0f} MB; {free / 1e6:.0f} MB are free in {root()}.")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        hashes = {}
        for key in ARRAYS:
            if (array := getattr(understood.samples, key)) is not None:
                hashes[key] = _keep(partial / f"{key}.npy", array)
        text = json.dumps(_description(name, understood, hashes), indent=1, ensure_ascii=False)
        _write(partial / DESCRIPTION, text.encode())
        with guard(name):
            if target.exists():
                _discard(target)
            os.rename(partial, target)
    except OSError as e:
        raise SaveError(f"could not keep {name} in {root()}: {e.strerror or e}.") from e
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


def remove(name: str, *, guard: Guard) -> None:
    """Delete a data set of the user's. Raises: UnknownName: there is none of that name. SettingError: it is in use.
    SaveError."""
    if name not in names():
        raise UnknownName("data set of your own", name, names())
    try:
        with guard(name):
            _discard(root() / name)
    except OSError as e:
        raise SaveError(f"could not remove {name}: {e.strerror or e}.") from e


def describe(name: str) -> dict[str, Any]:
    """All that was kept about a data set of one's own. Raises: UnknownName; DataCorrupt: it cannot be read."""
    if name not in names():
        raise UnknownName("data set of your own", name, names())
    return _read(root() / name)


def n_bytes(name: str) -> int:
    """On the disk."""
    return sum(p.stat().st_size for p in (root() / name).iterdir())


def load(folder: Path) -> Samples:
    """The arrays, mapped into memory: read as they are used; what is written to them stays in memory.

    Raises: DataCorrupt: missing, cut short, or not what was kept.
    """
    kept = _read(folder)["arrays"]
    arrays = {}
    for key, expected in kept.items():
        path = folder / f"{key}.npy"
        try:
            array = np.load(path, mmap_mode="c", allow_pickle=False)
        except (OSError, ValueError, EOFError) as e:
            raise DataCorrupt(f"{path}: cannot be read ({e}). Remove the data set and add it again.") from None
        if [str(array.dtype), *array.shape] != expected[:-1]:
            raise DataCorrupt(f"{path}: {array.dtype} {array.shape}, expected {expected[0]} {tuple(expected[1:-1])}.")
        arrays[key] = array if key.startswith("x") else np.array(array)
    return Samples(arrays["x_train"], arrays.get("y_train"), arrays["x_test"], arrays.get("y_test"))


def verify(name: str) -> None:
    """Raises: DataCorrupt: some array is not byte by byte what was kept."""
    for key, expected in describe(name)["arrays"].items():
        path = root() / name / f"{key}.npy"
        with path.open("rb") as stream:
            given = hashlib.file_digest(stream, "sha256").hexdigest()
        if given != expected[-1]:
            raise DataCorrupt(f"{path}: SHA-256 {given[:12]}..., expected {expected[-1][:12]}...: it was edited.")


# ---------------------------------------------------------------- parts


def _plain(name: str) -> str:
    """What a file system that knows no capitals, and a hasty reader, take for the same."""
    return name.lower().replace("-", "_")


def _description(name: str, understood: Understood, hashes: dict[str, str]) -> dict[str, Any]:
    p, s = understood.preview, understood.samples
    arrays = {key: [str((a := getattr(s, key)).dtype), *a.shape, digest] for key, digest in hashes.items()}
    return {
        "format": FORMAT,
        "name": name,
        "source": p.source,
        "what": p.what,
        "modality": p.modality,
        "shape": list(p.shape),
        "classes": list(understood.classes),
        "labels": p.labels,
        "low": p.low,
        "high": p.high,
        "columns": list(p.columns),
        "mean": list(understood.mean),
        "std": list(understood.std),
        "notes": list(p.notes),
        "skipped": [[one.name, one.reason] for one in p.skipped],
        "arrays": arrays,
        "sha256": hashlib.sha256("".join(f"{k} {hashes[k]}\n" for k in sorted(hashes)).encode()).hexdigest(),
    }


@functools.lru_cache(256)
def _entry(folder: Path, changed: int) -> Dataset:
    d = _read(folder)
    if d["modality"] not in MODALITIES.all():
        raise DataCorrupt(f"{folder}: {UnknownName('modality', d['modality'], MODALITIES.all())}")
    return Dataset(
        name=folder.name,
        title=folder.name,
        modality=d["modality"],
        shape=tuple(d["shape"]),
        classes=tuple(d["classes"]),
        licence=f"your own: {d['source']}",
        origin=f"your own: {d['source']}, SHA-256 {d['sha256']}",
        cite="your own data",
        load=functools.partial(load, folder),
        folder=folder,
    )


def _read(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION
    try:
        d = json.loads(path.read_text("utf-8"))
        if not isinstance(d, dict) or d.get("format") != FORMAT or not {"modality", "shape", "arrays"} <= set(d):
            raise ValueError(f"expected a description of format {FORMAT}")
        if not {"x_train", "x_test"} <= set(d["arrays"]) <= set(ARRAYS):
            raise ValueError("it lists other arrays than a data set has")
    except (OSError, ValueError, RecursionError) as e:
        raise DataCorrupt(f"{path}: cannot be read ({e}). Remove the data set and add it again.") from None
    return d


def _keep(path: Path, array: np.ndarray) -> str:
    """Write an NPY file; its SHA-256."""
    with path.open("wb") as stream:
        np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
        stream.flush()
        os.fsync(stream.fileno())
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _discard(folder: Path) -> None:
    """Out of sight in one step, then gone: a process killed meanwhile leaves no half data set."""
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    shutil.rmtree(aside, ignore_errors=True)
    os.rename(folder, aside)
    shutil.rmtree(aside, ignore_errors=True)
