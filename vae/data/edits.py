"""Edits of a data set: samples that its user dropped, relabelled or tagged, and the samples with these edits applied.

The data themselves are never rewritten. An edit names a sample by its split and its number there, and is one of a list
of changes (`Change`), each of which can be taken back alone. What a training uses is what they come to (`Edits`), which
its card repeats, so that the same samples can be had again whatever is edited later.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DataCorrupt, SettingError
from ..text import _, ngettext, number
from ..types import Samples
from .metadata import taken
from .rows_on_disk import some

DROP, LABEL, TAG = "drop", "label", "tag"
KINDS = (DROP, LABEL, TAG)
TRAIN, TEST = "train", "test"
SPLITS = (TRAIN, TEST)
COUNTS = ("dropped", "relabelled", "test")  # what an entry of a card counts
LONGEST = 60  # characters of a label or a tag


@dataclass(frozen=True)
class Change:
    """One change of samples of a split. kind: DROP, LABEL or TAG. value: the new label, or the tag. samples: their
    numbers in the split, ascending. old: of a LABEL, what the data set calls each of them."""

    kind: str
    samples: tuple[int, ...]
    value: str = ""
    old: tuple[str, ...] = ()
    split: str = TRAIN

    def without(self, samples: set[int]) -> Change:
        """The same of the other samples."""
        kept = [i for i, sample in enumerate(self.samples) if sample not in samples]
        old = tuple(self.old[i] for i in kept) if self.old else ()
        return dataclasses.replace(self, samples=tuple(self.samples[i] for i in kept), old=old)


@dataclass(frozen=True)
class Split:
    """What the changes of a split come to. dropped: ascending. labels: sample -> its new label; tags: sample -> its
    tags. A sample may be dropped and have these as well."""

    dropped: tuple[int, ...] = ()
    labels: Mapping[int, str] = dataclasses.field(default_factory=dict)
    tags: Mapping[int, tuple[str, ...]] = dataclasses.field(default_factory=dict)

    @property
    def relabelled(self) -> dict[int, str]:
        """The labels of those that were not dropped."""
        gone = set(self.dropped)
        return {sample: label for sample, label in self.labels.items() if sample not in gone}

    @property
    def touched(self) -> list[int]:
        """Every sample with an edit, ascending."""
        return sorted({*self.dropped, *self.labels, *self.tags})


@dataclass(frozen=True)
class Edits:
    """What all changes of a data set come to."""

    train: Split = Split()
    test: Split = Split()

    def __bool__(self) -> bool:
        """Whether they make a difference to a training or its evaluation; tags do not."""
        return any(split.dropped or split.labels for split in (self.train, self.test))

    @property
    def tagged(self) -> int:
        """How many samples have a tag."""
        return len(self.train.tags) + len(self.test.tags)

    def classes(self, known: Sequence[str]) -> tuple[str, ...]:
        """The classes of the data set, and after them the new ones, in alphabetical order."""
        given = {label for split in (self.train, self.test) for label in split.relabelled.values()}
        return (*known, *sorted(given - set(known)))

    def card(self) -> dict[str, Any]:
        """The entry of a card: how many samples of the training split were dropped and relabelled, how many of the test
        split were changed, a digest, and which samples these are."""
        which = {name: _plain(split) for name, split in ((TRAIN, self.train), (TEST, self.test))}
        text = json.dumps(which, sort_keys=True, ensure_ascii=False)
        return {
            "digest": hashlib.sha256(text.encode()).hexdigest(),
            "dropped": len(self.train.dropped),
            "relabelled": len(self.train.relabelled),
            "test": len(self.test.dropped) + len(self.test.relabelled),
            **{f"in_{name}": split for name, split in which.items()},
        }


NO_EDITS = Edits()


def come_to(changes: Sequence[Change]) -> Edits:
    """What changes come to, each after the ones before it. A label that is the sample's own is no edit."""
    splits: dict[str, tuple[set[int], dict[int, str], dict[int, tuple[str, ...]]]] = {
        s: (set(), {}, {}) for s in SPLITS
    }
    for change in changes:
        dropped, labels, tags = splits[change.split]
        for i, sample in enumerate(change.samples):
            if change.kind == DROP:
                dropped.add(sample)
            elif change.kind == TAG:
                tags[sample] = tuple(sorted({*tags.get(sample, ()), change.value}))
            elif change.old and change.old[i] == change.value:
                labels.pop(sample, None)
            else:
                labels[sample] = change.value
    made = {s: Split(tuple(sorted(dropped)), labels, tags) for s, (dropped, labels, tags) in splits.items()}
    return Edits(made[TRAIN], made[TEST])


def news(known: Sequence[Change], changes: Sequence[Change]) -> tuple[Change, ...]:
    """What is new of changes after those that are known: of each the samples for which it makes a difference."""
    found: list[Change] = []
    for change in changes:
        split = getattr(come_to([*known, *found]), change.split)
        if (made := change.without(_idle(split, change))).samples:
            found.append(made)
    return tuple(found)


def _idle(split: Split, change: Change) -> set[int]:
    """The samples of a change for which it makes no difference."""
    if change.kind == DROP:
        return set(split.dropped) & set(change.samples)
    if change.kind == TAG:
        return {sample for sample in change.samples if change.value in split.tags.get(sample, ())}
    own = dict(zip(change.samples, change.old, strict=True)) if change.old else {}
    return {sample for sample in change.samples if split.labels.get(sample, own.get(sample)) == change.value}


def of_card(card: Mapping[str, Any]) -> Edits:
    """The edits that a model was trained with, from its card; none if it has no such entry."""
    entry = card.get("edits")
    return NO_EDITS if not entry else Edits(*(_split(entry[f"in_{name}"]) for name in SPLITS))


def told(entry: Mapping[str, Any], n: int) -> str:
    """The entry of a card in a sentence. n: training samples of the data set, without any edit."""
    said = _(
        "Edited data: trains on {n} of {all}, {dropped} dropped, {relabelled} relabelled.",
        n=number(n - entry["dropped"]),
        all=number(n),
        dropped=number(entry["dropped"]),
        relabelled=number(entry["relabelled"]),
    )
    if not entry["test"]:
        return said
    test = ngettext(
        "{n} test sample was edited too: metrics do not compare with those of the whole test set.",
        "{n} test samples were edited too: metrics do not compare with those of the whole test set.",
        entry["test"],
    )
    return f"{said} {test}"


def emptied(samples: Samples, classes: Sequence[str]) -> str:
    """A sentence on the classes of which the training split, with what is held out of it for validation, has no sample;
    "" if it has some of each, or no labels. samples: as edited; classes: of the edited data set."""
    labels = [y for y in (samples.y_train, samples.y_validation) if y is not None]
    gone = sorted(set(range(len(classes))) - set(np.unique(np.concatenate(labels)).tolist())) if labels else []
    if not gone:
        return ""
    return ngettext(
        "No sample of the class {classes} is left in the training split: the model will not have seen it.",
        "No sample of these classes is left in the training split: {classes}. The model will not have seen them.",
        len(gone),
        classes=", ".join(classes[k] for k in gone),
    )


def described(change: Change) -> str:
    """A change in words: "3 samples relabelled boot"."""
    n = len(change.samples)
    if change.kind == DROP:
        return ngettext("{n} sample dropped", "{n} samples dropped", n)
    if change.kind == LABEL:
        return ngettext("{n} sample relabelled {label}", "{n} samples relabelled {label}", n, label=change.value)
    return ngettext("{n} sample tagged {tag}", "{n} samples tagged {tag}", n, tag=change.value)


def summary(edits: Edits) -> str:
    """How many samples were dropped, relabelled and tagged."""
    said = _(
        "{dropped} dropped, {relabelled} relabelled, {tagged} tagged.",
        dropped=number(len(edits.train.dropped)),
        relabelled=number(len(edits.train.relabelled)),
        tagged=number(edits.tagged),
    )
    if not (in_test := edits.card()["test"]):
        return said
    return f"{said} " + ngettext("{n} test sample edited.", "{n} test samples edited.", in_test)


# ---------------------------------------------------------------- applied


def on_test(samples: Samples, edits: Edits, classes: Sequence[str]) -> Samples:
    """The samples, all of the data set, with the edits of the test split. classes: of the edited data set.

    Raises: DataCorrupt: the edits are not of these samples. SettingError: none is left."""
    _check(edits.train, len(samples.x_train), TRAIN)
    _check(edits.test, len(samples.x_test), TEST)
    split = edits.test
    if not (split.dropped or split.labels):
        return samples
    rows = np.arange(len(samples.x_test))
    y, keep = _labelled(samples.y_test, rows, split, classes), _kept(rows, split, _("test set"))
    return dataclasses.replace(
        samples,
        x_test=samples.x_test[keep],
        y_test=None if y is None else y[keep],
        c_test=None if samples.c_test is None else samples.c_test[keep],
        factors_test=None if samples.factors_test is None else samples.factors_test[keep],
    )


def on_train(samples: Samples, edits: Edits, classes: Sequence[str]) -> Samples:
    """The samples with the edits of the training split, also where a validation set was held out of it: it is drawn
    from the whole split, so that it stays the same but for its own edits. Applied again it changes nothing.

    Raises: DataCorrupt: a label that is no class. SettingError: no sample is left."""
    split = edits.train
    if not (split.dropped or split.labels):
        return samples
    rows = np.arange(len(samples.x_train)) if samples.rows_train is None else samples.rows_train
    y, keep = _labelled(samples.y_train, rows, split, classes), _kept(rows, split, _("training set"))

    def kept(a: np.ndarray | None) -> np.ndarray | None:
        return None if a is None else a[keep]

    edited = dataclasses.replace(
        samples,
        x_train=some(samples.x_train, np.flatnonzero(keep)),
        y_train=kept(y),
        c_train=kept(samples.c_train),
        factors_train=kept(samples.factors_train),
        spans_train=kept(samples.spans_train),
        metadata_train=taken(samples.metadata_train, keep),
        rows_train=rows[keep],
    )
    if samples.x_validation is None or samples.rows_validation is None:
        return edited
    rows = samples.rows_validation
    y, keep = _labelled(samples.y_validation, rows, split, classes), _kept(rows, split, _("validation set"))
    return dataclasses.replace(
        edited,
        x_validation=samples.x_validation[keep],
        y_validation=kept(y),
        c_validation=kept(samples.c_validation),
        rows_validation=rows[keep],
    )


def _kept(rows: np.ndarray, split: Split, what: str) -> np.ndarray:
    """Which samples with those numbers are left, (n,) bool. Raises: SettingError: none is."""
    keep = ~np.isin(rows, split.dropped)
    if not keep.any():
        raise SettingError(_("the edits drop every sample of the {what}: take some of them back.", what=what))
    return keep


def _labelled(y: np.ndarray | None, rows: np.ndarray, split: Split, classes: Sequence[str]) -> np.ndarray | None:
    """Labels of samples with those numbers, edited."""
    if not split.labels or y is None:
        return y
    number_of = {name: k for k, name in enumerate(classes)}
    labels = split.relabelled
    if unknown := sorted(set(labels.values()) - set(number_of)):
        raise DataCorrupt(
            _("edits: {label!r} is no class of the model: {known}.", label=unknown[0], known=", ".join(classes))
        )
    edited = y.copy()
    for at in np.flatnonzero(np.isin(rows, list(labels))):
        edited[at] = number_of[labels[int(rows[at])]]
    return edited


def _check(split: Split, n: int, name: str) -> None:
    most = max(split.touched, default=-1)
    if most >= n:
        raise DataCorrupt(
            _(
                "the edits name sample {sample} of the {split} split, which ends with sample {last}: they are of "
                "another data set.",
                sample=most,
                split=name,
                last=n - 1,
            )
        )


# ---------------------------------------------------------------- as JSON


def _plain(split: Split) -> dict[str, Any]:
    by_label: dict[str, list[int]] = {}
    for sample, label in sorted(split.relabelled.items()):
        by_label.setdefault(label, []).append(sample)
    return {"dropped": list(split.dropped), "labels": dict(sorted(by_label.items()))}


def _split(entry: Mapping[str, Any]) -> Split:
    labels = {sample: label for label, samples in entry["labels"].items() for sample in samples}
    return Split(tuple(entry["dropped"]), labels)
