"""Named directions of the user: one small JSON file per model, in `.directions` beside the checkpoints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CheckpointError, SettingError
from ..latent.rows import vector
from ..text import _
from . import model_entries
from .model_entries import checked_name

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
        return model_entries.read(
            text,
            "directions",
            lambda one: Named(str(one["name"]), _numbers(one["u"]), str(one["source"]), float(one["strength"])),
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
        model_entries.known(known, old, _("direction"))
        if new != old and any(one.name == new for one in known):
            raise SettingError(_("there already is a direction {new!r}: choose another name.", new=new))
        return [Named(new, one.u, one.source, one.strength) if one.name == old else one for one in known]

    _change(card, renamed)


def delete(card: Mapping[str, Any], name: str) -> None:
    """Delete a direction. Raises: UnknownName. As `save`."""

    def without(known: list[Named]) -> list[Named]:
        model_entries.known(known, name, _("direction"))
        return [one for one in known if one.name != name]

    _change(card, without)


def file_of(card: Mapping[str, Any]) -> Path:
    """The file of a model's directions."""
    return model_entries.path_of(card, ".directions")


def _change(card: Mapping[str, Any], change: Callable[[list[Named]], list[Named]]) -> None:
    model_entries.change(card, file_of(card), "directions", load, change, indent=1)


def _numbers(values: Any) -> tuple[float, ...]:
    vector(values, name="u")
    return tuple(map(float, values))
