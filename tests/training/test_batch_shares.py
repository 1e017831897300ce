"""What a family computes of a whole batch is the same in two processes that share it as in one: see tests/ranks.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import vae
from tests.ranks import BATCHES, compared
from vae.losses import batch_shares
from vae.losses.batch_shares import ALONE, Share
from vae.registry import families

CASES = list(compared())
TOLERANCE = 1e-5  # relative, of all gradients together: float32 sums in another order


@pytest.fixture(scope="module")
def differences(request) -> dict:
    """Of the cases that are to be tested, all in one pair of processes."""
    if not hasattr(os, "fork"):
        pytest.skip("needs fork")
    wanted = [item.callspec.params["name"] for item in request.session.items if "differences" in item.fixturenames]
    command = [sys.executable, "-m", "tests.ranks", *dict.fromkeys(wanted)]
    root, environment = Path(vae.__file__).resolve().parents[1], os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr[-6000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("name", CASES)
def test_two_processes_take_the_step_of_one(differences, name):
    """The gradients of model and adversary, the codebook, and the figures that are reported: with shares of unequal
    size, and with a process that has no row of its own."""
    assert set(differences[name]) == set(map(str, BATCHES))
    for rows, found in differences[name].items():
        assert "model" in found
        assert {key: value for key, value in found.items() if not value <= TOLERANCE} == {}, f"{rows} rows"


def test_every_family_is_compared():
    assert {case.family.name for case in compared().values()} == set(families())


@pytest.mark.parametrize("rank", [0, 1, 2])
@pytest.mark.parametrize("rows", [2, 3, 7])
def test_a_process_knows_its_rows_of_a_part_of_the_batch(rank, rows):
    """Weighted as its loss is, the means over its rows of the part add up to the mean over the part."""
    values = torch.rand(rows - 1, dtype=torch.float64)
    total = 0.0
    for other in range(3):
        share = Share(other, 3, rows)
        with batch_shares.taking(share):
            total += share.weight * batch_shares.mean_of_mine(batch_shares.mine(values), len(values))
    torch.testing.assert_close(total / 3, values.mean())
    with batch_shares.taking(Share(rank, 3, rows)):
        expected = values[rank::3] if rank < len(values) else values[:1]
        assert torch.equal(batch_shares.mine(values), expected)


def test_a_single_process_is_given_back_what_it_gives():
    rows = torch.rand(4, 2, requires_grad=True)
    for share in (ALONE, Share(0, 1, 4)):
        with batch_shares.taking(share):
            assert all(f(rows) is rows for f in (batch_shares.gathered, batch_shares.shared, batch_shares.added))
            assert torch.equal(batch_shares.mine(rows), rows)
            assert torch.equal(batch_shares.mean_of_mine(rows[:, 0], 4), rows[:, 0].mean())
