"""Known bugs, planted one at a time in a copy of the package; test_mutants.py wants a named test to fail for each.

`python -m tests.mutants` runs them all (`quick`: those always on) and prints a JSON line each: [name, exit code of
pytest, its last lines]. What is heavy is imported once and each mutant runs in a fork, so that it costs a second.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
import traceback
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
CAUGHT = 1  # pytest's exit code when tests ran and some failed
BASELINE = "no mutant"
QUIET = ("-q", "-x", "--tb=line", "-p", "no:cacheprovider", "-p", "pytest_timeout", "-o", "addopts=")
HEAVY = (
    "torch", "torch._dynamo", "scipy.spatial", "sklearn.datasets", "sklearn.mixture", "PIL.Image", "safetensors.torch",
    "filelock", "tqdm", "scipy.special", "beartype", "jaxtyping",
)


@dataclass(frozen=True)
class Mutant:
    """In `file` of vae/, `old`, which stands there once, becomes `new`; `test` is to fail."""

    name: str
    file: str
    old: str
    new: str
    test: str
    always: bool = False  # part of every test run; the others are marked slow


MUTANTS = (
    # ------------------------------------------------ what is computed
    Mutant("sign of the KL flipped", "bottlenecks/gaussian.py",
           "return 0.5 * (mu.square() + std.square() - 1) - std.log()",
           "return std.log() - 0.5 * (mu.square() + std.square() - 1)",
           "test_likelihoods.py::test_rate_equals_torchs", always=True),
    Mutant("KL summed over the batch", "bottlenecks/gaussian.py",
           "[kl.sum(1)], kl)", "[kl.sum(0)], kl)",
           "test_likelihoods.py::test_the_bottleneck_draws_from_the_posterior_it_reports"),
    Mutant("KL averaged over dimensions", "bottlenecks/gaussian.py",
           "[kl.sum(1)], kl)", "[kl.mean(1)], kl)",
           "test_families.py::test_equivalence_vae"),
    Mutant("log variance taken for a standard deviation", "bottlenecks/gaussian.py",
           "std = (0.5 * logvar).exp()", "std = logvar.exp()", "test_families.py::test_equivalence_vae"),
    Mutant("encode gives a draw", "bottlenecks/gaussian.py",
           "mu, std, [kl.sum(1)], kl)", "mu + std * torch.randn_like(std), std, [kl.sum(1)], kl)",
           "test_families.py::test_family[vae-image-mlp-encode_is_deterministic]", always=True),
    Mutant("mean over pixels instead of sum", "likelihoods.py",
           'squares = F.mse_loss(self.mean(raw), x, reduction="none").flatten(1).sum(1)',
           'squares = F.mse_loss(self.mean(raw), x, reduction="none").flatten(1).mean(1)',
           "test_likelihoods.py::test_log_prob_adds_over_pixels", always=True),
    Mutant("log sigma left out", "likelihoods.py",
           "pixels * (sigma.log() + 0.5 * LOG_2PI)", "pixels * 0.5 * LOG_2PI",
           "test_likelihoods.py::test_gaussian_integrates_to_one"),
    Mutant("continuous Bernoulli without its normaliser", "likelihoods.py",
           "(2 * half * (x - 0.5) - log_normaliser)", "(2 * half * x - F.softplus(raw))",
           "test_likelihoods.py::test_continuous_bernoulli_integrates_to_one_and_its_mean_is_the_integral"),
    Mutant("sigmoid missing", "likelihoods.py",
           "return torch.sigmoid(raw) if self.bounded else raw", "return raw",
           "test_likelihoods.py::test_mean_is_inside_the_range_and_finite_for_any_raw"),
    Mutant("beta ignored", "objectives.py",
           "value if weight == 1 else weight * value for", "value for",
           "test_families.py::test_beta_weighs_the_rate_in_nats", always=True),
    Mutant("the logged rate has the wrong sign", "objectives.py",
           '-(parts["distortion"] + parts["rate"])', '-(parts["distortion"] - parts["rate"])',
           "test_families.py::test_beta_weighs_the_rate_in_nats"),
    Mutant("cyclical schedule never restarts", "schedules.py",
           "(step % period)", "step",
           "test_schedules.py::test_cyclical_restarts_every_period_after_a_half_at_its_value"),
    Mutant("the worst draw weighs most", "objectives.py",
           "bound = torch.logsumexp(log_w, 0) - math.log(self.k)", "bound = (log_w.neg().softmax(0) * log_w).sum(0)",
           "test_importance.py::test_the_gradient_weighs_each_draw_by_its_share_in_the_sum", always=True),
    Mutant("doubly reparameterised without the second weight", "objectives.py",
           "gradient * shares)", "gradient)",
           "test_importance.py::test_the_doubly_reparameterised_gradient_has_the_same_expectation_and_less_noise"),
    Mutant("doubly reparameterised through the density too", "objectives.py",
           "_detached(draws) if self.doubly_reparameterised else draws", "draws",
           "test_importance.py::test_the_doubly_reparameterised_gradient_has_the_same_expectation_and_less_noise"),
    Mutant("a hidden label is taken for the last class", "conditional.py",
           "return (y[:, None] == torch.arange(classes, device=y.device)).to(like.dtype)",
           "return torch.eye(classes)[y].to(like.dtype)",
           "test_conditional.py::test_unknown_labels_are_rows_of_zeros_each_for_itself"),
    Mutant("rate against the standard prior where another is learned", "conditional.py",
           "kl_to_standard_normal((q.mu - mu) / std, q.std / std)", "kl_to_standard_normal(q.mu, q.std)",
           "test_conditional.py::test_the_rate_to_a_learned_prior_is_torchs_and_its_draws_are_the_priors"),
    Mutant("the label starts as quiet as a dimension of the code", "conditional.py",
           "weight[:, h.d :] *= LOUD", "weight[:, h.d :] *= 1",
           "test_conditional.py::test_the_decoder_hears_its_label_before_the_code[mlp-shape0]"),
    Mutant("the class costs nothing", "semi_supervised.py",
           "(kl_z + log_w.clamp(min=UNLIKELY) + math.log(c))", "kl_z",
           "test_conditional.py::test_equivalence_semi_supervised_vae"),
    Mutant("every label is seen", "experiment.py",
           "y = keep_labels(y, h.labelled, plan.seed)", "pass",
           "test_conditional.py::test_training_sees_no_more_labels_than_asked"),
    Mutant("a mixture without its number of parts", "families/vamp_vae.py",
           ".logsumexp(1) - math.log(len(mu))", ".logsumexp(1)", "test_vamp.py::test_equivalence_vamp_vae"),
    Mutant("a prior that stays behind its training", "families/vamp_vae.py", "self._kept = None  # the", "pass  # the",
           "test_vamp.py::test_kept_components_are_those_of_the_parameters_of_now"),
    Mutant("importance weights of the batch as a data set", "families/tc_vae.py",
           "decompose(output.latent, self.n_data, ", "decompose(output.latent, len(x), ",
           "test_penalties.py::test_the_family_knows_how_many_samples_there_are"),
    Mutant("q(z) summed over draws instead of samples", "aggregate.py",
           "torch.logsumexp(log_q.sum(2) + log_w, 1)", "torch.logsumexp(log_q.sum(2) + log_w, 0)",
           "test_penalties.py::test_the_whole_set_as_batch_gives_the_aggregate_posterior_itself"),
    Mutant("the sample itself weighs like any other", "aggregate.py",
           ".fill_diagonal_(1 / n_data)", "",
           "test_penalties.py::test_stratified_batches_estimate_the_aggregate_posterior_without_bias"),
    Mutant("rows permuted instead of dimensions", "families/factor_vae.py",
           "torch.rand_like(z).argsort(0)", "torch.rand_like(z[:, :1]).argsort(0).expand_as(z)",
           "test_penalties.py::test_dimensions_are_permuted_each_by_itself", always=True),
    Mutant("the discriminator moves the encoder", "families/factor_vae.py",
           "self.cross_entropy(output.latent.z.detach())", "self.cross_entropy(output.latent.z)",
           "test_penalties.py::test_the_discriminators_loss_does_not_touch_the_encoder"),
    Mutant("DIP of standard deviations", "penalties.py",
           "centred.T @ centred / len(mu)", "(centred.T @ centred / len(mu)).abs().sqrt()",
           "test_penalties.py::test_dip_penalises_covariances_by_hand"),
    Mutant("unbiased mmd counts each sample with itself", "penalties.py",
           "(k.sum() - k.diagonal().sum())", "k.sum()", "test_penalties.py::test_mmd_is_that_of_all_pairs"),
    Mutant("a rate below the capacity is free", "families/capacity_vae.py",
           "(rate - self.capacity(step)).abs()", "(rate - self.capacity(step)).clamp(min=0)",
           "test_penalties.py::test_the_capacity_rises_linearly_and_stays"),
    Mutant("loss against the damaged input", "objectives.py",
           "(term(model, output, x), weight(step))", "(term(model, output, seen), weight(step))",
           "test_penalties.py::test_the_loss_is_against_the_clean_input", always=True),
    Mutant("damage outside of training", "objectives.py",
           "if self.corrupt and self.training", "if self.corrupt",
           "test_penalties.py::test_only_training_sees_damage"),
    Mutant("the adversary moves the codes it tells apart", "adversary.py",
           "r1 > 0), made.detach()", "r1 > 0), made",
           "test_games.py::test_codes_fool_and_the_adversary_tells_them_apart_each_by_its_own_loss"),
    Mutant("a generator is moved by its encoder's search", "families/gan.py",
           "model.infer(made.detach())", "model.infer(made)",
           "test_games.py::test_each_part_of_a_generator_is_moved_by_its_own_loss"),
    Mutant("the loss that saturates", "adversary.py",
           "return F.softplus(-discriminator(made))", "return -F.softplus(discriminator(made))",
           "test_games.py::test_equivalence_gan"),
    Mutant("the straight-through gradient is missing", "bottlenecks/vq.py",
           "return quantised.detach() + (z - z.detach())", "return quantised + 0 * z",
           "test_discrete.py::test_the_straight_through_gradient_is_that_of_the_identity", always=True),
    Mutant("the commitment commits nothing", "bottlenecks/vq.py",
           "(encoded - output.latent.z.detach())", "(encoded - output.latent.z)",
           "test_discrete.py::test_the_encoder_gets_the_decoders_gradient_at_the_codes_and_the_commitments"),
    Mutant("dead codes counted", "bottlenecks/vq.py",
           "torch.bincount(codes.flatten(), minlength=n_codes) / codes.numel()",
           "(torch.bincount(codes.flatten(), minlength=n_codes) + 1) / (codes.numel() + n_codes)",
           "test_discrete.py::test_perplexity_counts_the_codes_in_use"),
    Mutant("live codes revived", "bottlenecks/vq.py",
           "self.counts <= DEAD * even", "self.counts >= DEAD * even",
           "test_discrete.py::test_dead_codes_restart_among_the_encoders_outputs_and_live_ones_stay"),
    Mutant("the average forgets at the wrong rate", "bottlenecks/vq.py",
           "self.sums.lerp_(chosen.T @ z, 1 - self.decay)", "self.sums.lerp_(chosen.T @ z, self.decay)",
           "test_discrete.py::test_the_average_equals_its_closed_form_after_n_steps"),
    Mutant("the codebook learns while it is used", "families/vq_vae.py",
           "        if self.training:\n            self.book.learn", "        if True:\n            self.book.learn",
           "test_discrete.py::test_the_codebook_changes_in_train_mode_alone_and_is_saved"),
    Mutant("the prior sees its own code", "nets/causal.py",
           "before = torch.cat([self.start.expand(len(codes), 1, -1), self.embed(codes)], 1)",
           "before = torch.cat([self.embed(codes), self.start.expand(len(codes), 1, -1)], 1)",
           "test_discrete.py::test_a_conditional_sees_only_what_comes_before", always=True),
    Mutant("the prior sees later codes", "nets/causal.py",
           "is_causal=True", "is_causal=False",
           "test_discrete.py::test_the_prior_sums_to_one_over_every_grid"),
    Mutant("lower levels pay against N(0, 1)", "families/ladder_vae.py",
           "a.kl(b) for a, b", "a.kl(Diagonal(0 * b.mean, b.std**0)) for a, b",
           "test_hierarchical.py::test_the_rate_of_each_level_is_its_divergence_given_the_levels_above", always=True),
    Mutant("free bits in the reported rate", "terms.py",
           "return sum(kl) if kl", "return sum(level.clamp(min=0.5) for level in kl) if kl",
           "test_hierarchical.py::test_free_bits_change_what_is_minimised_and_not_what_is_reported"),
    Mutant("precisions weigh the wrong mean", "bottlenecks/ladder.py",
           "(ours * mean + theirs * prior.mean)", "(theirs * mean + ours * prior.mean)",
           "test_hierarchical.py::test_precision_weighting_is_the_product_of_two_gaussians"),
    Mutant("redraw holds a level too many", "families/ladder_vae.py",
           "columns.stop <= kept", "columns.start <= kept",
           "test_hierarchical.py::test_redraw_keeps_the_levels_held_and_draws_the_rest_given_them"),
    # ------------------------------------------------ what is measured
    Mutant("draws for a label are judged by another's", "metrics/sample.py",
           "engine.sample(len(y), seed=seed, y=y)", "engine.sample(len(y), seed=seed, y=y[::-1])",
           "test_sample_metrics.py::test_labels_agree_with_what_the_prior_was_told"),
    Mutant("importance-weighted bound without - log k", "metrics/bounds.py",
           "torch.logsumexp(torch.cat(pieces), 0) - math.log(k)", "torch.logsumexp(torch.cat(pieces), 0)",
           "test_metrics.py::test_with_the_true_posterior_every_importance_weight_is_the_marginal", always=True),
    Mutant("weights leave out the posterior", "terms.py",
           "(joint - model.log_posterior(draws.z, draws)).view", "joint.view",
           "test_metrics.py::test_with_the_true_posterior_every_importance_weight_is_the_marginal"),
    Mutant("sample count ignored", "metrics/bounds.py",
           "for start in range(0, k, portion)]", "for start in range(0, 1)]",
           "test_metrics.py::test_k_samples_are_really_drawn"),
    Mutant("draws depend on what is decoded at once", "metrics/bounds.py",
           "portion = max(1, DRAWN // len(x))", "portion = max(1, rows // len(x))",
           "test_metrics.py::test_the_rows_decoded_at_once_do_not_change_the_bound"),
    Mutant("shares of a batch weigh alike, whatever their size", "distributed.py",
           "len(mine) * world / len(rows)", "1.0",
           "test_distributed.py::test_shares_make_up_the_batch_and_their_weighted_means_its_mean"),
    Mutant("evaluate returns inside its loop", "metrics/bounds.py",
           "            report(min(i + BATCH, len(x)), len(x))\n",
           "            report(min(i + BATCH, len(x)), len(x))\n            break\n",
           "test_metrics.py::test_evaluate_averages_over_every_sample", always=True),
    Mutant("last batch dropped", "metrics/bounds.py",
           "for i in range(0, len(x), BATCH):", "for i in range(0, len(x) - BATCH + 1, BATCH):",
           "test_metrics.py::test_evaluate_averages_over_every_sample"),
    Mutant("active units by standard deviation", "metrics/latent.py",
           "mu.var(axis=0)", "mu.std(axis=0)", "test_metrics.py::test_active_units_are_those_whose_means_vary"),
    Mutant("all dimensions share the bins of the widest", "metrics/mig.py",
           "codes.min(axis=0), np.ptp(codes, axis=0)", "codes.min(), np.ptp(codes)",
           "test_disentangle.py::test_each_dimension_has_bins_of_its_own"),
    Mutant("the draws reshaped where a transpose was meant", "metrics/mig.py",
           "z = mu[rows] + std[rows] * rng.standard_normal((len(rows), mu.shape[1]))",
           "z = (mu[rows] + std[rows] * rng.standard_normal((len(rows), mu.shape[1]))).T.reshape(-1, mu.shape[1])",
           "test_disentangle.py::test_mig_is_in_units_of_each_factors_entropy[sampled]", always=True),
    Mutant("the best dimension without the gap to the second", "metrics/factors.py",
           "ranked[-1] - ranked[-2]", "ranked[-1]",
           "test_disentangle.py::test_mig_is_the_gap_between_the_two_best[mig_binned]", always=True),
    Mutant("dead dimensions vote", "metrics/disentangle.py",
           "_votes(codes[:, active], factors", "_votes(codes, factors",
           "test_disentangle.py::test_dead_dimensions_do_not_count[factor_vae_score]"),
    Mutant("variances of votes not in units of the dimension's own", "metrics/disentangle.py",
           "(codes[rows].var(axis=1, ddof=1) / total).argmin", "codes[rows].var(axis=1, ddof=1).argmin",
           "test_disentangle.py::test_variances_are_in_units_of_each_dimensions_own"),
    Mutant("informativeness of the samples learnt from", "metrics/disentangle.py",
           "right[:, k] = forest.predict(seen[test]) == values[test]",
           "right[:, k] = (forest.predict(seen[train]) == values[train])[: len(test)]",
           "test_disentangle.py::test_informativeness_is_of_samples_not_learnt_from"),
    Mutant("accuracy of thresholds not balanced", "metrics/disentangle.py",
           "share = 1 / (size * np.bincount(values, minlength=size).clip(min=1))", "share = np.full(size, 1 / len(z))",
           "test_disentangle.py::test_accuracy_is_balanced"),
    Mutant("Frechet distance without the factor 2", "metrics/sample.py",
           "np.trace(s_b) - 2 * cross", "np.trace(s_b) - cross",
           "test_sample_metrics.py::test_frechet_distance_of_commuting_covariances"),
    Mutant("a sample is its own neighbour", "metrics/sample.py",
           "d[np.arange(len(d)), np.arange(i, i + len(d))] = np.inf", "d[:0, :0] = np.inf",
           "test_sample_metrics.py::test_neighbour_scores_counted_by_hand", always=True),
    Mutant("recall by the balls of real samples", "metrics/sample.py",
           "(d < fake_reach)", "(d < real_reach[i : i + ROWS, None])",
           "test_sample_metrics.py::test_neighbour_scores_counted_by_hand"),
    Mutant("tied scores ranked as they come", "latent/auroc.py",
           "rankdata(scores)", 'rankdata(scores, "ordinal")', "test_detect.py::test_auroc_equals_counting_every_pair"),
    Mutant("aggregate posterior summed, not averaged", "metrics/latent.py",
           "np.exp(log_q - top[:, None]).mean(1)", "np.exp(log_q - top[:, None]).sum(1)",
           "test_information.py::test_a_collapsed_posterior_tells_nothing_and_is_its_own_aggregate", always=True),
    Mutant("neighbours looked for among the test latents", "metrics/use.py",
           "knn(z, y, z_test)", "knn(z_test, y_test, z_test)",
           "test_use.py::test_a_code_that_knows_nothing_is_at_chance"),
    Mutant("a density's bits without the 8 of its levels", "metrics/bounds.py",
           "8.0 if likelihood.measure", "0.0 if likelihood.measure",
           "test_eval.py::test_bits_per_dim_of_a_uniform_density_are_eight"),
    # ------------------------------------------------ how it is trained
    Mutant("gradient not clipped", "group.py",
           "scale = _excess(gradients, clip) if clip else None", "scale = None",
           "test_train.py::test_clipping_happens_before_the_step", always=True),
    Mutant("gradients laid out unlike their parameters", "group.py",
           "p.grad = g if g is None else _own(g, p, taken)", "p.grad = g",
           "test_train.py::test_adam_pairs_each_gradient_with_its_own_parameter", always=True),
    Mutant("gradients leak into the objective", "train.py",
           "model.take_gradients(_weighed(loss.total, weight), averaged=not alone)",
           "loss.total.backward()",
           "test_train.py::test_gradients_reach_the_models_parameters_only"),
    Mutant("the adversary's gradient leaks into the model", "train.py",
           "model.take_gradients(_weighed(loss.total, weight), averaged=not alone)",
           "model.take_gradients(loss.total if loss.adversary is None else loss.total + loss.adversary)",
           "test_adversary.py::test_either_side_gets_the_gradients_of_its_own_loss_alone"),
    Mutant("resume forgets the adversary", "train.py",
           'for k, v in self.objective.state_dict().items()}', "for k, v in ()}",
           "test_adversary.py::test_a_resumed_duel_equals_a_straight_one_bit_for_bit"),
    Mutant("epoch means of batch means", "train.py",
           "append(value.expand(rows))", "append(value.mean().expand(32))",
           "test_train.py::test_epoch_figures_are_means_over_the_samples"),
    Mutant("resume forgets the random state", "train.py",
           'torch.set_rng_state(state["random_cpu"])', "pass",
           "test_train.py::test_a_resumed_run_equals_a_straight_one_bit_for_bit", always=True),
    Mutant("resume forgets the order of the samples", "train.py",
           'self.order.set_state(state["order"])', "pass",
           "test_train.py::test_a_resumed_run_equals_a_straight_one_bit_for_bit"),
    Mutant("resume forgets Adam's moments", "group.py",
           "            value.copy_(saved)", "            pass",
           "test_train.py::test_a_resumed_run_equals_a_straight_one_bit_for_bit"),
    Mutant("a diverged epoch is saved", "train.py",
           "            _check_finite(metrics, trainer.step)", "            pass",
           "test_train.py::test_divergence_in_the_last_step_of_an_epoch_is_seen_before_it_is_reported"),
    # ------------------------------------------------ what is kept
    Mutant("hashes not checked", "checkpoint.py",
           "if _sha256(data) != expected:", "if False:",
           "test_checkpoint.py::test_a_changed_file_is_refused", always=True),
    Mutant("config not checked", "checkpoint.py",
           'if config.get("digest") != digest(config):', "if False:",
           "test_checkpoint.py::test_an_edited_setting_is_refused"),
    Mutant("files outside the folder are read", "checkpoint.py",
           'not all(map(_is_plain, config["files"]))', "False",
           "test_checkpoint.py::test_a_file_outside_the_folder_is_never_read"),
    Mutant("a full disk leaves litter", "checkpoint.py",
           "    finally:\n        shutil.rmtree(partial, ignore_errors=True)\n", "    finally:\n        pass\n",
           "test_checkpoint.py::test_a_full_disk_costs_nothing_that_was_there"),
    Mutant("a swap cut short is not recovered", "checkpoint.py",
           "            os.rename(old, target)", "            pass",
           "test_checkpoint.py::test_killed_between_the_two_renames_is_recovered"),
    # ------------------------------------------------ what is done with it
    Mutant("slerp turns by the sine alone", "latent/paths.py",
           "np.cos(t * angle)[:, None]", "(1 - t)[:, None]",
           "test_paths.py::test_arc_of_unit_vectors_matches_shoemake"),
    Mutant("a map position depends on its batch", "latent/forward.py",
           "excess.mean(axis=1, keepdims=True)", "excess.mean()",
           "test_engine.py::test_a_position_does_not_depend_on_its_batch", always=True),
    Mutant("a series is clamped to the range of pictures", "engine.py",
           "(x.clamp(0, 1) if self.modality.bounded else x)", "x.clamp(0, 1)",
           "test_series.py::test_it_learns_and_its_figures_are_those_of_an_unbounded_gaussian"),
    Mutant("a chart steps over a peak", "modalities/series.py",
           "    at[np.rint(np.arange(t) * (n / max(1, t - 1))).astype(np.intp)] = np.arange(t)\n", "",
           "test_series.py::test_a_chart_of_any_length_is_whole"),
    Mutant("the mean of a series is squashed into 0-1", "model.py",
           "bounded=MODALITIES.get(spec.modality).bounded", "bounded=True",
           "test_families.py::test_family[vae-series-overfits_one_batch]"),
    Mutant("a sequence decoder sees the value it foretells", "families/sequence_vae.py",
           "(past, (0, 0, 1, 0))", "(past, (0, 0, 0, 1))",
           "test_recurrent.py::test_a_value_changes_no_parameter_before_it[sequence_vae]"),
    Mutant("values are hidden in evaluation too", "families/sequence_vae.py",
           "self.step_dropout if self.training else 0.0", "self.step_dropout",
           "test_recurrent.py::test_values_are_hidden_in_training_alone"),
    Mutant("a decoder that runs free is told nothing", "families/sequence_vae.py",
           "past = nn.functional.pad(chunks(means[-1], self.chunk), (0, 1), value=1.0)", "pass",
           "test_recurrent.py::test_what_a_code_decodes_to_is_what_the_model_foretells_of_it[sequence_vae]"),
    Mutant("a recurrent decoder sees its own chunk", "families/vrnn.py",
           "self.to_x(torch.cat([felt, h], 1))", "self.to_x(torch.cat([felt if seen is None else seen[:, i], h], 1))",
           "test_recurrent.py::test_a_value_changes_no_parameter_before_it[vrnn]"),
    Mutant("the rate of a step is paid to N(0, I)", "families/vrnn.py",
           "kl = drawn[0].kl(drawn[1])",
           "kl = drawn[0].kl(Diagonal(torch.zeros_like(noise), torch.ones_like(noise)))",
           "test_recurrent.py::test_equivalence_vrnn"),
    Mutant("returns are standardised by the test set too", "data/sp500_returns.py",
           "mean, std = train.mean(), train.std()", "mean, std = returns.mean(), returns.std()",
           "test_series_data.py::test_no_day_of_a_stock_is_on_both_sides_and_scale_is_of_the_training_set"),
    Mutant("beats reach across the split", "data/ecg_beats.py",
           "(marks - BEFORE >= start) & (marks + AFTER <= stop)", "(marks >= max(BEFORE, start)) & (marks <= stop)",
           "test_series_data.py::test_no_moment_of_the_recording_is_on_both_sides"),
    Mutant("temperature ignored", "bottlenecks/gaussian.py",
           "return temperature * torch.randn(n, self.d,", "return torch.randn(n, self.d,",
           "test_sampling.py::test_the_prior_is_a_standard_normal_scaled_by_temperature"),
    Mutant("a list of latents is never checked", "engine.py",
           'z = rows(z, self.d, "latents")', "z = np.ascontiguousarray(z, np.float32)",
           "test_engine.py::test_an_untrained_engine_refuses_nan"),
)


def run(copy: Path, mutants: list[Mutant]) -> None:
    """Run the tests of these mutants without any, then with each in turn, printing as it goes."""
    tests = sorted({m.test for m in mutants})
    print(json.dumps([BASELINE, *_pytest(copy, tests)]), flush=True)
    for m in mutants:
        path = copy / "vae" / m.file
        before = path.read_text("utf-8")
        if before.count(m.old) != 1:
            print(json.dumps([m.name, -1, f"{m.file} holds {before.count(m.old)} times: {m.old}"]), flush=True)
            continue
        path.write_text(before.replace(m.old, m.new), "utf-8")
        print(json.dumps([m.name, *_pytest(copy, [m.test])]), flush=True)
        path.write_text(before, "utf-8")


def _pytest(copy: Path, tests: list[str]) -> tuple[int, str]:
    """Exit code and last lines of pytest on the copy, in a fork of this process."""
    import pytest

    with tempfile.TemporaryFile() as output:
        child = os.fork()
        if not child:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            code = 99
            try:
                code = pytest.main([*QUIET, "--rootdir", str(copy), *(str(copy / "tests" / t) for t in tests)])
            except Exception:
                traceback.print_exc()
            finally:
                os._exit(code)  # nothing of this process is cleaned up by its fork
        _, status = os.waitpid(child, 0)
        output.seek(0)
        lines = output.read().decode(errors="replace").splitlines()
    return os.waitstatus_to_exitcode(status), "\n".join(lines[-6:])


def main() -> None:
    sys.dont_write_bytecode = True  # a mutant may have its source's size and second of change
    os.environ.update(PYTHONDONTWRITEBYTECODE="1", OMP_NUM_THREADS="1", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    for heavy in HEAVY:
        __import__(heavy)
    import torch

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PROJECT / "vae", copy / "vae", ignore=ignore)
        (copy / "tests").mkdir()
        for path in (PROJECT / "tests").glob("*.py"):
            shutil.copy(path, copy / "tests")
        shutil.copy(PROJECT / "pyproject.toml", copy)
        os.chdir(copy)
        sys.path[:] = [str(copy), *(p for p in sys.path if p and Path(p).resolve() != PROJECT)]
        del sys.modules["tests"]
        run(copy, [m for m in MUTANTS if m.always or "quick" not in sys.argv])
        os.chdir(PROJECT)


if __name__ == "__main__":
    main()
