"""Moments by wavelets and filters, and descent from noise to those of the data."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from vae.errors import SettingError, ShapeError
from vae.maxent import wavelets
from vae.maxent.descent import STOP, descend, same_spectrum, synthesise, target
from vae.maxent.judging import best_match, judge
from vae.maxent.moments import KINDS, moments

T = 512


def calm_and_wild(seed: int = 0, t: int = T) -> torch.Tensor:
    """(1, 1, t): white noise whose size wanders, so that its spectrum says nothing about it."""
    generator = torch.Generator().manual_seed(seed)
    wander = torch.randn(t, generator=generator, dtype=torch.float64)
    smooth = torch.exp(-0.5 * (torch.fft.fftfreq(t, 1 / t) / 6) ** 2)
    wander = torch.fft.ifft(torch.fft.fft(wander) * smooth).real
    size = (wander / wander.std()).exp()
    return (size * torch.randn(t, generator=generator, dtype=torch.float64))[None, None]


def bricks(size: int = 32) -> torch.Tensor:
    y, x = np.mgrid[:size, :size]
    wall = ((y % 8 == 0) | ((x + 8 * (y // 8 % 2)) % 16 == 0)).astype(float)
    noise = np.random.default_rng(0).normal(size=(size, size)) * 0.1
    return torch.from_numpy(1 - wall + noise)[None, None]


@pytest.mark.parametrize("n", [64, 512])
def test_a_wavelet_sees_no_mean_and_each_octave_is_half_as_high(n):
    bank = wavelets.series_bank(n, 4)
    assert bank[:, 0].abs().max() == 0
    peaks = bank.argmax(1).double()
    assert (peaks[:-1] / peaks[1:]).tolist() == pytest.approx([2] * 3, rel=0.15)
    pictures = wavelets.picture_bank((n, n), 3, 4)
    assert pictures[:, 0, 0].abs().max() < 1e-12
    assert torch.allclose(pictures[0], pictures[2].T, atol=1e-12)  # a quarter of a turn swaps the axes
    with pytest.raises(SettingError, match="allows 1 to"):
        wavelets.series_bank(n, 12)


@pytest.mark.parametrize(("x", "axes"), [(calm_and_wild(), 1), (bricks(), 2)])
def test_moments_do_not_see_where_a_sample_begins(x, axes):
    """And their values are as many as their kinds say, and of order one."""
    m = moments([*KINDS[axes]], x)
    there = m(x)
    assert there.shape == (1, sum(m.kinds.values()))
    shifted = m(x.roll([3 * 2**3] * axes, list(range(2, x.ndim))))
    assert (shifted - there).abs().max() < 1e-9 * there.abs().max()
    assert set(m.by_kind(there)) == set(KINDS[axes])
    spectrum = m.by_kind(there)["spectrum"]
    torch.testing.assert_close(spectrum, torch.ones_like(spectrum))


def test_samples_with_room_for_one_octave_have_its_amplitude():
    small = bricks(8)
    m = moments(["scattering"], small)
    torch.testing.assert_close(m(small), moments(["scattering"], small)(small.roll(3, 3)))
    assert m.kinds == {"scattering": 4}  # of each angle


def test_errors_are_those_of_new_samples_of_white_noise():
    """The ratio to their spread over 200 samples, of each moment, to what sixteen blocks allow."""
    x = torch.randn(200, 1, T, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    m = moments(["marginal", "spectrum", "modulus"], x)
    ratio = m.errors(x) / m(x).std(0)
    assert 0.8 < float(ratio.median()) < 1.25
    assert float(ratio.min()) > 0.4
    assert float(ratio.max()) < 2


def test_the_amplitudes_tell_what_a_spectrum_cannot():
    x = calm_and_wild()
    flat = same_spectrum(x, 3)
    goal = target(["spectrum", "modulus", "scattering"], x)
    said = goal.by_kind(flat)
    assert said["spectrum"] < 1e-6
    assert said["modulus"] > 1
    found = synthesise(goal, 2, seed=1)
    assert max(found.misfit) <= STOP < min(found.before)
    assert found.reached == (True, True)
    judged = judge(x.numpy(), found.x.numpy())
    gaussian = judge(x.numpy(), flat.numpy())
    data, _halves, (mean, _) = judged.statistics["kurtosis"]
    assert data > 6
    assert abs(gaussian.statistics["kurtosis"][2][0] - 3) < 1
    assert mean > gaussian.statistics["kurtosis"][2][0] + 0.5
    assert judged.alike < 0.4
    assert judged.copied < 0.4


def test_a_texture_forms_from_noise_and_stops_at_the_errors_of_its_moments():
    goal = target(["marginal", "filters"], bricks(), stop=0.6)
    steps = list(descend(goal, 1, seed=0, most=1000))
    assert [step.step for step in steps] == [*range(0, 4 * len(steps), 4)]
    assert steps[0].misfit > 5
    assert steps[-1].misfit <= 0.6
    assert steps[-1].done
    assert not any(step.done for step in steps[:-1])
    assert all(step.misfit > 0.6 for step in steps[:-1])
    again = list(descend(goal, 1, seed=0, most=steps[-1].step))
    assert torch.equal(again[-1].x, steps[-1].x)


def test_a_shifted_copy_is_found():
    x = bricks()[0, 0].numpy()
    assert best_match(np.roll(x, (5, -3), (0, 1)), x) == pytest.approx(1, abs=1e-9)
    assert judge(x[None, None], np.roll(x, 7, 1)[None, None]).copied == pytest.approx(1, abs=1e-9)
    assert best_match(np.random.default_rng(1).normal(size=x.shape), x) < 0.3


@pytest.mark.parametrize(
    ("kinds", "x", "error", "said"),
    [
        (["beauty"], calm_and_wild(), SettingError, "beauty: expected some of marginal, spectrum, modulus, scattering"),
        ([], bricks(), SettingError, "expected some of marginal, spectrum, scattering, filters"),
        (["spectrum"], torch.zeros(1, 1, 64), ShapeError, "constant"),
        (
            ["spectrum"],
            calm_and_wild(t=31),
            ShapeError,
            "a sample is 31, .* at least 32",
        ),
        (["spectrum"], bricks()[..., :7], ShapeError, "a sample is 32×7, .* at least 8"),
        (["spectrum"], torch.full((1, 1, 64), math.nan), ShapeError, "not finite"),
    ],
)
def test_samples_without_moments_are_told(kinds, x, error, said):
    with pytest.raises(error, match=said):
        target(kinds, x)


def test_a_surrogate_has_the_amplitudes_of_the_data_and_other_phases():
    x = calm_and_wild()
    made = same_spectrum(x, 2, seed=3)
    for one in made:
        torch.testing.assert_close(torch.fft.fft(one).abs(), torch.fft.fft(x[0]).abs(), rtol=1e-6, atol=1e-6)
    assert abs(best_match(made[0, 0].numpy(), made[1, 0].numpy())) < 0.4
