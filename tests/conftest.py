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


def trained(root: Path, *families: str, points: int = 10_000) -> Path:
    """The folder with a real model of the 8x8 digits of each family, a few epochs old: tiny-<family>."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZSCOPE_CHECKPOINTS", str(root))
        for family in families:
            settings = {"net": "mlp", "width": "64", "d": "4", "batch_size": "64"}
            name = f"tiny-{family}"
            plan = experiment.Plan(family, "digits", settings, epochs=4, name=name, device="cpu", points=points)
            for _ in experiment.train(plan):
                pass
    return root


@pytest.fixture(scope="session")
def tiny_root(tmp_path_factory) -> Path:
    """A checkpoints folder with `tiny-vae` and `tiny-ae`."""
    return trained(tmp_path_factory.mktemp("checkpoints"), "vae", "ae")


@pytest.fixture(scope="session")
def conditional_root(tmp_path_factory) -> Path:
    """A checkpoints folder with `tiny-cvae`, which knows ten labels, and a map of 300 samples."""
    return trained(tmp_path_factory.mktemp("conditional"), "cvae", points=300)


@pytest.fixture
def tiny_checkpoint(tiny_root, monkeypatch) -> Path:
    """The folder of `tiny-vae`, with `vae.load` looking in its root. Read it, do not change it."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(tiny_root))
    assert "tiny-vae" in checkpoint.checkpoints()
    return tiny_root / "tiny-vae"


@pytest.fixture
def conditional(conditional_root, monkeypatch) -> str:
    """The name of a conditional checkpoint, with `vae.load` looking in its root."""
    monkeypatch.setenv("ZSCOPE_CHECKPOINTS", str(conditional_root))
    return "tiny-cvae"
