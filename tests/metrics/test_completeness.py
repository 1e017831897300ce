"""DCI completeness in both of its units: the active dimensions, and all of the code."""

from __future__ import annotations

import numpy as np
import pytest

from tests.metrics.test_disentangle import grid
from vae.metrics.disentangle import dci


def test_dead_dimensions_raise_completeness_by_the_papers_base_alone():
    """A factor in both of 2 active dimensions, equally, is as spread as can be: 0 of log 2; of log 8 it is 2/3."""
    v = grid((4,), 100)
    codes = np.pad(np.stack([v[:, 0] // 2, v[:, 0] % 2], axis=1).astype(float), ((0, 0), (0, 6)))
    found = dci(codes, v)
    assert found["dci_completeness"].value == pytest.approx(0, abs=0.02)
    assert found["dci_completeness_log_d"].value == pytest.approx(1 - np.log(2) / np.log(8), abs=0.02)
    assert "log base 2, active" in found["dci_completeness"].protocol
    assert "log base 8, all" in found["dci_completeness_log_d"].protocol
    alive = dci(codes[:, :2], v)
    assert alive["dci_completeness"].value == alive["dci_completeness_log_d"].value
