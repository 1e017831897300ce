"""More known bugs that mutants.py plants: what a training is measured on."""

from __future__ import annotations

from tests.planted.mutant import Mutant

# fmt: off
MUTANTS = (
    Mutant("validation samples are trained on", "data/validation.py",
           "trains = ~held_out", "trains = held_out | ~held_out",
           "data/test_validation.py::"
           "test_every_training_sample_is_in_one_of_two_sets_with_all_that_belongs_to_it[120-60-0.1]", always=True),
    Mutant("validation samples come from the test set", "data/validation.py",
           "x_validation=samples.x_train[validation],", "x_validation=samples.x_test,",
           "data/test_validation.py::"
           "test_every_training_sample_is_in_one_of_two_sets_with_all_that_belongs_to_it[200-7-0.05]"),
    Mutant("a class is held out as a whole", "data/splits.py",
           "np.minimum(exact.astype(int), np.maximum(sizes - 1, 0))", "np.ceil(exact).astype(int)",
           "data/test_validation.py::test_of_each_class_its_share_is_held_out_and_never_its_last_sample"),
    Mutant("a window across the border trains", "data/splits.py",
           "train |= own & (spans[:, 2] < border)", "train |= own & (spans[:, 1] < border)",
           "data/test_validation.py::"
           "test_of_overlapping_windows_the_last_are_held_out_and_share_no_step_with_those_that_train"),
    Mutant("the test set is evaluated after each epoch", "training/held_out.py",
           'on_device(job, samples, "validation") if', 'on_device(job, samples, "test") if',
           "training/test_held_out.py::"
           "test_the_validation_set_is_evaluated_each_epoch_and_the_test_set_once_at_the_end"),
    Mutant("the loss counts samples that it never sees", "training/job.py",
           "return Spec(x.shape[1:], len(x),", "return Spec(x.shape[1:], len(x) + 144,",
           "training/test_held_out.py::test_the_loss_counts_the_samples_that_are_trained_on"),
    Mutant("the map numbers its samples among those that train", "atlas/building.py",
           "index=numbers(samples, rows),", "index=rows,",
           "training/test_held_out.py::"
           "test_the_map_and_the_search_for_copies_have_training_samples_alone_by_their_own_numbers"),
    Mutant("the map of a model has validation samples", "training/experiment.py",
           "as_trained(samples, saved.config),", "samples,",
           "training/test_held_out.py::"
           "test_the_map_and_the_search_for_copies_have_training_samples_alone_by_their_own_numbers"),
    Mutant("an old run goes on with a validation set", "training/experiment.py",
           "job = continued(job, saved) if saved else job", "pass",
           "training/test_held_out.py::test_a_run_of_before_there_was_a_validation_set_goes_on_without_one"),
    Mutant("a sweep is compared by the test set", "sweeps/comparison.py",
           'card.get("validation", {}) if split == VALIDATION else test', "test",
           "training/test_held_out.py::"
           "test_a_model_of_a_sweep_is_chosen_by_the_validation_set_with_the_test_set_beside_it"),
)
# fmt: on
