"""log Z by sums and by annealing, of densities whose constant is known."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch

from vae.errors import SettingError
from vae.sampling.partition import LogZ, annealed_weights, dense_at_the_end, of_weights, summed

CPU = torch.device("cpu")


def test_a_sum_over_independent_units_is_a_product():
    a = torch.tensor([0.3, -2.0, 1.5, 0.0, 4.0])
    found = summed(lambda h: h @ a, 5, CPU)
    assert found.value == pytest.approx(float(torch.nn.functional.softplus(a.double()).sum()), abs=1e-6)
    assert found.n == found.ess == 32


def test_a_sum_in_several_blocks_reports_each():
    seen = []
    found = summed(lambda h: torch.zeros(len(h)), 14, CPU, lambda done, n: seen.append((done, n)))
    assert found.value == pytest.approx(14 * math.log(2))
    assert seen == [(4096 * i, 2**14) for i in (1, 2, 3, 4)]


@pytest.mark.parametrize("bits", [0, 21])
def test_a_sum_over_too_many_units_is_refused(bits):
    with pytest.raises(SettingError, match="1 to 20"):
        summed(lambda h: h.sum(1), bits, CPU)


def test_annealing_between_gaussians_finds_the_ratio_of_their_widths():
    """From N(0, 1) to N(0, 3^2), with exact draws at every beta as the kernel: log 3 within its interval."""
    g = torch.Generator().manual_seed(0)
    precision = lambda beta: 1 - beta + beta / 9  # noqa: E731

    def gain(x, a, b):
        return -0.5 * (precision(b) - precision(a)) * x.square()

    def move(x, beta):
        return torch.randn(x.shape, generator=g) / precision(beta) ** 0.5

    seen = []
    betas = tuple(torch.linspace(0, 1, 201).tolist())
    log_w = annealed_weights(gain, move, torch.randn(500, generator=g), betas, lambda *at: seen.append(at))
    found = of_weights(log_w, 0.5 * math.log(2 * math.pi), 201, 7)
    exact = 0.5 * math.log(2 * math.pi * 9)
    low, high = found.interval()
    assert low < exact < high
    assert abs(found.value - exact) < 0.05
    assert seen == [(100, 200), (200, 200)]
    assert (found.n, found.temperatures, found.seed) == (500, 201, 7)


def test_the_error_of_log_z_is_that_of_the_mean_weight():
    w = torch.tensor([1.0, 2.0, 3.0, 6.0], dtype=torch.float64)
    found = of_weights(w.log(), 10.0, 30, 0)
    assert found.value == pytest.approx(10 + math.log(3))
    assert found.standard_error == pytest.approx(float(w.std()) / 2 / 3)
    assert found.ess == pytest.approx(144 / 50)
    assert found.interval(1.0)[1] == pytest.approx(math.log(float(w.mean() + w.std() / 2)) + 10)
    assert of_weights(w.log() + 5000, 10.0, 30, 0).standard_error == pytest.approx(found.standard_error)
    with pytest.raises(SettingError, match="at least 2"):
        of_weights(w[:1], 0.0, 30, 0)


def test_an_interval_that_reaches_zero_weight_has_no_lower_end():
    low, high = LogZ(2.0, 0.5, 10, 100).interval()
    assert low == -math.inf
    assert high == pytest.approx(2 + math.log(2.5))


@pytest.mark.parametrize("n", [30, 145, 1450, 14_500])
def test_temperatures_rise_from_0_to_1_and_most_are_at_the_end(n):
    betas = dense_at_the_end(n)
    assert len(betas) == n
    assert (betas[0], betas[-1]) == (0.0, 1.0)
    assert all(a < b for a, b in pairwise(betas))
    assert sum(b > 0.9 for b in betas) == pytest.approx(10 / 14.5 * n, abs=2)


def test_too_few_temperatures_are_refused():
    with pytest.raises(SettingError, match="at least 30"):
        dense_at_the_end(29)
