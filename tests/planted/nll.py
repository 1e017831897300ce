"""Planted bugs of likelihoods of binary pixels and of the NLL."""

from __future__ import annotations

from tests.planted.mutant import Mutant

# fmt: off
MUTANTS = (
    Mutant("the nll of grey pixels by their expected log-likelihood", "metrics/bounds.py",
           "log_p, effective = importance(decoding, target, q, k, conditions)",
           "log_p, effective = importance(decoding, batch, out.latent, k, conditions)",
           "metrics/test_nll.py::test_the_nll_of_grey_pixels_is_the_mean_over_their_binarisations", always=True),
    Mutant("effective samples without the square of the sum", "sampling/annealing.py",
           "(2 * log_w.logsumexp(0) - (2 * log_w).logsumexp(0)).exp()",
           "(log_w.logsumexp(0) - (2 * log_w).logsumexp(0)).exp()",
           "metrics/test_nll.py::test_effective_samples_are_the_squared_sum_of_weights_over_the_sum_of_squares"),
    Mutant("entropy of the ones alone", "metrics/bounds.py",
           "torch.special.entr(x).add(torch.special.entr(1 - x))", "torch.special.entr(x)",
           "metrics/test_nll.py::test_pixel_entropy_is_the_floor_of_the_distortion"),
    Mutant("binary by a threshold", "data/binarise.py",
           'np.frombuffer(noise, "<u4").reshape(share.shape) < share * 2.0**32', "share > 0.5",
           "data/test_binarise.py::test_a_pixel_is_one_as_often_as_it_is_bright"),
    Mutant("a draw for good in every step", "training/trainer.py",
           "generator=self.pixels)", "generator=torch.Generator().manual_seed(self.seed))",
           "training/test_binary_pixels.py::test_dynamic_draws_every_sample_anew_in_every_epoch"),
    Mutant("the draws of pixels are not resumed", "training/trainer.py",
           'self.pixels.set_state(state["pixels"])', "pass",
           "training/test_train.py::test_a_resumed_run_equals_a_straight_one_bit_for_bit"),
    Mutant("an engine encodes grey pixels", "engine/engine.py",
           'return x if self.binarisation is None else binarised(x, self.binarisation["seed"])', "return x",
           "training/test_binary_pixels.py::test_all_who_evaluate_see_the_same_pixels"),
)
