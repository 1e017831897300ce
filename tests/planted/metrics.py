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
           "seed=s.seed, rate_per_dim_nats=rates)", "seed=s.seed)",
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
    Mutant("the last components stand beside the code", "metrics/usefulness.py",
           "use_estimates(pca.transform(x), y, pca.transform(t)", "use_estimates(x[:, -d:], y, t[:, -d:]",
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
)
# fmt: on
