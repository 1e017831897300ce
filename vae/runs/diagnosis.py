"""Why a training failed, in a sentence, and what to change so that it does not fail again."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

GONE = "The process is gone, and its log does not say why: it was killed, or the machine was switched off."
SAVED = "it goes on from its last saved epoch"
AGAIN = f"Resume: {SAVED}."
TAUGHT = "a tenth of the learning rate"
SENTENCE = re.compile(r"^(?:error: |[\w.]*(?:Error|Exception|Diverged|NotFound|Corrupt)\b:? ?)(.*)", re.M)


@dataclass(frozen=True)
class Diagnosis:
    """cause: what happened; advice: what to change. Sentences for the user."""

    cause: str
    advice: str


def of_error(error: BaseException, plan: Mapping[str, Any]) -> Diagnosis:
    """Of an exception that ended the training."""
    said = str(error).strip() or type(error).__name__
    return Diagnosis(said, advice(f"{type(error).__name__}: {said}", plan))


def of_exit(code: int, log: str, plan: Mapping[str, Any]) -> Diagnosis:
    """Of a process that ended with that code and no word of its own; a negative one is the signal that killed it."""
    if code == -getattr(signal, "SIGKILL", 9):
        cause = "The system killed the process (signal 9), as it does with what takes too much memory."
        return Diagnosis(cause, f"{AGAIN} If it happens again: {_smaller(plan)}")
    if code < 0:
        return Diagnosis(f"The process was ended by signal {-code} ({signal.Signals(-code).name}).", AGAIN)
    return of_log(log, plan)


def of_log(log: str, plan: Mapping[str, Any]) -> Diagnosis:
    """From the last sentence of a log that tells of an error."""
    told = list(SENTENCE.finditer(log))
    if not told:
        return Diagnosis(GONE, AGAIN)
    return Diagnosis(told[-1][1].strip() or told[-1][0].strip(), advice(told[-1][0], plan))


def advice(said: str, plan: Mapping[str, Any]) -> str:
    """What to change, by the words of the error."""
    if "training diverged" in said:
        rate = f"a learning rate of {lower_lr(plan):g}, a tenth of this one"
        return f"The net took too large steps, and every epoch is done. Train anew with {rate}."
    if re.search(r"\b(is nan|is -?inf)\b|Diverged|not finite", said):
        return f"The net took too large a step. Resume with {TAUGHT}: lr {lower_lr(plan):g}."
    if re.search(r"out of memory|MemoryError|bad_alloc|DefaultCPUAllocator|can't allocate", said, re.I):
        return _smaller(plan)
    if re.search(r"No space left|Errno 28|disk quota", said, re.I):
        return f"Free some space on the disk, then resume: {SAVED}."
    if re.search(r"could not be downloaded|DataNotFound|not on this machine", said):
        return "Bring the data to this machine as the message says, then resume."
    if re.search(r"DataCorrupt|not the published bytes", said):
        return "Delete the damaged file that the message names, then resume."
    if re.search(r"Permission denied|Errno 13|Read-only", said, re.I):
        return "Let this user write to the folder that the message names, then resume."
    return "Read the log; what it says is what the program knows."


def without_epoch(advice: str) -> str:
    """The same where no epoch is saved to go on from."""
    return advice.replace(AGAIN, "").replace(f": {SAVED}", "").replace("Resume with", "Start anew with").strip()


def lower_lr(plan: Mapping[str, Any]) -> float:
    """A tenth of the plan's learning rate."""
    return float((plan.get("settings") or {}).get("lr", 1e-3)) / 10


def _smaller(plan: Mapping[str, Any]) -> str:
    batch = int((plan.get("settings") or {}).get("batch_size", 128))
    return f"Train anew with a smaller batch_size ({max(1, batch // 2)} in place of {batch}), or a smaller width."
