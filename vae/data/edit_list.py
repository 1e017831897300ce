"""The changes of a data set by its user: one small JSON file beside the data, never in them.

The file lies in `.edits` of the folder of your data and is found by the name of the data set, and for a user's data
also by their hash: other data of that name have their own. A model whose samples are no data set here has a file of its
own, see vae.studies.curation.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from ..disk import one_step
from ..disk.saving import saving
from ..errors import DataCorrupt, SettingError
from ..registry import DATASETS, Dataset
from ..text import _, number
from .edits import DROP, KINDS, LABEL, LONGEST, SPLITS, Change, Edits, come_to, news
from .own.shelf import VARIABLE, root

FORMAT, FOLDER = 1, ".edits"
CHANGES_MAX, SAMPLES_MAX = 2_000, 200_000  # of one data set: changes, and samples in all of them

Changes = tuple[Change, ...]


@dataclass(frozen=True)
class Place:
    """Where the changes of some samples are stored. name: of the data set, or of the model that brought them."""

    path: Path
    name: str


def place_of(dataset: Dataset) -> Place:
    """That of a data set."""
    stem = dataset.name
    if dataset.folder:
        stem += f"-{hashlib.sha256(dataset.origin.encode()).hexdigest()[:12]}"
    return Place(root() / FOLDER / f"{stem}.json", dataset.name)


def edits_of(dataset: str) -> Edits:
    """What the changes of a data set come to. Raises: UnknownName; DataCorrupt: see `load`."""
    return come_to(load(place_of(DATASETS.get(dataset))))


def edited(dataset: Dataset, edits: Edits) -> Dataset:
    """The entry of the data set with the classes that it has with these edits."""
    return dataclasses.replace(dataset, classes=edits.classes(dataset.classes)) if edits else dataset


def load(place: Place) -> Changes:
    """The changes, the first first; none if there is no file. Raises: DataCorrupt: a damaged file."""
    try:
        found = json.loads(place.path.read_text("utf-8"))
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']}, expected {FORMAT}")
        return tuple(_change(one) for one in found["changes"])
    except FileNotFoundError:
        return ()
    except Exception as e:  # a file edited by hand may contain anything
        raise DataCorrupt(
            _(
                "{path}: not a file of edits ({error}). Move it away or repair it.",
                path=place.path,
                error=str(e) or type(e).__name__,
            )
        ) from e


def stamp(place: Place) -> tuple[int, int, int] | None:
    """What tells one version of the file from another without reading it; None if there is none."""
    try:
        found = place.path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def add(place: Place, changes: Sequence[Change]) -> tuple[Changes, Changes]:
    """Add changes; the list before and after. Raises: SettingError: not a change of such samples, or too many.
    SaveError: the file cannot be written; the previous one is untouched. DataCorrupt: see `load`."""
    new = tuple(_checked(change) for change in changes)
    return _replace(place, lambda known: (*known, *new))


def merge(place: Place, changes: Sequence[Change]) -> tuple[Changes, Changes]:
    """Add what is new of changes, so that a list that is imported again adds nothing. As `add`."""
    new = tuple(_checked(change) for change in changes)
    return _replace(place, lambda known: (*known, *news(known, new)))


def take_back(place: Place, change: Change) -> tuple[Changes, Changes]:
    """Remove that change, the last one that is equal to it. Raises: SettingError: there is none. As `add`."""

    def without(known: Changes) -> Changes:
        at = [i for i, one in enumerate(known) if one == change]
        if not at:
            raise SettingError(_("this change was taken back already."))
        return (*known[: at[-1]], *known[at[-1] + 1 :])

    return _replace(place, without)


def restore(place: Place, split: str, samples: Sequence[int]) -> tuple[Changes, Changes]:
    """Take samples out of every change of their split. As `add`."""
    gone = set(samples)
    return _replace(
        place,
        lambda known: tuple(
            kept for one in known if (kept := one.without(gone) if one.split == split else one).samples
        ),
    )


def put_back(place: Place, before: Changes, after: Changes) -> tuple[Changes, Changes]:
    """Undo: the list as it was before. Raises: SettingError: it has changed since it was `after`. As `add`."""

    def back(known: Changes) -> Changes:
        if known != after:
            raise SettingError(_("the edits have been changed since, by another page or program."))
        return before

    return _replace(place, back)


def clear(place: Place) -> tuple[Changes, Changes]:
    """Take all changes back. As `add`."""
    return _replace(place, lambda known: ())


def checked_word(word: str, what: str) -> str:
    """A label or a tag with single spaces. Raises: SettingError: it is empty, too long, or not printable."""
    word = " ".join(str(word).split())
    if not 1 <= len(word) <= LONGEST or not word.isprintable() or ";" in word:
        raise SettingError(
            _(
                "{what} {word!r}: expected 1 to {max} printable characters other than ;",
                what=what,
                word=word[:80],
                max=LONGEST,
            )
        )
    return word


def _replace(place: Place, changed: Callable[[Changes], Changes]) -> tuple[Changes, Changes]:
    """Read, change and write under a lock, so that sessions do not undo each other's changes."""
    with saving(place.path, variable=VARIABLE):
        place.path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(place.path.with_suffix(".lock")):
            before = load(place)
            after = changed(before)
            n = sum(len(one.samples) for one in after)
            if len(after) > CHANGES_MAX or n > SAMPLES_MAX:
                raise SettingError(
                    _(
                        "the edits would be too many: changes {n}, samples in them {samples}; expected at most "
                        "{changes_max} and {samples_max}.",
                        n=number(len(after)),
                        samples=number(n),
                        changes_max=number(CHANGES_MAX),
                        samples_max=number(SAMPLES_MAX),
                    )
                )
            if after != before:
                body = {"format": FORMAT, "of": place.name, "changes": [dataclasses.asdict(one) for one in after]}
                one_step.write(place.path, json.dumps(body, ensure_ascii=False).encode(), flush=True)
    return before, after


def _change(entry: dict[str, Any]) -> Change:
    """Raises: anything, for a file edited by hand."""
    return _checked(Change(entry["kind"], tuple(entry["samples"]), entry["value"], tuple(entry["old"]), entry["split"]))


def _checked(change: Change) -> Change:
    if change.kind not in KINDS or change.split not in SPLITS:
        raise SettingError(
            _(
                "change {kind!r} of split {split!r}: expected one of {kinds} of {splits}.",
                kind=change.kind,
                split=change.split,
                kinds=", ".join(KINDS),
                splits=", ".join(SPLITS),
            )
        )
    samples = change.samples
    if not samples or list(samples) != sorted(set(samples)) or not all(type(v) is int and v >= 0 for v in samples):
        raise SettingError(_("a change names one or more samples by their numbers from 0, ascending."))
    if change.old and len(change.old) != len(samples):
        raise SettingError(_("a change of labels has an old label for each of its samples."))
    if change.kind == DROP:
        return dataclasses.replace(change, value="")
    what = _("label") if change.kind == LABEL else _("tag")
    return dataclasses.replace(change, value=checked_word(change.value, what))
