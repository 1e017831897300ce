"""Which checkpoints can be opened here, by their cards alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..errors import CheckpointError, UnknownName, ZscopeError
from ..registry import ATTACHED, FAMILIES, IMPORTED, MODALITIES
from ..text import _
from . import checkpoint
from .checkpoint import FILES


def readable(path: Path, *, skip: tuple[str, ...] = FILES) -> dict[str, Any]:
    """The card of a checkpoint that this version of zscope can open; skip: as in `checkpoint.read`.

    Raises: CheckpointError: it is damaged, or of a family or a modality that is not registered here.
    """
    card = checkpoint.read(path, skip=skip).config
    try:
        if card["family"] not in (IMPORTED, ATTACHED):
            FAMILIES.get(card["family"])
        MODALITIES.get(card["spec"]["modality"])
    except UnknownName as error:
        raise CheckpointError(
            _(
                "{name} cannot be opened here: {error} It may be from a newer version of zscope.",
                name=path.name,
                error=error,
            )
        ) from error
    return card


def look(path: Path) -> tuple[dict[str, Any], str]:
    """The `readable` card in a folder and "", or {} and why there is none."""
    try:
        return readable(path), ""
    except ZscopeError as error:
        return {}, str(error)
