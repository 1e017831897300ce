"""NPY, NPZ and IDX files to samples. Nothing is unpickled: an array of objects is refused by its header."""

from __future__ import annotations

import gzip
import io
import math
import zipfile
import zlib
from pathlib import PurePosixPath

import numpy as np

from ...errors import SettingError
from ...registry import MODALITIES, Modality
from .choices import Choices
from .rows import BYTES_MAX, Rows, check_room, fewer_classes
from .sources import File, Given

X, Y = ("x", "images", "data", "samples", "arr_0"), ("y", "labels", "target", "targets", "label", "arr_1")
IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
IDX_PARTS = {"train": ("train",), "test": ("t10k", "test")}
IMAGES, LABELS = ("image", "idx3", "idx4", "-x", "_x"), ("label", "idx1", "-y", "_y")


def read_arrays(found: Given, choices: Choices) -> Rows:
    """One NPY or NPZ file. Arrays x[, y] or x_train[, y_train], x_test[, y_test]. Raises: SettingError."""
    file = found.files[0]
    a = npz(file.read(), file.name) if file.suffix == ".npz" else {"x": npy(file.read(), file.name)}
    a = {name.lower(): array for name, array in a.items()}
    notes: list[str] = []
    x, y = (next((a[name] for name in names if name in a), None) for names in (X, Y))
    test = None
    if "x_train" in a:
        x, y, test = _joined(a.get("x_train"), a.get("y_train"), a.get("x_test"), a.get("y_test"))
    elif x is None and len(a) == 1:
        x = next(iter(a.values()))
    if x is None:
        raise SettingError(f"{file.name}: expected an array x (or x_train); it has {', '.join(a) or 'none'}.")
    return _rows(
        f"arrays of an {file.suffix[1:].upper()} file", x, y, test, choices, notes=notes, skipped=tuple(found.skipped)
    )


def read_idx_files(found: Given, choices: Choices) -> Rows:
    """MNIST's layout: files of pictures and of labels, for training and test; or a single file of either.

    Raises: SettingError.
    """
    parts: dict[tuple[str, str], np.ndarray] = {}
    for file in found.files:
        name = PurePosixPath(file.name).name.lower()
        array = idx(file.read(), file.name)
        split = "test" if any(word in name for word in IDX_PARTS["test"]) else "train"
        labels = any(word in name for word in LABELS) if len(found.files) > 1 else False
        if (split, "y" if labels else "x") in parts:
            raise SettingError(f"{found.name}: more than one file of {'labels' if labels else 'samples'} ({split}).")
        parts[split, "y" if labels else "x"] = array
    if ("train", "x") not in parts and ("test", "x") in parts:
        parts = {("train", key): array for (_, key), array in parts.items()}
    x, y, test = _joined(*(parts.get((s, k)) for s in ("train", "test") for k in "xy"))
    if x is None:
        raise SettingError(f"{found.name}: it has labels alone, no samples.")
    return _rows("IDX files", x, y, test, choices, notes=[], skipped=tuple(found.skipped))


# ---------------------------------------------------------------- files to arrays


def npy(data: bytes, name: str) -> np.ndarray:
    """The array of an NPY file, whose length is what its header says. Raises: SettingError."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if read is None:
            raise ValueError(f"version {version}")
        shape, fortran, dtype = read(stream)
    except (ValueError, EOFError) as e:
        raise SettingError(f"{name}: not an NPY file, or a damaged one ({e}).") from None
    if dtype.hasobject:
        raise SettingError(f"{name}: holds pickled Python objects, which are never opened. Save plain numbers.")
    if len(data) - stream.tell() != math.prod(shape) * dtype.itemsize:
        raise SettingError(f"{name}: cut short, or damaged: {dtype} {shape} does not take the bytes that are there.")
    flat = np.frombuffer(data, dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if fortran else "C")


def npz(data: bytes, name: str) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file. Raises: SettingError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(e.file_size for e in archive.infolist())
            if size > BYTES_MAX:
                raise SettingError(f"{name}: {size / 2**30:.1f} GB unpacked; at most {BYTES_MAX / 2**30:.0f} are read.")
            inside = [e for e in archive.infolist() if e.filename.endswith(".npy")]
            return {e.filename[:-4]: npy(archive.read(e), f"{name}: {e.filename}") for e in inside}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as e:
        raise SettingError(f"{name}: not an NPZ file, or a damaged one ({e}).") from None


def idx(data: bytes, name: str) -> np.ndarray:
    """The array of an IDX file, packed by gzip or not. Raises: SettingError."""
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                data = stream.read(BYTES_MAX + 1)
        except (OSError, EOFError, zlib.error) as e:
            raise SettingError(f"{name}: damaged gzip ({e}).") from None
    start = 4 + 4 * data[3] if len(data) >= 4 else 4
    if not is_idx(data) or len(data) < start:
        raise SettingError(f"{name}: not an IDX file: it starts with {data[:4].hex(' ')}.")
    shape = tuple(int(size) for size in np.frombuffer(data[4:start], ">u4"))
    dtype = np.dtype(IDX_TYPES[data[2]])
    if len(data) != start + math.prod(shape) * dtype.itemsize:
        raise SettingError(f"{name}: cut short, or damaged: shape {shape} does not take the bytes that are there.")
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def is_idx(head: bytes) -> bool:
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in IDX_TYPES and 1 <= head[3] <= 6


def idx_by_name(file: File) -> bool:
    name = PurePosixPath(file.name).name.lower()
    return "idx" in name or "ubyte" in name


# ---------------------------------------------------------------- arrays to rows


def _joined(x, y, x_test, y_test) -> tuple:
    if x is None or x_test is None:
        return x, y, None
    if x.shape[1:] != x_test.shape[1:]:
        raise SettingError(f"training samples are {x.shape[1:]}, test samples {x_test.shape[1:]}: expected the same.")
    test = np.arange(len(x) + len(x_test)) >= len(x)
    both = y is not None and y_test is not None
    return np.concatenate([x, x_test]), np.concatenate([y, y_test]) if both else None, test


def _rows(what, x, y, test, choices: Choices, *, notes: list[str], skipped) -> Rows:
    if y is not None:
        y = y.reshape(-1) if np.size(y) == len(x) else y
        if y.shape != (len(x),):
            raise SettingError(f"labels {y.shape}: expected one for each of the {len(x)} samples.")
        y = np.array([f"{v:g}" for v in y]) if np.issubdtype(y.dtype, np.floating) else y.astype(str)
    if np.issubdtype(x.dtype, np.floating) and x.ndim > 1:
        whole = np.isfinite(x).reshape(len(x), -1).all(1)
        if not whole.all():
            notes.append(f"{(~whole).sum():,} samples hold NaN or infinity, and are left out.")
            x, y, test = x[whole], *(None if a is None else a[whole] for a in (y, test))
    x, modality = as_samples(x, choices, notes)
    y = fewer_classes(y, notes)
    return Rows(what, modality, x, y, test, notes=tuple(notes), skipped=skipped)


def as_samples(x: np.ndarray, choices: Choices, notes: list[str], layout: str = "") -> tuple[np.ndarray, str]:
    """x as (n, *shape), and its modality: by choice, else by what its shape and values say, of those of a layout if one
    is given. Raises: SettingError."""
    if x.ndim < 2 or len(x) < 1 or not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
        raise SettingError(f"x is {x.dtype} {x.shape}: expected numbers, (n, m), (n, h, w), (n, c, h, w) or (n, c, t).")
    check_room(len(x), math.prod(x.shape[1:]), 8)
    if choices.size and x.ndim == 2:
        x = _reshaped(x, choices.size, notes)
    modality = MODALITIES.get(choices.kind) if choices.kind != "auto" else _looks(x, layout)
    if modality is None or modality.from_array is None:
        of = modality.plural if modality else f"a {layout}" if layout else "samples"
        raise SettingError(f"x of shape {x.shape} is no array of {of}; docs/data.md shows the layouts.")
    return modality.from_array(x, notes), modality.name


def _looks(x: np.ndarray, layout: str) -> Modality | None:
    """The modality that x is most like, of those of a layout if one is given; None: it is like none."""
    likely = [m for m in MODALITIES.all().values() if m.from_array and layout in ("", m.layout)]
    best = max(likely, key=lambda m: m.looks(x), default=None)
    return best if best and best.looks(x) else None


def _reshaped(x: np.ndarray, size: tuple[int, int], notes: list[str]) -> np.ndarray:
    h, w = size
    if x.shape[1] not in (h * w, 3 * h * w):
        raise SettingError(f"rows of {x.shape[1]} values: pictures of {h}x{w} have {h * w}, or {3 * h * w}.")
    notes.append(f"Each row of {x.shape[1]} values is a picture of {h}x{w}.")
    return x.reshape(len(x), -1, h, w)
