"""More of the known bugs that mutants.py plants: those in what the metrics are called and stand beside."""

from __future__ import annotations

from tests.planted.mutant import Mutant

# fmt: off
MUTANTS = (
    Mutant("a collapsed code counts as active by its rate", "metrics/active.py",
           "rate_per_dim_nats, np.float64) > ACTIVE_RATE", "rate_per_dim_nats, np.float64) > 0.01",
           "metrics/test_metrics.py"
           "::test_a_collapsed_code_is_inactive_by_rate_where_its_variance_calls_all_of_it_active"),
    Mutant("collapse judged by the variance alone", "metrics/active.py",
           "active = min(counted)", "active = counted[-1]",
           "metrics/test_metrics.py"
           "::test_a_collapsed_code_is_inactive_by_rate_where_its_variance_calls_all_of_it_active"),
    Mutant("a collapsed dimension counts in a score by its variance", "metrics/active.py",
           "by_variance & active_by_rate(rate_per_dim_nats)", "by_variance",
           "metrics/test_collapsed_scores.py"
           "::test_a_dimension_collapsed_by_its_rate_tells_nothing_though_its_mean_varies[factor_vae_score]"),
    Mutant("a rate spent on one posterior for all makes a dimension active", "metrics/active.py",
           "by_variance & active_by_rate(rate_per_dim_nats)", "active_by_rate(rate_per_dim_nats)",
           "metrics/test_metrics.py::test_a_dimension_is_used_if_it_is_active_by_variance_and_by_its_rate"),
    Mutant("scores of disentanglement without the rates of the card", "metrics/disentangle.py",
           "rate_per_dim_nats=rates, prior=s.engine", "prior=s.engine",
           "metrics/test_eval.py::test_disentanglement_is_of_the_engines_own_codes"),
    Mutant("an estimate that is saved drops those saved before", "commands/evaluating.py",
           'saved.config.get("estimates", {}) | estimates}', "estimates}",
           "metrics/test_eval.py::test_save_writes_bounds_and_estimates_to_the_card_each_in_its_place"),
    Mutant("completeness of the paper without the dead dimensions", "metrics/disentangle.py",
           "(0, codes.shape[1] - len(importance))", "(0, 0)",
           "metrics/test_completeness.py::test_dead_dimensions_raise_completeness_by_the_papers_base_alone"),
    Mutant("the information about the index taken for that about the sample", "metrics/latent.py",
           "bool(np.log(n) - information < FLOOR)", "bool(np.log(n) - information < 0.1)",
           "metrics/test_information.py::test_information_about_the_index_is_flagged_where_it_is_no_estimate_of_that_about_x"
           "[4-1000-True]"),
    Mutant("every information about the index is called a floor", "metrics/latent.py",
           "bool(np.log(n) - information < FLOOR)", "bool(np.log(n) - information > 0)",
           "metrics/test_information.py::test_information_about_the_index_is_flagged_where_it_is_no_estimate_of_that_about_x"
           "[3-3000-False]"),
    Mutant("neighbouring samples of the map stand for those of the data", "atlas/fidelity.py",
           "random.permutation(some)[:count]", "random.permutation(min(len(x), 200))[:count]",
           "atlas/test_fidelity.py::test_neighbours_are_those_of_the_data_and_not_of_the_map"),
    Mutant("a code helps that beats one of the two", "metrics/usefulness.py",
           "if all(clear and gap > 0", "if any(clear and gap > 0",
           "metrics/test_usefulness.py::test_a_code_helps_where_it_is_clearly_better_than_both[0.91-None]"),
    Mutant("a difference inside the noise is a difference", "metrics/estimate.py",
           "> 2 * error", "> 0 * error",
           "metrics/test_estimate.py::test_values_are_apart_by_more_than_two_standard_errors_of_their_difference"),
    Mutant("an NLL is warned of only where most weights have collapsed", "metrics/bounds.py",
           "LOOSE = 0.1", "LOOSE = 0.5",
           "metrics/test_nll.py::test_a_warning_where_the_weights_have_collapsed_for_a_tenth_of_the_samples"),
    Mutant("k-means by one seed", "metrics/usefulness.py",
           "random_state=seed + i", "random_state=seed",
           "metrics/test_usefulness.py::test_kmeans_is_a_mean_over_seeds_and_its_error_knows_their_spread"),
    Mutant("a share of 1 is known exactly", "metrics/estimate.py",
           "math.hypot(*errors) if len(errors) == 2 else None", "math.hypot(*errors)",
           "metrics/test_estimate.py::test_values_are_apart_by_more_than_two_standard_errors_of_their_difference"),
    Mutant("the last components stand beside the code", "metrics/usefulness.py",
           "z, z_test = fitted.transform(x), fitted.transform(t)", "z, z_test = x[:, -d:], t[:, -d:]",
           "metrics/test_usefulness.py::test_baselines_see_the_values_and_the_first_components_of_them"),
    Mutant("the probe on raw samples runs as long as it likes", "metrics/usefulness.py",
           "int(np.clip(WORK // (x.size * len(np.unique(y))), LEAST_STEPS, STEPS))", "STEPS",
           "metrics/test_usefulness.py"
           "::test_baselines_are_fitted_to_the_rows_of_the_code_and_the_raw_probe_is_bounded"),
    Mutant("baselines fitted to other rows than the code", "metrics/usefulness.py",
           "x, y, t = _flat(x_train[rows]), y_train[rows], _flat(x_test)",
           "x, y, t = _flat(x_train[:N_TRAIN]), y_train[:N_TRAIN], _flat(x_test)",
           "metrics/test_usefulness.py"
           "::test_baselines_are_fitted_to_the_rows_of_the_code_and_the_raw_probe_is_bounded"),
    Mutant("the baselines of one data set stand beside the codes of another", "metrics/cached_estimates.py",
           ', f"{zlib.crc32(np.ascontiguousarray(a).data):08x}"]', "]",
           "metrics/test_cached_estimates.py::test_whatever_differs_is_measured_again"),
    Mutant("a code without a prior judged in units of a prior", "metrics/active.py",
           "    if prior:\n        return ACTIVE_VARIANCE", "    if mu.size:\n        return ACTIVE_VARIANCE",
           "metrics/test_metrics.py::test_the_scale_of_a_code_without_a_prior_does_not_change_what_is_active[0.0001]"),
    Mutant("rounding makes a constant code active", "metrics/active.py",
           "max(ACTIVE_VARIANCE * largest, rounding * rounding)", "ACTIVE_VARIANCE * largest",
           "metrics/test_metrics.py::test_a_constant_code_without_a_prior_has_no_active_dimension[10000.3]"),
    Mutant("a model without a prior counted in units of one", "metrics/bounds.py",
           "active_units(mu, prior=model.has_prior)", "active_units(mu)",
           "metrics/test_metrics.py"
           "::test_a_code_is_judged_by_its_prior_or_by_its_own_scale_if_it_has_none[Deterministic-2]"),
    Mutant("collapsed dimensions count in the binned MIG", "metrics/mig.py",
           "seen = codes[:, active]", "seen = codes",
           "metrics/test_collapsed_scores.py"
           "::test_a_dimension_collapsed_by_its_rate_tells_nothing_though_its_mean_varies[mig_binned]"),
    Mutant("scores of codes without a prior in units of one", "metrics/factors.py",
           "active_dimensions(codes, rates, prior=prior)", "active_dimensions(codes, rates)",
           "metrics/test_collapsed_scores.py::test_a_small_code_without_a_prior_scores_as_a_large_one[mig_binned]"),
    Mutant("the most frequent class of the test set instead of that of training", "metrics/usefulness.py",
           "np.unique(y_train, return_counts=True)", "np.unique(y_test, return_counts=True)",
           "metrics/test_usefulness.py"
           "::test_the_most_frequent_class_of_training_is_what_accuracies_have_to_beat"),
)
# fmt: on
