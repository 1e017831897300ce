"""Named directions of the user: one small JSON file per model, in `.directions` beside the checkpoints.

They are not part of a checkpoint, which is protected by hashes and replaced as a whole. The file is found by the hash
of the model's parameters: it stays valid if the map is rebuilt or the model is renamed, but not if it is trained again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from ..disk import one_step
from ..disk.saving import saving
from ..errors import CheckpointError, SettingError, UnknownName
from ..latent.rows import vector
from ..text import _
from .checkpoint import MODEL, root

FORMAT = 1
LONGEST = 60  # characters of a name
MOST = 200  # directions per model


@dataclass(frozen=True)
class Named:
    """u (d): added once, it is the whole attribute. strength: how much of it was added when it was saved. source: its
    origin in words."""

    name: str
    u: tuple[float, ...]
    source: str = ""
    strength: float = 1.0


def load(card: Mapping[str, Any]) -> tuple[Named, ...]:
    """The directions of a model, by its config, in the order they were saved.

    Raises: CheckpointError: the file is damaged.
    """
    path = file_of(card)
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as e:
        raise CheckpointError(_("{path}: the saved directions cannot be read ({error}).", path=path, error=e)) from e
    try:
        found = json.loads(text)
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']}, expected {FORMAT}")
        return tuple(
            Named(str(one["name"]), _numbers(one["u"]), str(one["source"]), float(one["strength"]))
            for one in found["directions"]
        )
    except Exception as e:  # a file edited by hand may contain anything
        raise CheckpointError(
            _("{path}: not a file of saved directions ({error}). Move it away or repair it.", path=path, error=e)
        ) from e


def save(card: Mapping[str, Any], direction: Named) -> None:
    """Add a direction; one of the same name is replaced.

    Raises: SettingError: an invalid name or strength, or too many directions. ShapeError: not a vector of finite
    numbers. SaveError: the file cannot be written; the previous one is untouched. CheckpointError: see `load`.
    """
    name = checked_name(direction.name)
    u = vector(direction.u, name=_("direction {name!r}", name=name))
    if not np.isfinite(direction.strength):
        raise SettingError(_("strength {strength}: expected a finite number.", strength=direction.strength))
    saved = Named(name, tuple(float(str(v)) for v in u), direction.source, float(direction.strength))

    def add(known: list[Named]) -> list[Named]:
        others = [one for one in known if one.name != name]
        if len(others) >= MOST:
            raise SettingError(_("this model already has {n} saved directions: delete some first.", n=MOST))
        return [*others, saved]

    _change(card, add)


def rename(card: Mapping[str, Any], old: str, new: str) -> None:
    """Rename a direction. Raises: UnknownName. SettingError: the new name is taken or invalid. As `save`."""
    new = checked_name(new)

    def renamed(known: list[Named]) -> list[Named]:
        _find(known, old)
        if new != old and any(one.name == new for one in known):
            raise SettingError(_("there already is a direction {new!r}: choose another name.", new=new))
        return [Named(new, one.u, one.source, one.strength) if one.name == old else one for one in known]

    _change(card, renamed)


def delete(card: Mapping[str, Any], name: str) -> None:
    """Delete a direction. Raises: UnknownName. As `save`."""

    def without(known: list[Named]) -> list[Named]:
        _find(known, name)
        return [one for one in known if one.name != name]

    _change(card, without)


def file_of(card: Mapping[str, Any]) -> Path:
    """The file of a model's directions."""
    return root() / ".directions" / f"{card['files'][MODEL][:24]}.json"


def _change(card: Mapping[str, Any], change: Callable[[list[Named]], list[Named]]) -> None:
    """Read, change and write under a lock, so that sessions do not undo each other's changes."""
    path = file_of(card)
    with saving(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            changed = [asdict(one) for one in change(list(load(card)))]
            body = {"format": FORMAT, "model": card["name"], "directions": changed}
            one_step.write(path, json.dumps(body, ensure_ascii=False, indent=1).encode(), flush=True)


def _numbers(values: Any) -> tuple[float, ...]:
    vector(values, name="u")
    return tuple(map(float, values))


def _find(known: list[Named], name: str) -> None:
    if all(one.name != name for one in known):
        raise UnknownName(_("direction"), name, [one.name for one in known])


def checked_name(name: str) -> str:
    """The name with single spaces. Raises: SettingError: it is empty, too long, or not printable."""
    name = " ".join(str(name).split())
    if not 1 <= len(name) <= LONGEST or not name.isprintable():
        raise SettingError(_("name {name!r}: expected 1 to {max} printable characters.", name=name[:80], max=LONGEST))
    return name
