"""User data sets added, replaced and removed, but never while a run needs them."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from ..data.own import shelf
from ..data.own.understand import Understood
from ..runs.guards import unneeded


def check_name(name: str, *, replace: bool = False) -> None:
    """Raises: SettingError: an invalid name, one that is taken, or a run needs the data set to be replaced."""
    shelf.check_name(name, replace=replace, guard=_unneeded)


def add(name: str, understood: Understood, *, replace: bool = False) -> Path:
    """Store a data set under that name; its folder appears at once, whole.

    Raises: SettingError: as `check_name`. SaveError: it could not be written; nothing is left behind.
    """
    return shelf.add(name, understood, replace=replace, guard=_unneeded)


def remove(name: str) -> None:
    """Delete a user data set. Raises: UnknownName: there is none of that name. SettingError: a run needs it.
    SaveError."""
    shelf.remove(name, guard=_unneeded)


def _unneeded(name: str) -> AbstractContextManager[None]:
    return unneeded(dataset=name)
