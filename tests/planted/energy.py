"""Planted bugs of energy-based models and of log Z."""

from __future__ import annotations

from tests.planted.mutant import Mutant

# fmt: off
MUTANTS = (
    Mutant("the base of an annealing without its hidden units", "families/rbm.py",
           " + self.d * math.log(2)", "",
           "families/test_rbm.py::test_annealing_finds_the_exact_log_z_within_its_interval"),
    Mutant("contrastive divergence with the sign of an autoencoder", "families/rbm.py",
           "- model.energy(made).mean()", "+ model.energy(made).mean()",
           "families/test_rbm.py::test_the_loss_has_that_gradient_where_the_chains_follow_the_model", always=True),
    Mutant("chains that begin anew in every step", "families/rbm.py",
           "            self.chains.copy_(h)", "            pass",
           "families/test_rbm.py::test_chains_move_in_training_and_stay_otherwise"),
    Mutant("a prior that keeps the log Z of before its training", "models/energy_prior.py",
           "            self._mark(known=False)", "            pass",
           "models/test_energy_prior.py::test_log_z_is_found_anew_after_training_and_only_then"),
    Mutant("a prior whose density is not divided by Z", "models/energy_prior.py",
           "        return f - self.found[0]", "        return f",
           "families/test_energy_prior_vae.py::test_equivalence_energy_prior_vae"),
    Mutant("an energy that also learns from the rate", "models/energy_prior.py",
           "f = self.f(z, frozen=True)", "f = self.f(z)",
           "families/test_energy_prior_vae.py::test_f_learns_from_its_own_loss_and_the_codes_from_the_bound"),
    Mutant("an energy that rises where data are", "models/energy_prior.py",
           "return g.mean() - f.mean()", "return f.mean() - g.mean()",
           "models/test_energy_prior.py::test_the_loss_by_chains_has_the_gradient_of_log_p", always=True),
    Mutant("a likelihood as sure as if log Z were exact", "metrics/energy.py",
           "math.hypot(over_samples, log_z.standard_error)", "over_samples",
           "metrics/test_energy.py::test_the_error_of_a_likelihood_has_that_of_log_z_in_it"),
)
# fmt: on
