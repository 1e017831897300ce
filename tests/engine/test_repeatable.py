"""On CUDA, kernels that repeat are taken from where a training is prepared on; nowhere else is anything changed."""

from __future__ import annotations

import os

import pytest
import torch

from vae.engine.device import repeatable


@pytest.fixture
def restored(monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    monkeypatch.setattr(torch.utils.deterministic, "fill_uninitialized_memory", True)
    yield
    torch.use_deterministic_algorithms(False)
    os.environ.pop("CUBLAS_WORKSPACE_CONFIG", None)


def test_kernels_that_repeat_are_taken_on_cuda_alone(restored):
    for device, chosen in (("cpu", False), ("mps", False), ("cuda", True)):
        repeatable(torch.device(device))
        assert torch.are_deterministic_algorithms_enabled() is chosen
        assert ("CUBLAS_WORKSPACE_CONFIG" in os.environ) is chosen
    assert torch.is_deterministic_algorithms_warn_only_enabled()  # an operation without such a kernel still runs
    assert not torch.utils.deterministic.fill_uninitialized_memory
