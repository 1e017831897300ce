"""Names of checkpoints: which are valid, which are taken, which come with zscope."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import SettingError
from . import checkpoint, folders

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


def shipped() -> frozenset[str]:
    """Names of the checkpoints that come with zscope, which are not renamed, annotated or deleted: those of the
    installed package that no other of the same name replaces, or in a clone those that .gitignore lets in. Empty where
    ZSCOPE_CHECKPOINTS names another folder."""
    if packed := folders.packed():
        return frozenset(name for name, path in checkpoint.checkpoints().items() if path.parent == packed)
    ignored = folders.PROJECT / ".gitignore"
    if checkpoint.root().resolve() != folders.PROJECT / "checkpoints" or not ignored.is_file():
        return frozenset()
    return frozenset(re.findall(r"^!/checkpoints/([\w.-]+)/$", ignored.read_text("utf-8"), re.M))


def check_kept_apart(path: Path) -> None:
    """Raises: SettingError: the checkpoint in that folder is part of the installed package, which stays as it is."""
    if path.parent == folders.packed():
        raise SettingError(
            f"{path.name} is part of the installed zscope and is not changed. Pack it and unpack it under another name."
        )


def check_spelling(name: str) -> None:
    """Raises: SettingError: no checkpoint can have that name."""
    if not re.fullmatch(NAME, name):
        raise SettingError(
            f"name {name!r}: expected letters, digits, '.', '_' and '-', at most 64, not starting with '.'."
        )


def check_name(name: str) -> None:
    """Raises: SettingError: no checkpoint can have that name, or one has it already."""
    check_spelling(name)
    clash = next((n for n in checkpoint.checkpoints() if n.lower() == name.lower()), None)
    if clash:
        raise SettingError(f"name {name!r}: there is a checkpoint {clash} already. Choose another name.")
