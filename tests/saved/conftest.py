"""A folder of checkpoints, and one checkpoint of plain bytes in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from vae.saved import checkpoint
from vae.saved.checkpoint import HISTORY, MODEL

SPEC = {"shape": [1, 8, 8], "n_data": 1, "n_classes": 0, "modality": "image"}
CONFIG = {"name": "a", "family": "vae", "hparams": {}, "dataset": "digits", "seed": 0, "spec": SPEC}


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tmp_path))
    return tmp_path


@pytest.fixture
def saved(root) -> Path:
    """A folder with two files of plain bytes."""
    checkpoint.save(root / "a", CONFIG, {MODEL: b"weights", HISTORY: b'{"epoch": 1}\n'})
    return root / "a"
