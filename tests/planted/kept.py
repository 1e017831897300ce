"""Planted bugs of checkpoints, data sets and runs."""

from __future__ import annotations

from tests.planted.mutant import Mutant

# fmt: off
MUTANTS = (
    Mutant("hashes not checked", "saved/checkpoint.py",
           "if _sha256(data) != expected:", "if False:",
           "saved/test_checkpoint.py::test_a_changed_file_is_refused", always=True),
    Mutant("config not checked", "saved/checkpoint.py",
           'if not signed:', "if False:",
           "saved/test_checkpoint.py::test_an_edited_setting_is_refused"),
    Mutant("files outside the folder are read", "saved/checkpoint.py",
           'not all(map(_is_plain, config["files"]))', "False",
           "saved/test_checkpoint.py::test_a_file_outside_the_folder_is_never_read"),
    Mutant("any card is read", "saved/checkpoint.py",
           "if wrong := schema.problem(config):", 'if wrong := "":',
           "saved/test_hostile_cards.py::test_the_reason_names_the_entry_what_it_is_and_what_was_expected"),
    Mutant("any history is read", "saved/history.py",
           'is_whole(found.get("epoch"), 1)', "True",
           "saved/test_hostile_cards.py::test_a_line_of_the_history_that_is_none_is_named"),
    Mutant("unpacked without being opened", "library/packing.py",
           "        _open_all(saved)", "        pass",
           "library/test_unpack_hostile.py::test_thumbnails_that_are_none_are_refused"),
    Mutant("memory is taken for any model", "saved/restoring.py",
           "        _check_shapes(lambda: family.build(spec, hparams)[0], tensors)", "        pass",
           "saved/test_hostile_cards.py::test_a_model_of_other_shapes_than_saved_takes_no_memory"),
    Mutant("a full disk leaves litter", "saved/checkpoint.py",
           "finally:\n            shutil.rmtree(partial, ignore_errors=True)\n", "finally:\n            pass\n",
           "saved/test_folder_swap.py::test_a_full_disk_costs_nothing_that_was_there"),
    Mutant("a swap cut short is not recovered", "disk/folder_swap.py",
           "not target.exists() and old.exists():\n            os.rename(old, target)",
           "not target.exists() and old.exists():\n            pass",
           "saved/test_folder_swap.py::test_killed_between_the_two_renames_is_recovered"),
    Mutant("a run has no room for its last note", "runs/reporting.py",
           "    (run.folder / SPARE).unlink(missing_ok=True)\n    with lock()", "    with lock()",
           "disk/test_full_disk_runs.py::test_a_run_on_a_full_disk_fails_with_a_cause_and_is_resumed"),
    Mutant("a decoder has all the time of the world", "saved/decoder_process.py",
           "                self._process.kill()\n                self._answered", "                self._answered",
           "saved/test_decoder_process.py::test_a_decoder_that_loops_for_ever_is_ended_and_started_again"),
)
