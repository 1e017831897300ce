"""Named groups of samples of the user: one small JSON file per model, in `.groups` beside the checkpoints.

A group holds the numbers of its samples in the data set, so that it stays valid if the map is rebuilt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import CheckpointError, SettingError
from ..text import _
from . import model_entries
from .model_entries import checked_name

MOST = 100  # groups per model
SAMPLES_MAX = 1_000_000  # of one group


@dataclass(frozen=True)
class Group:
    """samples: their numbers in the training split, ascending."""

    name: str
    samples: tuple[int, ...]


def load(card: Mapping[str, Any]) -> tuple[Group, ...]:
    """The groups of a model, by its config, in the order they were saved. Raises: CheckpointError: a damaged file."""
    path = file_of(card)
    try:
        return model_entries.read(
            path.read_text("utf-8"), "groups", lambda one: Group(checked_name(one["name"]), _numbers(one["samples"]))
        )
    except FileNotFoundError:
        return ()
    except Exception as e:  # a file edited by hand may contain anything
        raise CheckpointError(
            _("{path}: not a file of saved groups ({error}). Move it away or repair it.", path=path, error=e)
        ) from e


def save(card: Mapping[str, Any], name: str, samples: Sequence[int]) -> None:
    """Add a group; one of the same name is replaced.

    Raises: SettingError: an invalid name, no samples, or too many groups. SaveError: the file cannot be written; the
    previous one is untouched. CheckpointError: see `load`.
    """
    group = Group(checked_name(name), _numbers(samples))

    def add(known: list[Group]) -> list[Group]:
        others = [one for one in known if one.name != group.name]
        if len(others) >= MOST:
            raise SettingError(_("this model already has {n} saved groups: delete some first.", n=MOST))
        return [*others, group]

    _change(card, add)


def rename(card: Mapping[str, Any], old: str, new: str) -> None:
    """Rename a group. Raises: UnknownName. SettingError: the new name is taken or invalid. As `save`."""
    new = checked_name(new)

    def renamed(known: list[Group]) -> list[Group]:
        model_entries.known(known, old, _("group"))
        if new != old and any(one.name == new for one in known):
            raise SettingError(_("there already is a group {new!r}: choose another name.", new=new))
        return [Group(new, one.samples) if one.name == old else one for one in known]

    _change(card, renamed)


def delete(card: Mapping[str, Any], name: str) -> None:
    """Delete a group. Raises: UnknownName: there is none of that name. As `save`."""

    def without(known: list[Group]) -> list[Group]:
        model_entries.known(known, name, _("group"))
        return [one for one in known if one.name != name]

    _change(card, without)


def file_of(card: Mapping[str, Any]) -> Path:
    """The file of a model's groups."""
    return model_entries.path_of(card, ".groups")


def _change(card: Mapping[str, Any], change: Callable[[list[Group]], list[Group]]) -> None:
    model_entries.change(card, file_of(card), "groups", load, change)


def _numbers(values: Sequence[int]) -> tuple[int, ...]:
    if not 1 <= len(values) <= SAMPLES_MAX:
        raise SettingError(_("a group has 1 to {most} samples, not {n}.", most=SAMPLES_MAX, n=len(values)))
    return tuple(sorted({int(v) for v in values}))
