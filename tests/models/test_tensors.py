"""Random numbers of a measurement, which the training around it must not notice."""

from __future__ import annotations

import torch

from vae.models.tensors import seeded


def test_seeded_numbers_repeat_and_leave_no_trace():
    torch.manual_seed(4)
    expected = torch.randn(6)
    torch.manual_seed(4)
    first = torch.randn(3)
    with seeded(1, torch.device("cpu")):
        inside = torch.randn(3)
    with seeded(1, torch.device("cpu")):
        assert torch.equal(torch.randn(3), inside)
    assert torch.equal(torch.cat([first, torch.randn(3)]), expected)


def test_the_generator_of_mps_is_put_back_too(monkeypatch):
    """torch.manual_seed seeds it, and fork_rng does not keep it."""
    calls, state = [], torch.arange(3)
    monkeypatch.setattr(torch.mps, "get_rng_state", lambda: state)
    monkeypatch.setattr(torch.mps, "set_rng_state", calls.append)
    with seeded(1, torch.device("mps")):
        assert not calls
    assert calls == [state]
