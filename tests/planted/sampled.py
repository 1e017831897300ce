"""Planted bugs of bounds that are trained through Markov chains."""

from __future__ import annotations

from tests.planted.mutant import Mutant

# fmt: off
MUTANTS = (
    Mutant("the kernel back has no density", "sampling/langevin.py",
           "log_normal(state.z, back, step) - log_normal(proposed.z, ahead, step)",
           "-log_normal(proposed.z, ahead, step)",
           "sampling/test_langevin.py::test_the_mean_weight_is_the_marginal", always=True),
    Mutant("an adjusted step is weighted as if it was accepted", "sampling/langevin.py",
           "kernels = density.log_p(state) - density.log_p(proposed)", "kernels = -log_ratio + kernels",
           "sampling/test_langevin.py::test_the_mean_weight_is_the_marginal"),
    Mutant("the drift is a constant to the gradient", "sampling/density.py",
           "torch.autograd.grad(value.sum(), z, create_graph=True)[0]",
           "torch.autograd.grad(value.sum(), z, create_graph=True)[0].detach()",
           "families/test_monte_carlo.py::test_the_gradient_is_that_of_the_bound"),
    Mutant("a drift of any length", "sampling/langevin.py",
           " * (longest / drift.norm(dim=1, keepdim=True).clamp(min=longest))", "",
           "sampling/test_langevin.py::test_far_off_a_drift_is_cut_short_and_the_weight_still_holds"),
    Mutant("decisions have no gradient", "sampling/langevin.py",
           "return score - score.detach()", "return 0 * (score - score.detach())",
           "sampling/test_langevin.py::test_the_score_makes_the_gradient_of_adjusted_steps_that_of_the_mean"),
    Mutant("frozen steps are tuned", "families/mc_vae.py", "if self.training:", "if True:",
           "families/test_monte_carlo.py::test_lengths_are_tuned_in_training_and_held_in_evaluation"),
)
