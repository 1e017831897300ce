"""Planted bugs of maximum entropy."""

from __future__ import annotations

from tests.planted.mutant import Mutant

# fmt: off
MUTANTS = (
    Mutant("Newton steps by the covariance of the same chains", "maxent/multipliers.py",
           "before = now if covariance is None else covariance", "before = now",
           "maxent/test_multipliers.py::test_ten_spins_have_the_moments_and_the_entropy_of_the_exact_model"),
    Mutant("errors of a block taken for those of a sample", "maxent/moments.py",
           ".mean(0).div(blocks).sqrt()", ".mean(0).sqrt()",
           "maxent/test_descent.py::test_errors_are_those_of_new_samples_of_white_noise"),
    Mutant("a wavelet that sees the mean", "maxent/wavelets.py",
           "return bump - math.exp(-(centre**2) / (2 * width**2)) * low", "return bump",
           "maxent/test_descent.py::test_a_wavelet_sees_no_mean_and_each_octave_is_half_as_high"),
    Mutant("an entropy of any weights", "maxent/multipliers.py",
           "if not log_z.ess >= LEAST_EFFECTIVE:", "if log_z.ess < 0:",
           "maxent/test_multipliers.py::test_an_entropy_of_a_few_weights_is_not_told"),
)
