"""Shared by all tests: one thread, a small real checkpoint, isolation from the user's own folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

from vae import checkpoint, experiment

torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"  # for the processes that tests start
os.environ["ZSCOPE_DEVICE"] = "cpu"  # also where there is a GPU: only tests marked gpu use it, by name


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory) -> Path:
    """A checkpoints folder with `tiny-vae` and `tiny-ae`: real models of the 8x8 digits, a few epochs old."""
    root = tmp_path_factory.mktemp("checkpoints")
    before = os.environ.get("ZSCOPE_CHECKPOINTS")
    os.environ["ZSCOPE_CHECKPOINTS"] = str(root)
    try:
        for family in ("vae", "ae"):
            settings = {"net": "mlp", "width": "64", "d": "4", "batch_size": "64"}
            plan = experiment.Plan(family, "digits", settings, epochs=4, name=f"tiny-{family}", device="cpu")
            for _ in experiment.train(plan):
                pass
    finally:
        if before is None:
            del os.environ["ZSCOPE_CHECKPOINTS"]
        else:
            os.environ["ZSCOPE_CHECKPOINTS"] = before
    return root


@pytest.fixture
def tiny_checkpoint(tiny_root, monkeypatch) -> Path:
    """The folder of `tiny-vae`, with `vae.load` looking in its root. Read it, do not change it."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tiny_root))
    assert "tiny-vae" in checkpoint.checkpoints()
    return tiny_root / "tiny-vae"
