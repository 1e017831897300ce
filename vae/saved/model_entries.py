"""What a user keeps with a model under names, such as directions: one small JSON file per model, by kind in a folder.

They are not part of a checkpoint, which is protected by hashes and replaced as a whole. The file is found by the hash
of the model's parameters: it stays valid if the map is rebuilt or the model is renamed, but not if it is trained again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock

from ..disk import one_step
from ..disk.saving import saving
from ..errors import SettingError, UnknownName
from ..text import _
from .checkpoint import MODEL, root

FORMAT = 1
LONGEST = 60  # characters of a name

Entry = TypeVar("Entry")  # a frozen dataclass with a name


def path_of(card: Mapping[str, Any], folder: str) -> Path:
    """The file of a model, by its config. folder: of this kind, beside the checkpoints."""
    return root() / folder / f"{card['files'][MODEL][:24]}.json"


def read(text: str, kind: str, entry: Callable[[Any], Entry]) -> tuple[Entry, ...]:
    """The entries of a file, each made by `entry` of its JSON. Raises: anything, for a file edited by hand."""
    found = json.loads(text)
    if found["format"] != FORMAT:
        raise ValueError(f"format {found['format']}, expected {FORMAT}")
    return tuple(map(entry, found[kind]))


def change(
    card: Mapping[str, Any],
    path: Path,
    kind: str,
    load: Callable[[Mapping[str, Any]], Sequence[Entry]],
    changed: Callable[[list[Entry]], list[Entry]],
    *,
    indent: int | None = None,
) -> None:
    """Read, change and write under a lock, so that sessions do not undo each other's changes."""
    with saving(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            entries = [asdict(one) for one in changed(list(load(card)))]  # type: ignore[call-overload]
            body = {"format": FORMAT, "model": card["name"], kind: entries}
            one_step.write(path, json.dumps(body, ensure_ascii=False, indent=indent).encode(), flush=True)


def known(entries: Sequence[Any], name: str, what: str) -> None:
    """Raises: UnknownName: no entry has that name. what: such an entry, for the message."""
    if all(one.name != name for one in entries):
        raise UnknownName(what, name, [one.name for one in entries])


def checked_name(name: str) -> str:
    """The name with single spaces. Raises: SettingError: it is empty, too long, or not printable."""
    name = " ".join(str(name).split())
    if not 1 <= len(name) <= LONGEST or not name.isprintable():
        raise SettingError(_("name {name!r}: expected 1 to {max} printable characters.", name=name[:80], max=LONGEST))
    return name
