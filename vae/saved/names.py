"""Names of checkpoints: valid, taken, or of those that come with zscope."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import SettingError
from ..text import _
from . import checkpoint, folders
from .schema import NAME


def shipped() -> frozenset[str]:
    """Names of the checkpoints that come with zscope, which cannot be renamed, annotated or deleted: those of the
    installed package, unless the user has one of the same name, or in a clone those that .gitignore includes. Empty if
    ZSCOPE_CHECKPOINTS names another folder."""
    if packed := folders.packed():
        return frozenset(name for name, path in checkpoint.checkpoints().items() if path.parent == packed)
    ignored = folders.PROJECT / ".gitignore"
    if checkpoint.root().resolve() != folders.PROJECT / "checkpoints" or not ignored.is_file():
        return frozenset()
    return frozenset(re.findall(r"^!/checkpoints/([\w.-]+)/$", ignored.read_text("utf-8"), re.M))


def check_not_packaged(path: Path) -> None:
    """Raises: SettingError: the checkpoint in that folder is part of the installed package, which is never changed."""
    if path.parent == folders.packed():
        raise SettingError(
            _(
                "{name} is part of the installed zscope and cannot be changed. Pack it and unpack it "
                "under another name.",
                name=path.name,
            )
        )


def check_spelling(name: str) -> None:
    """Raises: SettingError: the name is not valid for a checkpoint."""
    if not re.fullmatch(NAME, name):
        raise SettingError(
            _(
                "name {name!r}: expected letters, digits, '.', '_' and '-', at most 64 characters, not starting with "
                "'.', '_' or '-'.",
                name=name,
            )
        )


def check_name(name: str) -> None:
    """Raises: SettingError: the name is invalid or taken."""
    check_spelling(name)
    clash = next((n for n in checkpoint.checkpoints() if n.lower() == name.lower()), None)
    if clash:
        raise SettingError(
            _("name {name!r}: there already is a checkpoint {other}. Choose another name.", name=name, other=clash)
        )
