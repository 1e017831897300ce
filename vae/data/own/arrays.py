"""NPY, NPZ and IDX files to samples. Nothing is unpickled: an array of objects is rejected by its header."""

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
from ...text import _, ngettext, number, size
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
        raise SettingError(
            _("{name}: expected an array named x or x_train; found {names}.", name=file.name, names=", ".join(a))
            if a
            else _("{name}: expected an array named x or x_train; the file has no arrays.", name=file.name)
        )
    return _rows(
        _("arrays from an {format} file", format=file.suffix[1:].upper()),
        x,
        y,
        test,
        choices,
        notes=notes,
        skipped=tuple(found.skipped),
    )


def read_idx_files(found: Given, choices: Choices) -> Rows:
    """MNIST's layout: files of pictures and of labels, for training and test; or a single file.

    Raises: SettingError.
    """
    parts: dict[tuple[str, str], np.ndarray] = {}
    for file in found.files:
        name = PurePosixPath(file.name).name.lower()
        array = idx(file.read(), file.name)
        split = "test" if any(word in name for word in IDX_PARTS["test"]) else "train"
        labels = any(word in name for word in LABELS) if len(found.files) > 1 else False
        if (split, "y" if labels else "x") in parts:
            raise SettingError(
                _("{name}: more than one file of labels for the {split} split.", name=found.name, split=split)
                if labels
                else _("{name}: more than one file of samples for the {split} split.", name=found.name, split=split)
            )
        parts[split, "y" if labels else "x"] = array
    if ("train", "x") not in parts and ("test", "x") in parts:
        parts = {("train", key): array for (_split, key), array in parts.items()}
    x, y, test = _joined(*(parts.get((s, k)) for s in ("train", "test") for k in "xy"))
    if x is None:
        raise SettingError(_("{name}: has labels but no samples.", name=found.name))
    return _rows(_("IDX files"), x, y, test, choices, notes=[], skipped=tuple(found.skipped))


# ---------------------------------------------------------------- files to arrays


def npy(data: bytes, name: str) -> np.ndarray:
    """The array of an NPY file, whose length must match its header. Raises: SettingError."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if read is None:
            raise ValueError(f"version {version}")
        shape, fortran, dtype = read(stream)
    except (ValueError, EOFError) as e:
        raise SettingError(_("{name}: not an NPY file, or a damaged one ({error}).", name=name, error=e)) from None
    if dtype.hasobject:
        raise SettingError(
            _(
                "{name}: contains pickled Python objects, which are never loaded. Save it as an array of numbers.",
                name=name,
            )
        )
    expected, given = math.prod(shape) * dtype.itemsize, len(data) - stream.tell()
    if given != expected:
        raise SettingError(_wrong_length(name, f"{dtype} {shape}", expected, given))
    flat = np.frombuffer(data, dtype, offset=stream.tell())
    return flat.reshape(shape, order="F" if fortran else "C")


def npz(data: bytes, name: str) -> dict[str, np.ndarray]:
    """The arrays of an NPZ file. Raises: SettingError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            total = sum(e.file_size for e in archive.infolist())
            if total > BYTES_MAX:
                raise SettingError(
                    _(
                        "{name} unpacks to {size}; the limit is {limit}.",
                        name=name,
                        size=size(total),
                        limit=size(BYTES_MAX),
                    )
                )
            inside = [e for e in archive.infolist() if e.filename.endswith(".npy")]
            return {e.filename[:-4]: npy(archive.read(e), f"{name}: {e.filename}") for e in inside}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError) as e:
        raise SettingError(_("{name}: not an NPZ file, or a damaged one ({error}).", name=name, error=e)) from None


def idx(data: bytes, name: str) -> np.ndarray:
    """The array of an IDX file, compressed with gzip or not. Raises: SettingError."""
    if data[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
                data = stream.read(BYTES_MAX + 1)
        except (OSError, EOFError, zlib.error) as e:
            raise SettingError(_("{name}: the gzip data is damaged ({error}).", name=name, error=e)) from None
    start = 4 + 4 * data[3] if len(data) >= 4 else 4
    if not is_idx(data) or len(data) < start:
        raise SettingError(
            _("{name}: not an IDX file: the first bytes are {bytes}.", name=name, bytes=data[:4].hex(" "))
        )
    shape = tuple(int(length) for length in np.frombuffer(data[4:start], ">u4"))
    dtype = np.dtype(IDX_TYPES[data[2]])
    expected, given = math.prod(shape) * dtype.itemsize, len(data) - start
    if given != expected:
        raise SettingError(_wrong_length(name, f"{dtype.name} {shape}", expected, given))
    return np.frombuffer(data, dtype, offset=start).reshape(shape).astype(dtype.newbyteorder("="))


def is_idx(head: bytes) -> bool:
    return len(head) >= 4 and head[:2] == b"\0\0" and head[2] in IDX_TYPES and 1 <= head[3] <= 6


def idx_by_name(file: File) -> bool:
    name = PurePosixPath(file.name).name.lower()
    return "idx" in name or "ubyte" in name


def _wrong_length(name: str, array: str, expected: int, given: int) -> str:
    return _(
        "{name}: truncated or damaged: an array {array} takes {expected} bytes, the file has {given}.",
        name=name,
        array=array,
        expected=number(expected),
        given=number(given),
    )


# ---------------------------------------------------------------- arrays to rows


def _joined(x, y, x_test, y_test) -> tuple:
    if x is None or x_test is None:
        return x, y, None
    if x.shape[1:] != x_test.shape[1:]:
        raise SettingError(
            _(
                "training samples have shape {train}, test samples {test}: expected the same shape.",
                train=x.shape[1:],
                test=x_test.shape[1:],
            )
        )
    test = np.arange(len(x) + len(x_test)) >= len(x)
    both = y is not None and y_test is not None
    return np.concatenate([x, x_test]), np.concatenate([y, y_test]) if both else None, test


def _rows(what, x, y, test, choices: Choices, *, notes: list[str], skipped) -> Rows:
    if y is not None:
        y = y.reshape(-1) if np.size(y) == len(x) else y
        if y.shape != (len(x),):
            raise SettingError(
                ngettext(
                    "labels of shape {shape}: expected one label for the {n} sample.",
                    "labels of shape {shape}: expected one label for each of the {n} samples.",
                    len(x),
                    shape=y.shape,
                )
            )
        y = np.array([f"{v:g}" for v in y]) if np.issubdtype(y.dtype, np.floating) else y.astype(str)
    if np.issubdtype(x.dtype, np.floating) and x.ndim > 1:
        whole = np.isfinite(x).reshape(len(x), -1).all(1)
        if not whole.all():
            left_out = int((~whole).sum())
            notes.append(
                ngettext(
                    "{n} sample contains NaN or infinity and was left out.",
                    "{n} samples contain NaN or infinity and were left out.",
                    left_out,
                )
            )
            x, y, test = x[whole], *(None if a is None else a[whole] for a in (y, test))
    x, modality = as_samples(x, choices, notes)
    y = fewer_classes(y, notes)
    return Rows(what, modality, x, y, test, notes=tuple(notes), skipped=skipped)


def as_samples(x: np.ndarray, choices: Choices, notes: list[str], layout: str = "") -> tuple[np.ndarray, str]:
    """x as (n, *shape) and its modality: the chosen one, else the one that fits its shape and values best, of a layout
    if one is given. Raises: SettingError."""
    if x.ndim < 2 or len(x) < 1 or not (np.issubdtype(x.dtype, np.number) or x.dtype == bool):
        raise SettingError(
            _(
                "x is {dtype} {shape}: expected numbers of shape (n, m), (n, h, w), (n, c, h, w) or (n, c, t).",
                dtype=x.dtype,
                shape=x.shape,
            )
        )
    check_room(len(x), math.prod(x.shape[1:]), 8)
    if choices.size and x.ndim == 2:
        x = _reshaped(x, choices.size, notes)
    modality = MODALITIES.get(choices.kind) if choices.kind != "auto" else _likeliest(x, layout)
    if modality is None or modality.from_array is None:
        if modality:
            message = _(
                "x of shape {shape} is not an array of {samples}; see docs/data.md for the layouts.",
                shape=x.shape,
                samples=_(modality.plural),
            )
        elif layout:
            message = _(
                "x of shape {shape} is not an array of layout {layout}; see docs/data.md for the layouts.",
                shape=x.shape,
                layout=layout,
            )
        else:
            message = _(
                "x of shape {shape} is not an array of samples; see docs/data.md for the layouts.", shape=x.shape
            )
        raise SettingError(message)
    return modality.from_array(x, notes), modality.name


def _likeliest(x: np.ndarray, layout: str) -> Modality | None:
    """The modality whose samples x resembles most, of a layout if one is given; None if it resembles none."""
    likely = [m for m in MODALITIES.all().values() if m.from_array and layout in ("", m.layout)]
    best = max(likely, key=lambda m: m.looks(x), default=None)
    return best if best and best.looks(x) else None


def _reshaped(x: np.ndarray, shape: tuple[int, int], notes: list[str]) -> np.ndarray:
    h, w = shape
    if x.shape[1] not in (h * w, 3 * h * w):
        raise SettingError(
            ngettext(
                "rows have {n} value, but a picture of {h}x{w} has {grey} (grey) or {colour} (colour).",
                "rows have {n} values, but a picture of {h}x{w} has {grey} (grey) or {colour} (colour).",
                x.shape[1],
                h=h,
                w=w,
                grey=number(h * w),
                colour=number(3 * h * w),
            )
        )
    notes.append(
        ngettext(
            "Each row of {n} value is a picture of {h}x{w}.",
            "Each row of {n} values is a picture of {h}x{w}.",
            x.shape[1],
            h=h,
            w=w,
        )
    )
    return x.reshape(len(x), -1, h, w)
