"""The folders of checkpoints: of those that come with zscope, and of new ones.

In a clone of the repository both are `checkpoints/`. An installed zscope reads the former from its package, where the
build puts them (see pyproject.toml), and writes to the user's data folder.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

PACKAGE = Path(__file__).resolve().parents[1]
PROJECT = PACKAGE.parent  # the clone; for an installed zscope the folder of all packages
PACKED = PACKAGE / "shipped"  # exists only in an installed zscope
VARIABLE, ATTACHED_VARIABLE = "ZSCOPE_CHECKPOINTS", "ZSCOPE_ATTACHED"


def root() -> Path:
    """The folder that checkpoints are written to: ZSCOPE_CHECKPOINTS, `checkpoints/` of a clone, or for an
    installed zscope `checkpoints` in the user's data folder."""
    if given := os.environ.get(VARIABLE):
        return Path(given)
    if PACKED.is_dir():
        return platformdirs.user_data_path("zscope", appauthor=False) / "checkpoints"
    return PROJECT / "checkpoints"


def packed() -> Path | None:
    """The folder of checkpoints in an installed package, read beside `root()`; None in a clone, or if
    ZSCOPE_CHECKPOINTS is set."""
    return PACKED if PACKED.is_dir() and not os.environ.get(VARIABLE) else None


def attached() -> Path | None:
    """The folder with the map of a model that stays in another program, read beside `root()`; see `vae.attached`."""
    return Path(given) if (given := os.environ.get(ATTACHED_VARIABLE)) else None
