"""Classifiers that a user gave to a model: their files, in `.classifiers` beside the checkpoints, by the hash of the
model's parameters, as its directions are (see `model_entries`).

The files are code and only opened in a process of their own; beside each stands, in JSON, what its scores are and which
values its pictures have.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..disk import one_step
from ..disk.saving import saving
from ..errors import CheckpointError, SettingError, UnknownName
from ..text import _, size
from .checkpoint import MODEL, root
from .decoders import DECODERS
from .names import check_spelling

MOST = 20  # of a model
BYTES_MAX = 500_000_000  # of a file


@dataclass(frozen=True)
class Kept:
    """name: of the user, with the suffix of its file. outputs: what its scores are, "" for a guess. span: the values of
    black and white in the pictures that it takes."""

    name: str
    path: Path
    outputs: str = ""
    span: tuple[float, float] = (0.0, 1.0)


def folder_of(card: Mapping[str, Any]) -> Path:
    return root() / ".classifiers" / card["files"][MODEL][:24]


def listed(card: Mapping[str, Any]) -> dict[str, Kept]:
    """Those of a model, by name. Raises: CheckpointError: what stands beside a file is damaged."""
    found = {}
    for path in sorted(folder_of(card).glob("*")) if folder_of(card).is_dir() else ():
        if path.suffix not in DECODERS or path.name.startswith("."):
            continue
        try:
            said = json.loads(_beside(path).read_text("utf-8"))
            low, high = map(float, said["span"])
            found[path.name] = Kept(path.name, path, str(said["outputs"]), (low, high))
        except (OSError, ValueError, KeyError, TypeError) as e:
            raise CheckpointError(
                _(
                    "{path}: what the classifier returns cannot be read ({error}); delete both files.",
                    path=path,
                    error=e,
                )
            ) from e
    return found


def add(
    card: Mapping[str, Any], name: str, data: bytes, *, outputs: str = "", span: tuple[float, float] = (0.0, 1.0)
) -> Kept:
    """Save a file; one of the same name is replaced.

    Raises: SettingError: a name of another kind, an empty or large file, or too many. SaveError.
    """
    path = folder_of(card) / Path(name).name
    check_spelling(path.stem)
    if path.suffix not in DECODERS:
        raise SettingError(_("{name}: expected TorchScript (.pt) or ONNX (.onnx).", name=name))
    if not 0 < len(data) <= BYTES_MAX:
        raise SettingError(
            _("{name}: {given}, expected at most {most}.", name=name, given=size(len(data)), most=size(BYTES_MAX))
        )
    known = listed(card)
    if path.name not in known and len(known) >= MOST:
        raise SettingError(_("this model already has {n} classifiers: delete some first.", n=MOST))
    with saving(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    one_step.write(_beside(path), json.dumps({"outputs": outputs, "span": list(span)}).encode())
    one_step.write(path, data)
    return Kept(path.name, path, outputs, span)


def say(card: Mapping[str, Any], name: str, outputs: str) -> None:
    """Set what the scores of a classifier are. Raises: UnknownName, SaveError."""
    kept = of_name(card, name)
    one_step.write(_beside(kept.path), json.dumps({"outputs": outputs, "span": list(kept.span)}).encode())


def remove(card: Mapping[str, Any], name: str) -> None:
    """Raises: UnknownName, SaveError."""
    kept = of_name(card, name)
    with saving(kept.path):
        kept.path.unlink(missing_ok=True)
        _beside(kept.path).unlink(missing_ok=True)


def of_name(card: Mapping[str, Any], name: str) -> Kept:
    """Raises: UnknownName: there is none of that name."""
    known = listed(card)
    if name not in known:
        raise UnknownName("classifier", name, known)
    return known[name]


def _beside(path: Path) -> Path:
    return path.with_name(path.name + ".json")
