"""The edits of the samples of a model's map: where they are stored, and what the map shows of them now.

A model of a data set has the edits of that data set, as all its models do. The samples of an attached model and of an
imported decoder are no data set here: their edits are stored beside the checkpoints, as saved groups are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, runtime_checkable

import numpy as np

from ..atlas.atlas import Atlas
from ..atlas.colours import Explored, Quantity, quantities
from ..atlas.measured import STABILITY
from ..data import edit_list
from ..data.edit_csv import Known
from ..data.edit_list import Place
from ..data.edits import LABEL, TEST, TRAIN, Change, Edits, come_to, of_card
from ..data.published.store import here
from ..errors import SettingError, UnknownName
from ..registry import DATASETS
from ..saved import model_entries
from ..text import _

LOW = ("trust", STABILITY, "density")  # quantities whose lowest values are the worst
CLASSES_MAX = 254  # the label of a sample is a byte on the map, and 255 means none


@runtime_checkable  # so that annotations of it are checked in the tests
class Mapped(Protocol):
    """What is needed of a model, for example an Engine."""

    name: str

    @property
    def card(self) -> Mapping[str, Any]: ...

    @property
    def atlas(self) -> Atlas: ...


@dataclass(frozen=True)
class Shown:
    """The rows of a map as they are edited now. labels: (n,) int64 into `classes`, -1 for none, or None where there are
    no labels; classes: those of the map, then the new ones. dropped: (n,) bool."""

    labels: np.ndarray | None
    classes: tuple[str, ...]
    dropped: np.ndarray


def why_not(card: Mapping[str, Any]) -> str:
    """Why the samples of a model cannot be edited; "" if they can."""
    if card["dataset"] and not here(card):
        return _("The data set {name} of this model is not on this machine.", name=card["dataset"])
    return ""


def place(card: Mapping[str, Any]) -> Place:
    """Where the edits of a model's samples are stored. Raises: SettingError: see `why_not`."""
    if why := why_not(card):
        raise SettingError(why)
    if card["dataset"]:
        return edit_list.place_of(DATASETS.get(card["dataset"]))
    return Place(model_entries.path_of(card, ".edits"), card["name"])


def edits(card: Mapping[str, Any]) -> Edits:
    """What the changes of a model's samples come to. Raises: SettingError; DataCorrupt: a damaged file."""
    return come_to(edit_list.load(place(card)))


def known(engine: Mapped) -> Known:
    """What is known of the samples: of a data set all, else what the map has. Raises: what loading the data raises."""
    if engine.card["dataset"]:
        data = DATASETS.get(engine.card["dataset"])
        return Known.of(data.load(), data.classes)
    atlas, labels = engine.atlas, None
    n = int(atlas.index.max()) + 1
    if atlas.labels is not None:
        labels = np.full(n, -1)
        labels[atlas.index] = atlas.labels
    return Known(atlas.classes, {TRAIN: n, TEST: 0}, {TRAIN: labels, TEST: None}, {TRAIN: None, TEST: None})


def shown(engine: Mapped, now: Edits | None = None) -> Shown:
    """The rows of a model's map with the edits that there are now, read if they are not given. Its own labels are those
    that it was trained with, edits of that time included. Raises: as `edits`, and what loading the data raises."""
    atlas, split = engine.atlas, (edits(engine.card) if now is None else now).train
    dropped = np.isin(atlas.index, split.dropped)
    classes = (*atlas.classes, *sorted(set(split.labels.values()) - set(atlas.classes)))
    if atlas.labels is None:
        return Shown(None, atlas.classes, dropped)
    number_of = {name: k for k, name in enumerate(classes)}
    labels = atlas.labels.astype(np.int64)
    for row in np.flatnonzero(np.isin(atlas.index, list(split.labels))):
        labels[row] = number_of[split.labels[int(atlas.index[row])]]
    taken_back = sorted(set(of_card(engine.card).train.labels) - set(split.labels))
    if taken_back:
        own, data = _own_labels(engine.card["dataset"], engine.card.get("data_origin", "")), engine.card["dataset"]
        named = DATASETS.get(data).classes
        for row in np.flatnonzero(np.isin(atlas.index, taken_back)):
            labels[row] = number_of[named[own[atlas.index[row]]]]
    return Shown(labels, classes, dropped)


@lru_cache(2)
def _own_labels(dataset: str, origin: str) -> np.ndarray:
    """Those of the training split as it came. origin: distinguishes your data from others that replaced them under the
    same name."""
    y = DATASETS.get(dataset).load().y_train
    assert y is not None  # a model of them was trained with edited labels
    return y


def relabel(engine: Mapped, rows: Sequence[int], label: str) -> Change | None:
    """The change that gives rows of the map a label; of those alone that have another one, None if all have it.

    Raises: SettingError: the samples have no labels, or there would be too many classes. What `known` raises."""
    atlas = engine.atlas
    if atlas.labels is None:
        raise SettingError(_("these samples have no labels: tag them instead."))
    label = edit_list.checked_word(label, _("label"))
    now = shown(engine)
    assert now.labels is not None  # the map has labels
    if label not in now.classes and len(now.classes) >= CLASSES_MAX:
        raise SettingError(_("no more classes: a map shows at most {max} of them.", max=CLASSES_MAX))
    others = [row for row in rows if now.labels[row] < 0 or now.classes[now.labels[row]] != label]
    if not others:
        return None
    samples, of = numbers(atlas, others), known(engine)
    return Change(LABEL, samples, label, tuple(of.label(TRAIN, i) for i in samples))


def judging(engine: Explored) -> dict[str, Quantity]:
    """The quantities by which samples can be called the worst, by key: those of the model that are measured."""
    return {key: found for key, found in quantities(engine).items() if found.kind == "model" and not found.absent}


def worst(engine: Explored, key: str, n: int, dropped: np.ndarray | None = None) -> tuple[int, ...]:
    """The n rows of the map with the worst values of a quantity, the worst first: the highest, of those in LOW the
    lowest; of equal ones the first. dropped: (n,) bool, rows that do not count.

    Raises: UnknownName: not one of `judging`."""
    known = judging(engine)
    if key not in known:
        raise UnknownName("quantity", key, known)
    values = np.asarray(known[key].values(), np.float64)
    badness = -values if key in LOW else values
    order = np.argsort(-badness, kind="stable")
    counts = np.isfinite(values) if dropped is None else np.isfinite(values) & ~dropped
    return tuple(int(row) for row in order[counts[order]][:n])


def numbers(atlas: Atlas, rows: Sequence[int]) -> tuple[int, ...]:
    """The numbers of rows of the map in the training split, ascending."""
    return tuple(sorted(int(i) for i in atlas.index[list(rows)]))
