"""Picture files of any format and size to samples of one shape, with labels from the names of their folders."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from ...disk.guarded_pictures import SIDE_MAX
from ...errors import SettingError
from ...modalities.picture_files import SUFFIXES, NotAPicture, PictureLevels, Ranges, levels, opened, plain, shaped
from ...text import _, ngettext, number, size
from . import layouts
from .choices import Choices
from .decisions import Decision
from .rows import UNSORTED, Rows, check_room, fewer_classes, of_files
from .sources import ARCHIVES, File, Given, Skipped

FILE_BYTES = 64 * 2**20  # limit of one picture file
SIZED = 400  # files whose size is read if none was chosen
AS_IT_IS, SMALL, LARGE = 128, 32, 64  # px: a common size up to this is used unchanged; else a square of one of these
GREYISH = 24  # of 255: channels that differ by no more are grey with JPEG artefacts
TRAIN, TEST, OTHER = ("train", "training"), ("test", "testing"), ("val", "valid", "validation")
Progress = Callable[[int, int], object]


class NoPictures(SettingError):
    """None of the files is a picture that can be read."""


@dataclass
class _Read:
    """The result of reading all files."""

    pictures: list[np.ndarray] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    changes: Counter = field(default_factory=Counter)


def read_pictures(
    found: Given,
    choices: Choices,
    progress: Progress = lambda done, n: None,
    given_labels: dict[str, str] | None = None,
) -> Rows:
    """Every file whose content is a picture, whatever its name; every other file is listed as skipped, with the reason.
    given_labels: by the name of the file, in place of those of its folders.

    Raises: NoPictures: no file can be read. SettingError: together they exceed the memory limit.
    """
    notes: list[str] = []
    made: list[Decision] = []
    sizes, values = _surveyed(found.files, bool(choices.range))
    h, w = choices.size or _common_size(sizes, notes)
    ranges = layouts.picture_ranges(values, choices, made)
    check_room(len(found.files), 3 * h * w, 1)
    read = _Read()
    for i, file in enumerate(found.files):
        try:
            picture, changes = _picture(file, (h, w), choices, ranges)
        except SettingError as error:
            read.skipped.append(Skipped(file.name, _reason(file, error)))
        else:
            read.pictures.append(picture)
            read.files.append(file)
            read.changes.update(changes)
        progress(i + 1, len(found.files))
    if not read.pictures:
        why = "; ".join(f"{s.name}: {s.reason}" for s in read.skipped[:3])
        raise NoPictures(
            ngettext(
                "{name}: its {n} file is not a readable picture ({reasons}).",
                "{name}: none of its {n} files is a readable picture ({reasons}).",
                len(found.files),
                name=found.name,
                reasons=why,
            )
        )
    coloured = sum(len(p) == 3 for p in read.pictures)
    colour = choices.colour == "colour" or (choices.colour == "auto" and coloured > 0)
    if choices.colour == "auto":
        n = len(read.pictures)
        notes.append(
            ngettext(
                "{coloured} of {n} picture is in colour.",
                "{coloured} of {n} pictures are in colour.",
                n,
                coloured=number(coloured),
            )
            if colour
            else _("All pictures are grey.")
        )
    notes += [_note(change, n, (h, w), choices) for change, n in sorted(read.changes.items())]
    what = _("pictures, with labels from a table")
    if given_labels is None:
        labels, test = folder_labels([f.folders for f in read.files], notes)
        what = _("pictures") if labels is None else _("pictures, with labels from the names of their folders")
    else:
        test = folder_labels([f.folders for f in read.files], [])[1]
        labels = np.array([given_labels.get(f.name, UNSORTED) for f in read.files]) if given_labels else None
        labels = fewer_classes(labels, notes)
    return Rows(
        what,
        "image",
        _stacked(read.pictures, 3 if colour else 1),
        labels,
        test,
        metadata=of_files(read.files),
        notes=tuple(notes),
        skipped=tuple(read.skipped),
        decisions=tuple(made),
    )


def is_picture(file: File) -> bool:
    """Judged by its file name only."""
    return file.suffix in SUFFIXES


def folder_labels(folders: list[tuple[str, ...]], notes: list[str]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The label of each file: its first folder below those that all share. And whether it is a test sample; None if no
    folders are named train and test."""
    test = None
    shared = _n_shared(folders)
    rest = [f[shared:] for f in folders]
    heads = {f[0].lower() if f else "" for f in rest}
    if heads & set(TRAIN) and heads & set(TEST + OTHER) and heads <= set(TRAIN + TEST + OTHER):
        held = TEST if heads & set(TEST) else OTHER
        test = np.array([f[0].lower() in held for f in rest])
        notes.append(_("The train/test split follows the folders: {folders}.", folders=", ".join(sorted(heads))))
        rest = [f[1:] for f in rest]
        shared = _n_shared(rest)
        rest = [f[shared:] for f in rest]
    if not any(rest):
        return None, test
    labels = np.array([f[0] if f else UNSORTED for f in rest])
    return fewer_classes(labels, notes), test


# ---------------------------------------------------------------- parts


def _open(file: File) -> Image.Image:
    if file.size > FILE_BYTES:
        raise SettingError(
            _("{size}; the limit for a picture is {limit}", size=size(file.size), limit=size(FILE_BYTES))
        )
    return opened(file.read(), bytes_max=FILE_BYTES, side_max=SIDE_MAX)


def _picture(file: File, shape: tuple[int, int], choices: Choices, ranges: Ranges) -> tuple[np.ndarray, list[str]]:
    """(1, h, w) if it is grey, else (3, h, w), and how it had to be changed: keys of `_note`."""
    found = plain(_open(file), choices.ground, ranges)
    upright, changes = found.image, list(found.changes)
    if upright.size != shape[::-1]:
        changes.append("resized")
    grey = upright.mode == "L" or choices.colour == "grey"
    picture = shaped(upright, (1 if grey else 3, *shape), choices.fit, choices.ground)
    if len(picture) == 3 and np.ptp(picture.astype(np.int16), axis=0).max() <= GREYISH and choices.colour == "auto":
        picture = shaped(upright, (1, *shape), choices.fit, choices.ground)
    return picture, changes


def _note(change: str, n: int, shape: tuple[int, int], choices: Choices) -> str:
    """What was done to n pictures, in a sentence."""
    if change == "transparent":
        return ngettext(
            "{n} picture has transparent areas, which are now {ground}.",
            "{n} pictures have transparent areas, which are now {ground}.",
            n,
            ground=_(choices.ground),
        )
    if change == "animated":
        return ngettext(
            "{n} picture is animated or has several pages: only the first frame is used.",
            "{n} pictures are animated or have several pages: only the first frame is used.",
            n,
        )
    if change == "deep":
        return ngettext(
            "{n} picture has more than 8 bits per value and was converted to 8 bits.",
            "{n} pictures have more than 8 bits per value and were converted to 8 bits.",
            n,
        )
    if change == "cmyk":
        return ngettext(
            "{n} picture was converted from CMYK to RGB.", "{n} pictures were converted from CMYK to RGB.", n
        )
    if change == "lab":
        return ngettext(
            "{n} picture was converted from CIELAB to RGB.", "{n} pictures were converted from CIELAB to RGB.", n
        )
    if change == "turned":
        return ngettext(
            "{n} picture was rotated as its EXIF orientation says.",
            "{n} pictures were rotated as their EXIF orientation says.",
            n,
        )
    assert change == "resized"
    h, w = shape
    if choices.fit == "crop":
        return ngettext(
            "{n} picture was cropped and resized to {w}x{h} px.",
            "{n} pictures were cropped and resized to {w}x{h} px.",
            n,
            w=w,
            h=h,
        )
    if choices.fit == "whole":
        return ngettext(
            "{n} picture was padded and resized to {w}x{h} px.",
            "{n} pictures were padded and resized to {w}x{h} px.",
            n,
            w=w,
            h=h,
        )
    return ngettext(
        "{n} picture was stretched to {w}x{h} px.", "{n} pictures were stretched to {w}x{h} px.", n, w=w, h=h
    )


def _reason(file: File, error: SettingError) -> str:
    if file.suffix in ARCHIVES:
        return _("an archive inside an archive, which is not opened")
    if isinstance(error, NotAPicture) and not is_picture(file):
        return _("not a picture ({extension})", extension=file.suffix) if file.suffix else _("not a picture")
    return str(error).rstrip(".")


def _stacked(pictures: list[np.ndarray], channels: int) -> np.ndarray:
    x = np.empty((len(pictures), channels, *pictures[0].shape[1:]), np.uint8)
    for i, picture in enumerate(pictures):
        x[i] = picture  # a grey picture is broadcast to all three
        pictures[i] = picture[:0]  # frees its memory, so that there are never two copies
    return x


def _surveyed(files: Sequence[File], asked: bool) -> tuple[list[tuple[int, int]], list[PictureLevels]]:
    """(h, w) of some pictures, upright, and the values of these; of all if their range is asked for or in question."""
    candidates = [f for f in files if is_picture(f)] or list(files)
    some = candidates[:: max(1, len(candidates) // SIZED)]
    sizes, found = [], []
    for file in some:
        with contextlib.suppress(SettingError):  # reported when it is read
            image = _open(file)
            found.append(levels(image))
            upright = plain(image).image
            sizes.append((upright.height, upright.width))
    if len(some) < len(candidates) and (asked or layouts.in_question(found)):
        found = []
        for file in candidates:
            with contextlib.suppress(SettingError):
                found.append(levels(_open(file)))
    return sizes, found


def _common_size(sizes: list[tuple[int, int]], notes: list[str]) -> tuple[int, int]:
    """The size of most pictures if it is small; else a square of a suitable size."""
    if not sizes:
        return SMALL, SMALL
    (most, n), shorter = Counter(sizes).most_common(1)[0], float(np.median([min(s) for s in sizes]))
    if n > len(sizes) / 2 and max(most) <= AS_IT_IS and min(most) >= 2:
        return most
    side = SMALL if shorter < 2 * SMALL else LARGE
    low, high = min(sizes, key=lambda s: s[0] * s[1]), max(sizes, key=lambda s: s[0] * s[1])
    if low == high:
        note = _(
            "Pictures of {height}x{width} px are resized to {side}x{side}; you can choose another size.",
            height=low[0],
            width=low[1],
            side=side,
        )
    else:
        note = _(
            "Pictures of {low} to {high} px are resized to {side}x{side}; you can choose another size.",
            low=f"{low[0]}x{low[1]}",
            high=f"{high[0]}x{high[1]}",
            side=side,
        )
    notes.append(note)
    return side, side


def _n_shared(folders: list[tuple[str, ...]]) -> int:
    """How many folders, from the outermost, all files share."""
    levels = zip(*folders, strict=False)
    return next((i for i, level in enumerate(levels) if len(set(level)) > 1), min(map(len, folders)))
