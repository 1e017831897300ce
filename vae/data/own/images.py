"""Picture files of any kind and size to samples of one shape, with labels from the folders they lie in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from ...errors import SettingError
from .choices import Choices
from .picture_files import opened, plain, shaped, transparent
from .rows import UNSORTED, Rows, check_room, fewer_classes
from .sources import ARCHIVES, File, Given, Skipped

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")  # none of which runs a program to be read, as EPS does
SUFFIXES = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".ppm", ".pgm", ".pbm",
    ".pnm", ".apng",
)  # fmt: skip
FILE_BYTES, SIDE = 64 * 2**20, 12_000  # the largest picture file that is opened; px: beyond PIL's own bound on bombs
ASKED = 400  # files whose size is looked at where none was chosen
AS_IT_IS, SMALL, LARGE = 128, 32, 64  # px: up to which a common size is kept; else one of these, square
GREYISH = 24  # of 255: channels that differ by no more are the grey of a JPEG
TRAIN, TEST, OTHER = ("train", "training"), ("test", "testing"), ("val", "valid", "validation")
Progress = Callable[[int, int], object]


@dataclass
class _Read:
    """What comes of all files."""

    pictures: list[np.ndarray] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    oddities: Counter = field(default_factory=Counter)


def read_pictures(found: Given, choices: Choices, progress: Progress = lambda done, n: None) -> Rows:
    """Every file that is a picture by its content, whatever its name says; each other one is named with the reason.

    Raises: SettingError: none can be read, or all together are too much.
    """
    notes: list[str] = []
    h, w = choices.size or _common_size(found.files, notes)
    check_room(len(found.files), 3 * h * w, 1)
    read = _Read()
    for i, file in enumerate(found.files):
        try:
            picture, odd = _picture(file, (h, w), choices)
        except SettingError as error:
            read.skipped.append(Skipped(file.name, _reason(file, str(error))))
        else:
            read.pictures.append(picture)
            read.files.append(file)
            read.oddities.update(odd)
        progress(i + 1, len(found.files))
    if not read.pictures:
        why = "; ".join(f"{s.name}: {s.reason}" for s in read.skipped[:3])
        raise SettingError(f"{found.name}: none of its {len(found.files)} files is a picture that can be read ({why}).")
    coloured = sum(len(p) == 3 for p in read.pictures)
    colour = choices.colour == "colour" or (choices.colour == "auto" and coloured > 0)
    if choices.colour == "auto":
        n = len(read.pictures)
        notes.append(f"{coloured} of {n} pictures have colour." if colour else "No picture has colour.")
    notes += [f"{n} picture{'s' * (n > 1)} {what}." for what, n in sorted(read.oddities.items())]
    labels, test = folder_labels([f.folders for f in read.files], notes)
    return Rows(
        "pictures" if labels is None else "pictures, with labels from the names of their folders",
        "image",
        _stacked(read.pictures, 3 if colour else 1),
        labels,
        test,
        notes=tuple(notes),
        skipped=tuple(read.skipped),
    )


def is_picture(file: File) -> bool:
    """By its name alone."""
    return file.suffix in SUFFIXES


def folder_labels(folders: list[tuple[str, ...]], notes: list[str]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The first folder below what all have in common, and whether it lies in a folder called test, where there is one
    beside a folder called train."""
    test = None
    shared = _in_common(folders)
    rest = [f[shared:] for f in folders]
    heads = {f[0].lower() if f else "" for f in rest}
    if heads & set(TRAIN) and heads & set(TEST + OTHER) and heads <= set(TRAIN + TEST + OTHER):
        held = TEST if heads & set(TEST) else OTHER
        test = np.array([f[0].lower() in held for f in rest])
        notes.append(f"The split is that of the folders: {', '.join(sorted(heads))}.")
        rest = [f[1:] for f in rest]
        shared = _in_common(rest)
        rest = [f[shared:] for f in rest]
    if not any(rest):
        return None, test
    labels = np.array([f[0] if f else UNSORTED for f in rest])
    return fewer_classes(labels, notes), test


# ---------------------------------------------------------------- parts


def _open(file: File) -> Image.Image:
    if file.size > FILE_BYTES:
        raise SettingError(f"{file.size / 2**20:.0f} MB; pictures of at most {FILE_BYTES // 2**20} MB are opened")
    return opened(file.read(), FORMATS, FILE_BYTES, SIDE)


def _picture(file: File, size: tuple[int, int], choices: Choices) -> tuple[np.ndarray, list[str]]:
    """(1, h, w) where it has no colour, else (3, h, w); and what was odd about it."""
    image = _open(file)
    odd = []
    if transparent(image):
        odd.append(f"transparent in places, laid on {choices.ground}")
    if getattr(image, "n_frames", 1) > 1:
        odd.append("moving, or of several pages: the first is taken")
    if image.mode.startswith(("I", "F")):
        odd.append("of more than 8 bits a value, scaled to 8")
    if image.mode == "CMYK":
        odd.append("for print (CMYK), made RGB")
    if image.getexif().get(0x0112, 1) not in (0, 1):
        odd.append("taken with the camera turned, put upright")
    upright = plain(image, choices.ground)
    if upright.size != (size[1], size[0]):
        odd.append(f"of another size, fitted to {size[0]}x{size[1]} ({choices.fit})")
    grey = upright.mode == "L" or choices.colour == "grey"
    picture = shaped(upright, (1 if grey else 3, *size), choices.fit, choices.ground)
    if len(picture) == 3 and np.ptp(picture.astype(np.int16), axis=0).max() <= GREYISH and choices.colour == "auto":
        picture = shaped(upright, (1, *size), choices.fit, choices.ground)
    return picture, odd


def _reason(file: File, error: str) -> str:
    if file.suffix in ARCHIVES:
        return "an archive in an archive, which is not opened"
    if error.startswith("expected a picture") and not is_picture(file):
        return f"no picture ({file.suffix or 'no extension'})"
    return error.rstrip(".")


def _stacked(pictures: list[np.ndarray], channels: int) -> np.ndarray:
    x = np.empty((len(pictures), channels, *pictures[0].shape[1:]), np.uint8)
    for i, picture in enumerate(pictures):
        x[i] = picture  # a grey one fills all three
        pictures[i] = picture[:0]  # its memory is free: both at once would be twice as much
    return x


def _common_size(files: Sequence[File], notes: list[str]) -> tuple[int, int]:
    """What most have, where that is small; else a square that suits their size."""
    asked = [f for f in files if is_picture(f)] or list(files)
    sizes = []
    for file in asked[:: max(1, len(asked) // ASKED)]:
        try:
            image = plain(_open(file))
        except SettingError:  # it will be named when it is read
            continue
        sizes.append((image.height, image.width))
    if not sizes:
        return SMALL, SMALL
    (most, n), shorter = Counter(sizes).most_common(1)[0], float(np.median([min(s) for s in sizes]))
    if n > len(sizes) / 2 and max(most) <= AS_IT_IS and min(most) >= 2:
        return most
    side = SMALL if shorter < 2 * SMALL else LARGE
    low, high = min(sizes, key=lambda s: s[0] * s[1]), max(sizes, key=lambda s: s[0] * s[1])
    span = f"from {low[0]}x{low[1]} to {high[0]}x{high[1]}" if low != high else f"of {low[0]}x{low[1]}"
    notes.append(f"Size {side}x{side} was chosen for pictures {span}: another may suit them better.")
    return side, side


def _in_common(folders: list[tuple[str, ...]]) -> int:
    """How many folders, from the outermost, all have in common."""
    levels = zip(*folders, strict=False)
    return next((i for i, level in enumerate(levels) if len(set(level)) > 1), min(map(len, folders)))
