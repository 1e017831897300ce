"""Names of checkpoints: which are valid, which are taken, which come with zscope."""

from __future__ import annotations

import re
from pathlib import Path

from ..errors import SettingError
from . import checkpoint

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"


def shipped() -> frozenset[str]:
    """Names of the checkpoints that come with zscope, which are not renamed, annotated or deleted: those that
    .gitignore lets in. Empty where the folder of checkpoints is another than the project's."""
    project = Path(__file__).resolve().parents[2]
    ignored = project / ".gitignore"
    if checkpoint.root().resolve() != project / "checkpoints" or not ignored.is_file():
        return frozenset()
    return frozenset(re.findall(r"^!/checkpoints/([\w.-]+)/$", ignored.read_text("utf-8"), re.M))


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
