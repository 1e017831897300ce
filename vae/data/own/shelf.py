"""Your data, stored: one folder per data set, with arrays that can be memory-mapped and a description as JSON.

The folders lie in ZSCOPE_OWN, else in the user's data folder, and are listed like any other data set.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from ...disk import folder_swap
from ...disk.saving import advice, free, saving
from ...errors import DataCorrupt, SaveError, SettingError, UnknownName
from ...modalities.variables import of_json
from ...registry import DATASETS, MODALITIES, Dataset
from ...text import N_, _, size
from ...types import Samples, Variables
from ..metadata import Columns, packed, unpacked
from .understand import Understood

OWN = "your own:"  # prefix of licence and origin of user data; checkpoints store these, so it is never translated
VARIABLE = "ZSCOPE_OWN"
METADATA = "metadata.json"  # of the training samples, as vae.data.metadata packs it
DESCRIPTION, FORMAT = "description.json", 1
ARRAYS = ("x_train", "y_train", "x_test", "y_test", "spans_train")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")
DISK_RESERVE = 256 * 2**20  # bytes left on the disk after a data set is added
Guard = Callable[[str], AbstractContextManager[None]]  # entered to delete a data set; raises SettingError


def root() -> Path:
    """The folder of all of them: ZSCOPE_OWN, or `data` in the user's data folder."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    import platformdirs

    return platformdirs.user_data_path("zscope", appauthor=False) / "data"


def shelved() -> dict[str, Dataset]:
    """name -> entry of every data set that was added. One whose description is unreadable, or whose modality is not
    installed, is left out here; `describe` reports it."""
    found = {}
    for path in sorted(root().glob(f"[!.]*/{DESCRIPTION}")) if root().is_dir() else ():
        try:
            found[path.parent.name] = _entry(path.parent, path.stat().st_mtime_ns)
        except (DataCorrupt, OSError):  # being removed, or damaged
            continue
    return found


def names() -> list[str]:
    """The names of all of them, also of unreadable ones."""
    return sorted(p.parent.name for p in root().glob(f"[!.]*/{DESCRIPTION}")) if root().is_dir() else []


def check_name(name: str, *, replace: bool = False, guard: Guard) -> None:
    """Raises: SettingError: the name is invalid or taken, or the data set to be replaced is in use."""
    if not NAME.fullmatch(name):
        raise SettingError(
            _("name {name!r}: expected a letter, then letters, digits, '_' and '-', 40 characters at most.", name=name)
        )
    taken = clash(name)
    if taken in DATASETS.built_in():
        raise SettingError(
            _("name {name!r}: {other} is a built-in data set. Choose another name.", name=name, other=taken)
        )
    if taken and not (replace and taken == name):
        raise SettingError(
            _(
                "name {name!r}: you already have a data set {other}. Remove it first or choose another name.",
                name=name,
                other=taken,
            )
        )
    with guard(taken):
        pass


def clash(name: str) -> str:
    """The data set, built-in or yours, whose name is that one or hardly differs from it; "" if there is none."""
    return next((other for other in (*DATASETS.built_in(), *names()) if _plain(other) == _plain(name)), "")


def same_as(understood: Understood) -> str:
    """The name of a stored data set with the same samples, classes and columns; "" if there is none."""
    s, p = understood.samples, understood.preview
    what = (p.modality, list(understood.classes), list(p.columns))
    shapes = {key: [str(a.dtype), *a.shape] for key in ARRAYS if (a := getattr(s, key)) is not None}
    alike: dict[str, dict[str, str]] = {}
    for name in shelved():
        d = describe(name)
        told = (d["modality"], d.get("classes"), d.get("columns"))
        if told == what and {key: entry[:-1] for key, entry in d["arrays"].items()} == shapes:
            alike[name] = {key: entry[-1] for key, entry in d["arrays"].items()}
    if not alike:
        return ""
    hashes = {key: _digest(getattr(s, key)) for key in shapes}
    return next((name for name, stored in alike.items() if stored == hashes), "")


def add(name: str, understood: Understood, *, replace: bool = False, guard: Guard) -> Path:
    """Store a data set under that name; its folder appears complete, in one step.

    Raises: SettingError: as `check_name`. SaveError: it could not be written; nothing is left behind.
    """
    check_name(name, replace=replace, guard=guard)
    target, partial = root() / name, root() / f".{name}.{os.getpid()}.partial"
    need = understood.preview.n_bytes
    with saving(target, variable=VARIABLE):
        root().mkdir(parents=True, exist_ok=True)
        if (left := free(target)) < need + DISK_RESERVE:
            raise SaveError(
                _(
                    "{name} takes {need}, but only {free} are free in {folder}.",
                    name=name,
                    need=size(need),
                    free=size(left),
                    folder=root(),
                ),
                kept=_("Nothing was changed."),
                advice=advice(OSError(errno.ENOSPC, ""), VARIABLE),
            )
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            hashes, kept = {}, {}
            for key in ARRAYS:
                if (array := getattr(understood.samples, key)) is not None:
                    hashes[key] = _write_array(partial / f"{key}.npy", array)
            if columns := understood.samples.metadata_train:
                folder_swap.write(partial / METADATA, data := packed(columns))
                kept = {"columns": list(columns), "sha256": hashlib.sha256(data).hexdigest()}
            text = json.dumps(_description(name, understood, hashes) | {"metadata": kept}, indent=1, ensure_ascii=False)
            folder_swap.write(partial / DESCRIPTION, text.encode())
            with guard(name):
                folder_swap.swap(partial, target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return target


def remove(name: str, *, guard: Guard) -> None:
    """Delete one of your data sets. Raises: UnknownName: there is none of that name. SettingError: it is in use.
    SaveError."""
    if name not in names():
        raise UnknownName(_("user data set"), name, names())
    with saving(root() / name), guard(name):
        _discard(root() / name)


def describe(name: str) -> dict[str, Any]:
    """The stored description of one of your data sets. Raises: UnknownName; DataCorrupt: it cannot be read."""
    if name not in names():
        raise UnknownName(_("user data set"), name, names())
    return _read(root() / name)


def n_bytes(name: str) -> int:
    """Its size on disk."""
    return sum(p.stat().st_size for p in (root() / name).iterdir())


def load(folder: Path) -> Samples:
    """The arrays, memory-mapped: read when they are used; changes stay in memory.

    Raises: DataCorrupt: an array is missing, truncated, or not the one that was stored.
    """
    arrays = {}
    for key, expected in _read(folder)["arrays"].items():
        path = folder / f"{key}.npy"
        try:
            array = np.load(path, mmap_mode="c", allow_pickle=False)
        except (OSError, ValueError, EOFError) as e:
            raise DataCorrupt(
                _("{path}: cannot be read ({error}). Remove the data set and add it again.", path=path, error=e)
            ) from None
        if [str(array.dtype), *array.shape] != expected[:-1]:
            raise DataCorrupt(
                _(
                    "{path}: contains {dtype} {shape}; expected {expected_dtype} {expected_shape}.",
                    path=path,
                    dtype=array.dtype,
                    shape=array.shape,
                    expected_dtype=expected[0],
                    expected_shape=tuple(expected[1:-1]),
                )
            )
        arrays[key] = array if key.startswith("x") else np.array(array)
    x_train, x_test, y = arrays["x_train"], arrays["x_test"], (arrays.get("y_train"), arrays.get("y_test"))
    return Samples(
        x_train,
        y[0],
        x_test,
        y[1],
        spans_train=arrays.get("spans_train"),
        metadata_train=_metadata(folder / METADATA, len(x_train)),
    )


def verify(name: str) -> None:
    """Raises: DataCorrupt: an array differs from the one that was stored."""
    described = describe(name)
    files = {f"{key}.npy": expected[-1] for key, expected in described["arrays"].items()}
    if kept := described.get("metadata"):
        files[METADATA] = kept["sha256"]
    for file, expected in files.items():
        path = root() / name / file
        with path.open("rb") as stream:
            given = hashlib.file_digest(stream, "sha256").hexdigest()
        if given != expected:
            raise DataCorrupt(
                _(
                    "{path}: the file was changed: SHA-256 {given}..., expected {expected}...",
                    path=path,
                    given=given[:12],
                    expected=expected[:12],
                )
            )


# ---------------------------------------------------------------- parts


def _plain(name: str) -> str:
    """Names with the same key are not distinguished by a case-insensitive file system or a hasty reader."""
    return name.lower().replace("-", "_")


def _description(name: str, understood: Understood, hashes: dict[str, str]) -> dict[str, Any]:
    p, s, v = understood.preview, understood.samples, understood.variables
    arrays = {key: [str((a := getattr(s, key)).dtype), *a.shape, digest] for key, digest in hashes.items()}
    listing = "".join(f"{key} {hashes[key]}\n" for key in sorted(hashes))
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
        "mean": list(v.mean),
        "std": list(v.std),
        "units": list(v.units),
        "axis": {"step": v.step, "unit": v.step_unit, "name": v.axis},
        "notes": list(p.notes),
        "decisions": [asdict(decision) for decision in p.decisions],
        "skipped": [[one.name, one.reason] for one in p.skipped],
        "arrays": arrays,
        "sha256": hashlib.sha256(listing.encode()).hexdigest(),
    }


@functools.lru_cache(256)
def _entry(folder: Path, changed: int) -> Dataset:
    d = _read(folder)
    if d["modality"] not in MODALITIES.all():
        unknown = UnknownName(_("modality"), d["modality"], MODALITIES.all())
        raise DataCorrupt(f"{folder}: {unknown}")
    return Dataset(
        name=folder.name,
        title=folder.name,
        modality=d["modality"],
        shape=tuple(d["shape"]),
        classes=tuple(d["classes"]),
        licence=f"{OWN} {d['source']}",
        origin=f"{OWN} {d['source']}, SHA-256 {d['sha256']}",
        cite=N_("your own data"),
        load=functools.partial(load, folder),
        folder=folder,
        variables=_variables(d),
    )


def _variables(d: dict[str, Any]) -> Variables:
    """Those that a description holds: one from before there were units has none."""
    axis = d.get("axis") or {}
    time = {"step": axis.get("step", 0.0), "step_unit": axis.get("unit", ""), "axis": axis.get("name", "")}
    lists = {"names": d.get("columns"), **{key: d.get(key) for key in ("units", "mean", "std")}}
    return of_json({**lists, **time}, d["shape"][0])


def _metadata(path: Path, n: int) -> Columns:
    """The columns of the training samples; none of a data set that was added before they were kept."""
    try:
        return unpacked(path.read_bytes(), n) if path.is_file() else {}
    except (OSError, ValueError, RecursionError) as e:
        raise DataCorrupt(
            _("{path}: cannot be read ({error}). Remove the data set and add it again.", path=path, error=e)
        ) from None


def _read(folder: Path) -> dict[str, Any]:
    path = folder / DESCRIPTION
    try:
        d = json.loads(path.read_text("utf-8"))
        if not isinstance(d, dict) or d.get("format") != FORMAT or not {"modality", "shape", "arrays"} <= set(d):
            raise ValueError(f"expected a description of format {FORMAT}")
        if not {"x_train", "x_test"} <= set(d["arrays"]) <= set(ARRAYS):
            raise ValueError("it lists other arrays than a data set has")
    except (OSError, ValueError, RecursionError) as e:
        raise DataCorrupt(
            _("{path}: cannot be read ({error}). Remove the data set and add it again.", path=path, error=e)
        ) from None
    return d


def _write_array(path: Path, array: np.ndarray) -> str:
    """Write an NPY file and return its SHA-256."""
    with path.open("wb") as stream:
        file: Any = SimpleNamespace(write=stream.write)  # NumPy writes to a real file by itself, and hides why it fails
        np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
        stream.flush()
        os.fsync(stream.fileno())
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digest(array: np.ndarray) -> str:
    """The SHA-256 that its NPY file has."""
    digest = hashlib.sha256()
    file: Any = SimpleNamespace(write=digest.update)
    np.lib.format.write_array(file, np.ascontiguousarray(array), allow_pickle=False)
    return digest.hexdigest()


def _discard(folder: Path) -> None:
    """Hide it in one step, then delete it: a process killed in between leaves no partial data set."""
    aside = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    shutil.rmtree(aside, ignore_errors=True)
    os.rename(folder, aside)
    shutil.rmtree(aside, ignore_errors=True)
