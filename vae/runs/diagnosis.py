"""Why a training failed, in a sentence, and what to change so that it does not fail again."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..text import N_, _

GONE = N_("The process is gone, and its log does not say why: it was killed, or the machine was switched off.")
SAVED = N_("it goes on from its last saved epoch")
AGAIN = f"Resume: {SAVED}."
TAUGHT = N_("a tenth of the learning rate")
SENTENCE = re.compile(r"^(?:error: |[\w.]*(?:Error|Exception|Diverged|NotFound|Corrupt)\b:? ?)(.*)", re.M)


@dataclass(frozen=True)
class Diagnosis:
    """cause: what happened; advice: what to change. Sentences for the user."""

    cause: str
    advice: str


def of_error(error: BaseException, plan: Mapping[str, Any]) -> Diagnosis:
    """Of an exception that ended the training."""
    said = str(error).strip() or type(error).__name__
    return Diagnosis(said, advice(_("{name}: {said}", name=type(error).__name__, said=said), plan))


def of_exit(code: int, log: str, plan: Mapping[str, Any]) -> Diagnosis:
    """Of a process that ended with that code and no word of its own; a negative one is the signal that killed it."""
    if code == -getattr(signal, "SIGKILL", 9):
        cause = _("The system killed the process (signal 9), as it does with what takes too much memory.")
        return Diagnosis(
            cause,
            _(
                "{again} If it happens again: {smaller}",
                again=AGAIN,
                smaller=_smaller(plan),
            ),
        )
    if code < 0:
        return Diagnosis(
            _(
                "The process was ended by signal {value} ({name}).",
                value=-code,
                name=signal.Signals(-code).name,
            ),
            AGAIN,
        )
    return of_log(log, plan)


def of_log(log: str, plan: Mapping[str, Any]) -> Diagnosis:
    """From the last sentence of a log that tells of an error."""
    told = list(SENTENCE.finditer(log))
    if not told:
        return Diagnosis(GONE, AGAIN)
    return Diagnosis(told[-1][1].strip() or told[-1][0].strip(), advice(told[-1][0], plan))


def advice(said: str, plan: Mapping[str, Any]) -> str:
    """What to change, by the words of the error."""
    if _("training diverged") in said:
        rate = _("a learning rate of {lower_lr:g}, a tenth of this one", lower_lr=lower_lr(plan))
        return _(
            "The net took too large steps, and every epoch is done. Train anew with {rate}.",
            rate=rate,
        )
    if re.search(_(r"\b(is nan|is -?inf)\b|Diverged|not finite"), said):
        return _(
            "The net took too large a step. Resume with {taught}: lr {lower_lr:g}.",
            taught=TAUGHT,
            lower_lr=lower_lr(plan),
        )
    if re.search(_(r"out of memory|MemoryError|bad_alloc|DefaultCPUAllocator|can't allocate"), said, re.I):
        return _smaller(plan)
    if re.search(_(r"No space left|Errno 28|disk quota"), said, re.I):
        return _("Free some space on the disk, then resume: {saved}.", saved=SAVED)
    if re.search(_(r"could not be downloaded|DataNotFound|not on this machine"), said):
        return _("Bring the data to this machine as the message says, then resume.")
    if re.search(_(r"DataCorrupt|not the published bytes"), said):
        return _("Delete the damaged file that the message names, then resume.")
    if re.search(_(r"Permission denied|Errno 13|Read-only"), said, re.I):
        return _("Let this user write to the folder that the message names, then resume.")
    return _("Read the log; what it says is what the program knows.")


def without_epoch(advice: str) -> str:
    """The same where no epoch is saved to go on from."""
    return advice.replace(AGAIN, "").replace(f": {SAVED}", "").replace(_("Resume with"), _("Start anew with")).strip()


def lower_lr(plan: Mapping[str, Any]) -> float:
    """A tenth of the plan's learning rate."""
    return float((plan.get("settings") or {}).get("lr", 1e-3)) / 10


def _smaller(plan: Mapping[str, Any]) -> str:
    batch = int((plan.get("settings") or {}).get("batch_size", 128))
    return _(
        "Train anew with a smaller batch_size ({max} in place of {batch}), or a smaller width.",
        max=max(1, batch // 2),
        batch=batch,
    )
