"""The known bugs of trust and fidelity that mutants.py plants, as those of planted.py."""

from __future__ import annotations

from tests.planted.mutant import Mutant

# fmt: off
MUTANTS = (
    Mutant("a sample is its own nearest other sample", "atlas/fidelity.py",
           "squared[rows[:, None] == here] = np.inf", "pass",
           "atlas/test_fidelity.py::test_the_nearest_other_sample_by_hand"),
    Mutant("the components of PCA are those that vary least", "atlas/fidelity.py",
           "subset_by_index=[size - d, size - 1]", "subset_by_index=[0, d - 1]",
           "atlas/test_fidelity.py::test_pca_by_hand"),
    Mutant("roots of errors are averaged", "atlas/fidelity.py",
           "return np.sqrt(errors[rows].mean(1))", "return np.sqrt(errors[rows]).mean(1)",
           "atlas/test_fidelity.py::test_errors_near_a_latent_are_those_of_its_nearest_rows"),
    Mutant("a model worse than PCA is not called poor", "atlas/fidelity.py",
           "return self.beyond_neighbour or self.beyond_pca", "return self.beyond_neighbour",
           "atlas/test_fidelity.py::test_poor_is_clearly_worse_than_either_baseline"),
    Mutant("measuring leaves an old trust", "training/experiment.py",
           "dataclasses.replace(atlas, projector=trusted, measured", "dataclasses.replace(atlas, measured",
           "atlas/test_measuring_again.py::test_measuring_adds_what_older_maps_lack_of_trust_and_fidelity"),
    Mutant("trust is read without its curve", "latent/trust_model.py",
           "return read if self.curve is None else recalibrated(self.curve, read).astype(np.float32)", "return read",
           "latent/test_trust.py::test_near_data_the_probabilities_come_true"),
    Mutant("trust is calibrated on a score that is not the one that is read", "latent/trust.py",
           "fit_curve(log_odds(plain.at(p[learn])), back[learn])",
           "fit_curve(linear(fit_logistic(evidence.at(p[learn])[0], back[learn]), evidence.at(p[learn])[0]), "
           "back[learn])",
           "latent/test_trust.py::test_near_data_the_probabilities_come_true"),
    Mutant("the curve of trust turns its ranking around", "latent/calibration.py",
           "*[(SLOPE, None)] * len(widths)]", "*[(None, None)] * len(widths)]",
           "latent/test_calibration.py::test_the_curve_keeps_the_order_even_of_what_is_upside_down"),
    Mutant("a bin's calibration error cancels between bins", "latent/calibration.py",
           "sum(abs(predicted[bins == i].sum() - observed[bins == i].sum()) for i in range(BINS)) / len(predicted))",
           "abs(sum(predicted[bins == i].sum() - observed[bins == i].sum() for i in range(BINS))) / len(predicted))",
           "latent/test_calibration.py::test_calibration_error_by_hand"),
)
# fmt: on
