"""NPY, NPZ and IDX files to samples. Nothing is unpickled: an array of objects is rejected by its header."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

import numpy as np

from ...disk import guarded_arrays
from ...disk.guarded import Limits, Refused
from ...errors import SettingError
from ...modalities import value_range
from ...text import _, ngettext
from . import layouts, npz_names
from .choices import Choices
from .decisions import Decision
from .labels import class_names
from .rows import BYTES_MAX, Rows, fewer_classes
from .sources import File, Given

SUFFIXES = (".npy", ".npz", ".npy.gz")
IDX_PARTS = {"train": ("train",), "test": ("t10k", "test")}
IMAGES, LABELS = ("image", "idx3", "idx4", "-x", "_x"), ("label", "idx1", "-y", "_y")


def read_arrays(found: Given, choices: Choices) -> Rows:
    """One NPY file, compressed with gzip or not, or one NPZ file, whose arrays are told by their names.

    Raises: SettingError.
    """
    file = found.files[0]
    npz = file.suffix == ".npz"
    pickled: list[str] = []
    with _named(file), file.open() as stream:
        limits = Limits(unpacked=BYTES_MAX)
        a = (
            guarded_arrays.npz(stream, limits, packed=file.packed, pickled=pickled)
            if npz
            else {"x": guarded_arrays.npy(stream, file.size, limits, packed=file.packed)}
        )
    notes: list[str] = []
    made: list[Decision] = []
    if pickled:
        notes.append(
            _(
                "Arrays of pickled Python objects, which are never loaded: {names}. Save them as numbers or text.",
                names=", ".join(pickled),
            )
        )
    parts = npz_names.parts(a, file.name, pickled)
    given = a[next(iter(parts.values())).x].shape
    for part in parts.values():
        a[part.x] = layouts.samples_first(a[part.x], choices)
    if npz:
        parts = npz_names.labelled(a, parts, choices, made)
        if left := npz_names.unused(a, parts):
            notes.append(_("Arrays that are not used: {names}.", names=", ".join(left)))
    x, y, test = _joined([(split, a[p.x], None if p.y is None else a[p.y]) for split, p in parts.items()], notes)
    what = _("arrays from an {format} file", format="NPZ" if npz else "NPY")
    return _rows(what, x, y, test, choices, notes=notes, made=made, skipped=tuple(found.skipped), given=given)


def read_idx_files(found: Given, choices: Choices) -> Rows:
    """MNIST's layout: files of pictures and of labels, for training and test; or a single file.

    Raises: SettingError.
    """
    parts: dict[tuple[str, str], np.ndarray] = {}
    for file in found.files:
        name = PurePosixPath(file.name).name.lower()
        with _named(file), file.open() as stream:
            array = guarded_arrays.idx(stream, file.size, Limits(unpacked=BYTES_MAX), packed=file.packed)
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
    if ("train", "x") not in parts:
        raise SettingError(_("{name}: has labels but no samples.", name=found.name))
    notes: list[str] = []
    splits = [s for s in ("train", "test") if (s, "x") in parts]
    x, y, test = _joined([(s, parts[s, "x"], parts.get((s, "y"))) for s in splits], notes)
    return _rows(_("IDX files"), x, y, test, choices, notes=notes, made=[], skipped=tuple(found.skipped))


def idx_by_name(file: File) -> bool:
    name = PurePosixPath(file.name).name.lower()
    return "idx" in name or "ubyte" in name


@contextmanager
def _named(file: File) -> Iterator[None]:
    """Raises: SettingError: what is wrong with a file, after its name."""
    try:
        yield
    except (Refused, OSError) as e:
        raise SettingError(f"{file.name}: {getattr(e, 'strerror', None) or e}") from None


# ---------------------------------------------------------------- arrays to rows


def _joined(parts: list[tuple[str, np.ndarray, np.ndarray | None]], notes: list[str]) -> tuple:
    """The samples of (split, samples, labels) one after the other, their names of classes or None, and which are test
    samples, or None if there is one split. Validation samples are test samples if no others are.

    Raises: SettingError.
    """
    first = parts[0][1]
    for split, x, _y in parts[1:]:
        if x.shape[1:] != first.shape[1:]:
            raise SettingError(
                _(
                    "samples of {first} have shape {shape}, those of {split} {other}: expected the same shape.",
                    first=parts[0][0],
                    split=split,
                    shape=first.shape[1:],
                    other=x.shape[1:],
                )
            )
    lacking = [split for split, _x, y in parts if y is None]
    y = None
    if not lacking:
        y = np.concatenate([class_names(y, len(x), notes) for _split, x, y in parts if y is not None])
    elif len(lacking) < len(parts):
        notes.append(_("The labels were left out: those of {splits} are missing.", splits=", ".join(lacking)))
    if len(parts) == 1:
        return first, y, None
    splits = [split for split, _x, _y in parts]
    held = "test" if "test" in splits else splits[-1]
    train = [split for split in splits if split != held]
    notes.append(
        _(
            "The split follows the names: {train} for training, {test} for testing.",
            train=" + ".join(train),
            test=held,
        )
    )
    test = np.concatenate([np.full(len(x), split == held) for split, x, _y in parts])
    spans = {split: value_range.usual(value_range.levels(x)) for split, x, _y in parts if x.dtype.kind in "biuf"}
    if len(set(spans.values())) > 1 and (0, 1) in spans.values():
        notes.append(
            _(
                "The splits have values of different ranges: {ranges}. They are read by one range.",
                ranges="; ".join(f"{split} {value_range.shown(value_range.levels(x))}" for split, x, _y in parts),
            )
        )
    return np.concatenate([x for _split, x, _y in parts]), y, test


def _rows(
    what: str,
    x: np.ndarray,
    y,
    test,
    choices: Choices,
    *,
    notes: list[str],
    made: list[Decision],
    skipped,
    given: tuple[int, ...] = (),
) -> Rows:
    x = layouts.checked(x)
    if x.dtype.kind == "f":
        whole = np.isfinite(x).reshape(len(x), -1).all(1)
        if not whole.any():
            raise SettingError(_("x: every sample contains NaN or infinity, so there is none to model."))
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
    x, modality = layouts.of_array(x, choices, notes, made, given=given)
    y = fewer_classes(y, notes)
    return Rows(what, modality, x, y, test, notes=tuple(notes), skipped=skipped, decisions=tuple(made))
