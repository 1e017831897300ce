"""What a checkpoint's card (config.json) may hold: the kind and the bounds of every entry.

A card may come from anywhere. `problem` names the first entry that is not as it should be, so that no reader has to
expect more than what is written here.
"""

from __future__ import annotations

import copy
import datetime
import math
import re
import reprlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from ..text import N_, _, number

NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"  # of a checkpoint
REQUIRED = ("name", "family", "hparams", "dataset", "seed", "spec", "files")
REQUIRED_IN_SPEC = ("shape", "n_data", "n_classes", "modality")
TEXT_MAX, KEY_MAX = 20_000, 200  # characters
CLASSES_MAX, VALUES_MAX = 100_000, 2**24  # classes of a data set, values of one sample
WHOLE_MAX, NUMBER_MAX = 2**53, 1e20
WHOLE_SET = "--set=validation=0"  # in a command: no validation set is held out
DEEPEST = 8  # entries within entries
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Kind:
    """What an entry may be. expected: in words."""

    expected: str
    fits: Callable[[Any], bool]


def is_whole(value: Any, low: int = -WHOLE_MAX, high: int = WHOLE_MAX) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= NUMBER_MAX  # no nan, no inf


def is_text(value: Any, most: int = TEXT_MAX) -> bool:
    """Characters that can be written and shown: no half of a surrogate pair, no control characters but line breaks."""
    return isinstance(value, str) and len(value) <= most and not UNWRITABLE.search(value)


def _is_plain(value: Any, deep: int = 0) -> bool:
    """Text, numbers and nothing else, in lists and objects that are not too deep: what no entry may exceed."""
    if deep > DEEPEST:
        return False
    if isinstance(value, dict):
        return all(is_text(k, KEY_MAX) and _is_plain(v, deep + 1) for k, v in value.items())
    if isinstance(value, list):
        return all(_is_plain(v, deep + 1) for v in value)
    return value is None or isinstance(value, bool) or is_number(value) or is_text(value)


def _is_date(value: Any) -> bool:
    try:
        return value == "" or bool(datetime.datetime.fromisoformat(value))
    except (TypeError, ValueError):
        return False


def _is_change(value: Any) -> bool:
    """A change of settings of a resumed training, see training.resuming.changes."""
    if not isinstance(value, dict) or not is_whole(value.get("after_epoch"), 0):
        return False
    return all(isinstance(v, list) and len(v) == 2 for k, v in value.items() if k != "after_epoch")


def _is_edited(value: Any) -> bool:
    """The edits of a split, see vae.data.edits: which samples were dropped, and which have another label."""

    def numbers(found: Any) -> bool:
        return isinstance(found, list) and all(is_whole(v, 0) for v in found)

    if not isinstance(value, dict) or not value.keys() >= {"dropped", "labels"} or not numbers(value["dropped"]):
        return False
    return isinstance(value["labels"], dict) and all(map(numbers, value["labels"].values()))


def _is_edits(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() >= {
        "digest",
        "dropped",
        "relabelled",
        "test",
        "in_train",
        "in_test",
    }


def _is_estimate(value: Any) -> bool:
    """A `vae.metrics.estimate.Estimate` as an object."""
    if not isinstance(value, dict) or not value.keys() >= {"value", "n", "seed", "standard_error", "protocol"}:
        return False
    error = value["standard_error"]
    counted = is_whole(value["n"], 0) and is_whole(value["seed"]) and is_text(value["protocol"])
    counted = counted and value.get("bound", "") in ("", "lower", "upper")
    return is_number(value["value"]) and (error is None or is_number(error)) and counted


def _is_log_z(value: Any) -> bool:
    """A `vae.sampling.partition.LogZ` as an object."""
    counts = ("n", "temperatures", "seed")
    numbers = ("value", "standard_error", "ess")
    if not isinstance(value, dict) or value.keys() != {*counts, *numbers}:
        return False
    return all(is_whole(value[k], 0) for k in counts) and all(is_number(value[k]) for k in numbers)


PLAIN = Kind(N_("text and finite numbers"), _is_plain)
OBJECT = Kind(N_("an object"), lambda v: isinstance(v, dict))
LIST = Kind(N_("a list"), lambda v: isinstance(v, list))
TEXT = Kind(N_("text"), is_text)
NAMED = Kind(
    N_("letters, digits, '.', '_' and '-', at most 64 characters"),
    lambda v: isinstance(v, str) and bool(re.fullmatch(NAME, v)),
)
DATE = Kind(N_("a date and time in ISO 8601"), _is_date)
HASH = Kind(N_("a SHA-256 in hexadecimal"), lambda v: isinstance(v, str) and bool(re.fullmatch("[0-9a-f]{64}", v)))
WHOLE = Kind(N_("a whole number"), is_whole)
NUMBER = Kind(N_("a finite number"), is_number)
COUNT = Kind(N_("a whole number of at least 0"), lambda v: is_whole(v, 0))
SIZE = Kind(N_("a whole number of at least 1"), lambda v: is_whole(v, 1))
SETTING = Kind(N_("a number or text"), lambda v: isinstance(v, bool) or is_number(v) or is_text(v))
EDITS = Kind(N_("digest, counts and the edits of both splits"), _is_edits)
EDITED = Kind(N_("numbers of dropped samples, and of those of each new label"), _is_edited)
BINARISATION = Kind(N_("mode, name and seed"), lambda v: isinstance(v, dict) and v.keys() >= {"mode", "name", "seed"})
CHANGE = Kind(N_("an epoch and pairs of settings"), _is_change)
MEASURED = Kind(N_("a number, or null where there is none"), lambda v: v is None or is_number(v))
MEASURED_EACH = Kind(
    N_("a list of numbers, or null where there is none"),
    lambda v: v is None or (isinstance(v, list) and all(map(is_number, v))),
)
ESTIMATE = Kind(N_("value, n, seed, standard error and protocol"), _is_estimate)
LOG_Z = Kind(N_("value, standard error, n, temperatures, effective sample size and seed"), _is_log_z)
EACH = "*_per_*"  # metrics with a number for each dimension or level

ENTRIES: dict[str, Kind] = {  # path -> kind; an entry that is not there is no problem; * is any key or any place
    "name": NAMED,
    **dict.fromkeys(("title", "family", "dataset", "command", "note", "trained_on", "data_*"), TEXT),
    "created": DATE,
    "seed": WHOLE,
    **dict.fromkeys(("epochs", "epochs_done"), COUNT),
    "stream_mb": Kind(N_("a number of at least 0"), lambda v: is_number(v) and v >= 0),
    "clipped_share": Kind(N_("a number from 0 to 1"), lambda v: is_number(v) and 0 <= v <= 1),
    **dict.fromkeys(("hparams", "train", "spec", "metrics", "versions", "files", "atlas"), OBJECT),
    "hparams.*": SETTING,
    "train.*": SETTING,
    "train.validation": Kind(N_("a number from 0 to 0.5"), lambda v: is_number(v) and 0 <= v <= 0.5),
    "validation": OBJECT,
    "validation.n": COUNT,
    "validation.*": MEASURED,
    **dict.fromkeys(("classes", "changes", "spec.shape", "spec.condition"), LIST),
    **{"binarisation": BINARISATION, "binarisation.mode": TEXT, "binarisation.name": TEXT, "binarisation.seed": COUNT},
    **{"edits": EDITS, "edits.digest": HASH, "edits.in_train": EDITED, "edits.in_test": EDITED},
    **dict.fromkeys(("edits.dropped", "edits.relabelled", "edits.test"), COUNT),
    "variables": OBJECT,
    **dict.fromkeys(("variables.names", "variables.units", "variables.mean", "variables.std"), LIST),
    **dict.fromkeys(("variables.names.*", "variables.units.*", "variables.step_unit", "variables.axis"), TEXT),
    **dict.fromkeys(("variables.mean.*", "variables.std.*", "variables.step", "variables.start"), NUMBER),
    "spec.shape.*": SIZE,
    "spec.condition.*": SIZE,
    "spec.n_data": COUNT,
    "spec.n_classes": COUNT,
    "spec.modality": TEXT,
    "classes.*": TEXT,
    "changes.*": CHANGE,
    f"metrics.{EACH}": MEASURED_EACH,
    "estimates": OBJECT,
    "estimates.*": ESTIMATE,
    "log_z": LOG_Z,
    "atlas.baselines": OBJECT,
    "atlas.baselines.*": MEASURED,
    "atlas.stability": OBJECT,
    "atlas.stability.*": MEASURED,
    "versions.*": TEXT,
    "files.*": HASH,
    "*": PLAIN,
}
DEFAULTS: dict[str, Any] = {  # of the entries that a card may lack and that readers show
    **dict.fromkeys(("command", "created", "data_title", "data_licence", "data_origin", "data_cite"), ""),
    **{"train": {}, "metrics": {}, "versions": {}, "classes": [], "epochs": 0},
}


def completed(card: dict[str, Any]) -> dict[str, Any]:
    """The card with DEFAULTS for what it lacks, and null for each metric that is not finite or absurdly large: a
    training that diverged has such metrics. The command of a model from before there was a validation set says so."""
    card = {"title": card.get("name"), **copy.deepcopy(DEFAULTS), **card}
    spec = card.get("spec")
    n_classes = spec.get("n_classes") if isinstance(spec, dict) else 0
    if card["classes"] == [] and isinstance(n_classes, int):  # their numbers are their names
        card["classes"] = [str(k) for k in range(min(n_classes, CLASSES_MAX))]
    if isinstance(card["train"], dict) and card["train"] and "validation" not in card["train"]:
        card["command"] = without_validation(card["command"])
    if isinstance(card["metrics"], dict):
        card["metrics"] = {k: _measured(v) for k, v in card["metrics"].items()}
    return card


def without_validation(command: Any) -> Any:
    """The command of a training from before there was a validation set, as it is repeated now."""
    if not isinstance(command, str) or WHOLE_SET in command:  # a card that was read and saved again says it already
        return command
    return command.replace(" --epochs ", f" {WHOLE_SET} --epochs ", 1)


def writable(value: Any) -> Any:
    """The same card, or part of one, with a replacement character for each that a card must not hold: names of classes
    may come from the names of files."""
    if isinstance(value, dict):
        return {writable(k): writable(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [writable(v) for v in value]
    return UNWRITABLE.sub("\ufffd", value) if isinstance(value, str) else value


def problem(card: Mapping[str, Any]) -> str:
    """The first entry of a card that is missing, of another kind than expected or out of bounds; "" for a good card."""
    missing = [key for key in REQUIRED if key not in card]
    if isinstance(card.get("spec"), dict):
        missing += [f"spec.{key}" for key in REQUIRED_IN_SPEC if key not in card["spec"]]
    if missing:
        return _("config.json lacks {keys}.", keys=", ".join(missing))
    if strange := [key for key in card if not is_text(key, KEY_MAX)]:
        return _wrong(strange[0], TEXT, strange[0])
    for path, kind in ENTRIES.items():
        for at, value in _entries(card, path.split(".")):
            if not kind.fits(value):
                return _wrong(at, kind, value)
    for key, value in card.get("metrics", {}).items():
        if not fnmatchcase(key, EACH) and not MEASURED.fits(value):
            return _wrong(f"metrics.{key}", MEASURED, value)
    spec, n = card["spec"], len(card.get("classes", ()))
    if math.prod(spec["shape"]) > VALUES_MAX or not spec["shape"]:
        return _(
            "config.json: samples of shape {shape}: expected 1 to {most} values.",
            shape=reprlib.repr(spec["shape"]),
            most=number(VALUES_MAX),
        )
    if n not in (0, spec["n_classes"]) or spec["n_classes"] > CLASSES_MAX:
        return _(
            "config.json: {given} class names for {n} classes: expected one each, and at most {most}.",
            given=number(n),
            n=number(spec["n_classes"]),
            most=number(CLASSES_MAX),
        )
    return ""


def _entries(value: Any, path: list[str], at: str = "") -> Iterator[tuple[str, Any]]:
    """The entries below `value` that a path matches, each with its own path."""
    if not path:
        yield at, value
        return
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inside:
        if fnmatchcase(str(key), path[0]):
            yield from _entries(below, path[1:], f"{at}.{key}" if at else str(key))


def _measured(value: Any) -> Any:
    """None in place of a number that is not finite or too large, also within a list."""
    whole = value if isinstance(value, list) else [value]
    lost = any(isinstance(v, int | float) and not isinstance(v, bool) and not is_number(v) for v in whole)
    return None if lost else value


def _wrong(at: str, kind: Kind, value: Any) -> str:
    return _(
        "config.json: {entry} is {found}, expected {expected}.",
        entry=at if is_text(at, KEY_MAX) else reprlib.repr(at),
        found=reprlib.repr(value),
        expected=_(kind.expected),
    )
