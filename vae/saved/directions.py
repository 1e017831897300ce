"""Directions that the user named: one small JSON file a model, in `.directions` beside the checkpoints.

Beside them and not in them, since a checkpoint is sealed by its hashes and replaced as a whole. A file is found by the
hash of the model's parameters: it outlives a new map or another name, and a model trained anew starts without.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from ..disk.one_step import replacing
from ..errors import CheckpointError, SaveError, SettingError, UnknownName
from ..latent.rows import vector
from .checkpoint import MODEL, root

FORMAT = 1
LONGEST = 60  # letters of a name
MOST = 200  # directions of a model


@dataclass(frozen=True)
class Named:
    """u (d): added once, it is the whole attribute. strength: how much of it was applied when it was saved. source:
    where it comes from, in words."""

    name: str
    u: tuple[float, ...]
    source: str = ""
    strength: float = 1.0


def load(card: Mapping[str, Any]) -> tuple[Named, ...]:
    """The directions of a model, by its card, in the order they were saved.

    Raises: CheckpointError: their file is not what was written.
    """
    path = file_of(card)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as e:
        raise CheckpointError(f"{path}: the saved directions cannot be read ({e}).") from e
    try:
        found = json.loads(text)
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']}, expected {FORMAT}")
        return tuple(
            Named(str(one["name"]), _numbers(one["u"]), str(one["source"]), float(one["strength"]))
            for one in found["directions"]
        )
    except Exception as e:  # whatever a file edited by hand may hold
        raise CheckpointError(f"{path}: no saved directions ({e}). Move it away or mend it.") from e


def save(card: Mapping[str, Any], direction: Named) -> None:
    """Add a direction; one of the same name is replaced.

    Raises: SettingError: a name or strength that cannot be kept, or too many. ShapeError: no vector of finite numbers.
    SaveError: the file cannot be written, and is as it was. CheckpointError: see `load`.
    """
    name = _checked(direction.name)
    u = vector(direction.u, name=f"direction {name!r}")
    if not np.isfinite(direction.strength):
        raise SettingError(f"strength {direction.strength}: expected a finite number.")
    kept = Named(name, tuple(float(str(v)) for v in u), direction.source, float(direction.strength))

    def add(known: list[Named]) -> list[Named]:
        others = [one for one in known if one.name != name]
        if len(others) >= MOST:
            raise SettingError(f"{MOST} directions are saved for this model already: delete some first.")
        return [*others, kept]

    _change(card, add)


def rename(card: Mapping[str, Any], old: str, new: str) -> None:
    """Another name for a direction. Raises: UnknownName. SettingError: the new name is taken, or none. As `save`."""
    new = _checked(new)

    def renamed(known: list[Named]) -> list[Named]:
        _find(known, old)
        if new != old and any(one.name == new for one in known):
            raise SettingError(f"a direction {new!r} is saved already: choose another name.")
        return [Named(new, one.u, one.source, one.strength) if one.name == old else one for one in known]

    _change(card, renamed)


def delete(card: Mapping[str, Any], name: str) -> None:
    """Forget a direction. Raises: UnknownName. As `save`."""

    def without(known: list[Named]) -> list[Named]:
        _find(known, name)
        return [one for one in known if one.name != name]

    _change(card, without)


def file_of(card: Mapping[str, Any]) -> Path:
    """Where the directions of a model are kept."""
    return root() / ".directions" / f"{card['files'][MODEL][:24]}.json"


def _change(card: Mapping[str, Any], change: Callable[[list[Named]], list[Named]]) -> None:
    """Read, change and write under a lock, so that no tab undoes another's work; the file is replaced as a whole."""
    path = file_of(card)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            changed = [asdict(one) for one in change(list(load(card)))]
            body = {"format": FORMAT, "model": card["name"], "directions": changed}
            with replacing(path) as partial, open(partial, "w", encoding="utf-8") as file:
                json.dump(body, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
    except OSError as e:
        raise SaveError(f"could not write {path}: {e.strerror or e}. What was saved before is untouched.") from e


def _numbers(values: Any) -> tuple[float, ...]:
    vector(values, name="u")
    return tuple(map(float, values))


def _find(known: list[Named], name: str) -> None:
    if all(one.name != name for one in known):
        raise UnknownName("direction", name, [one.name for one in known])


def _checked(name: str) -> str:
    name = " ".join(str(name).split())
    if not 1 <= len(name) <= LONGEST or not name.isprintable():
        raise SettingError(f"name {name[:80]!r}: expected 1 to {LONGEST} letters.")
    return name
