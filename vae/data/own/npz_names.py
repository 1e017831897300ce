"""Which arrays of an NPZ file are samples and labels, and of which split, by the names that people give them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...errors import SettingError
from ...text import _
from .choices import Choices
from .decisions import NONE, Decision, decide

SAMPLES = ("x", "images", "image", "imgs", "img", "pictures", "data", "samples", "features", "inputs", "input", "arr_0")
LABELS = ("y", "labels", "label", "targets", "target", "classes", "class", "arr_1")
SPLITS = {
    "train": "train", "training": "train", "tr": "train", "test": "test", "testing": "test", "te": "test", "ts": "test",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
}  # fmt: skip
GLUED = re.compile(rf"([xy])({'|'.join(SPLITS)})|({'|'.join(SPLITS)})([xy])")  # xtrain, trainx
ALL = ""  # the split of arrays whose names say none


@dataclass(frozen=True)
class Part:
    """Names of the arrays of samples and of labels of one split."""

    x: str
    y: str | None = None


def parts(arrays: Mapping[str, np.ndarray], file: str, pickled: Sequence[str] = ()) -> dict[str, Part]:
    """By split, train first; ALL if the names say none. pickled: arrays of the file that cannot be loaded.

    Raises: SettingError: no array is called as samples are.
    """
    found: dict[str, dict[str, list[tuple[int, Any]]]] = {}
    for name in arrays:
        split, word = _read(name)
        for role, words in (("x", SAMPLES), ("y", LABELS)):
            if word in words or (not word and split and role == "x"):
                rank = words.index(word) if word else len(words)
                found.setdefault(split, {}).setdefault(role, []).append((rank, name))
    by_split = {split: roles for split, roles in found.items() if "x" in roles}
    chosen = (
        [ALL] if "train" not in by_split and ALL in by_split else [s for s in ("train", "val", "test") if s in by_split]
    )
    if chosen:
        return {s: Part(min(by_split[s]["x"])[1], min(by_split[s].get("y", [(0, None)]))[1]) for s in chosen}
    alone = [name for name, a in arrays.items() if a.ndim > 1 and a.dtype.kind in "biuf"]
    if len(arrays) == 1 or len(alone) == 1:
        name = (alone or [*arrays])[0]
        y = found.get(ALL, {}).get("y")
        return {ALL: Part(name, min(y)[1] if y and min(y)[1] != name else None)}
    if pickled and not arrays:
        raise SettingError(
            _(
                "{name}: {names} contains pickled Python objects, which are never loaded. Save it as an array of "
                "numbers.",
                name=file,
                names=", ".join(pickled),
            )
        )
    raise SettingError(
        _(
            "{name}: expected an array named x (or {others}), or x_train and x_test; found {names}.",
            name=file,
            others=", ".join(SAMPLES[1:-1]),
            names=", ".join(arrays),
        )
        if arrays
        else _("{name}: expected an array named x or x_train; the file has no arrays.", name=file)
    )


def labelled(
    arrays: Mapping[str, np.ndarray], found: dict[str, Part], choices: Choices, made: list[Decision]
) -> dict[str, Part]:
    """The same with the labels that are chosen: an array, for every split its own, or none. Raises: SettingError."""
    first, part = next(iter(found.items()))
    if not arrays[part.x].ndim:
        return found  # refused where the samples are read
    n = len(arrays[part.x])
    names = [
        name
        for name, a in arrays.items()
        if name != part.x and a.ndim and len(a) == n and all(_of(name, first, s, arrays) for s in found)
    ]
    guess = part.y if part.y in names else None
    if guess:
        why = _("the name of the array says so")
    elif part.y:
        why = _(
            "{name} has the shape {shape}, not a label for each sample",
            name=part.y,
            shape=arrays[part.y].shape,
        )
    else:
        why = _("no array is called {names}", names=", ".join(LABELS[:-1]))
    value = decide(made, choices, "labels", guess or NONE, why, options=[*names, NONE])
    if value == NONE and NONE not in names:
        return {split: replace(p, y=None) for split, p in found.items()}
    return {split: replace(p, y=_of(value, first, split, arrays)) for split, p in found.items()}


def unused(arrays: Mapping[str, np.ndarray], found: dict[str, Part]) -> list[str]:
    """The names of the arrays that are neither samples nor labels."""
    used = {name for part in found.values() for name in (part.x, part.y)}
    return [name for name in arrays if name not in used]


def _read(name: str) -> tuple[str, str]:
    """The split that a name says, or ALL, and the rest of it in lower case: x_train -> train, x."""
    words = [w for w in re.split(r"[^a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()) if w]
    if len(words) == 1 and (glued := GLUED.fullmatch(words[0])):
        words = [w for w in glued.groups() if w]
    split = next((SPLITS[w] for w in words if w in SPLITS), ALL)
    return split, "_".join(w for w in words if w not in SPLITS)


def _of(name: str, first: str, split: str, arrays: Mapping[str, np.ndarray]) -> str | None:
    """The array of another split that corresponds to one of the first; None if there is none."""
    wanted = (split, _read(name)[1]) if split != first else None
    return name if wanted is None else next((other for other in arrays if _read(other) == wanted), None)
