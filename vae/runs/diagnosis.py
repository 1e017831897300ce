"""Why a training failed, and what to change so that it does not fail again."""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..disk.saving import FORBIDDEN, FULL, free, full, reason
from ..errors import SaveError
from ..text import N_, _, size

GONE = N_("The process ended without an error in its log: it was killed, or the machine was switched off.")
AGAIN = N_("Resume from the last saved epoch.")
WRITABLE = N_("Give this user write permission for the folder that the message names, then resume.")
SENTENCE = re.compile(r"^(?:error: |[\w.]*(?:Error|Exception|Diverged|NotFound|Corrupt)\b:? ?)(.*)", re.M)


@dataclass(frozen=True)
class Diagnosis:
    """cause: what happened; advice: what to change. Both are sentences for the user."""

    cause: str
    advice: str


def of_error(error: BaseException, plan: Mapping[str, Any]) -> Diagnosis:
    """The diagnosis of an exception that ended the training."""
    said = str(error).strip() or type(error).__name__
    if isinstance(error, SaveError) and isinstance(error.__cause__, OSError):
        return Diagnosis(f"{error.said} {error.kept}".strip(), _of_disk(error.__cause__) or advice(said, plan))
    if isinstance(error, OSError) and error.errno in FULL:
        where = Path(error.filename or "")
        return Diagnosis(_("cannot write {path}: {reason}", path=where, reason=reason(error, where)), _of_disk(error))
    return Diagnosis(said, advice(f"{type(error).__name__}: {said}", plan))


def _of_disk(error: OSError) -> str:
    """What to do about a disk that cannot be written to; "" for another error."""
    if error.errno in FULL:
        return _("Free some disk space. {again}", again=_(AGAIN))
    return _(WRITABLE) if error.errno in FORBIDDEN else ""


def of_exit(code: int, log: str, plan: Mapping[str, Any], folder: Path | None = None) -> Diagnosis:
    """The diagnosis of a process that ended with that exit code; a negative code is the signal that killed it. folder:
    where it wrote its log."""
    if code == -getattr(signal, "SIGKILL", 9):
        cause = _("The operating system killed the process (signal 9), probably because memory ran out.")
        return Diagnosis(cause, _("{again} If it happens again: {smaller}", again=_(AGAIN), smaller=_smaller(plan)))
    if code < 0:
        cause = _("The process was ended by signal {number} ({name}).", number=-code, name=signal.Signals(-code).name)
        return Diagnosis(cause, _(AGAIN))
    return of_log(log, plan, folder)


def of_log(log: str, plan: Mapping[str, Any], folder: Path | None = None) -> Diagnosis:
    """The diagnosis by the last error in a log. folder: of the log, which has none where the disk is full."""
    told = list(SENTENCE.finditer(log))
    if not told and folder is not None and full(folder):
        cause = _(
            "The process ended and could not say why, as the disk is full ({free} free).", free=size(free(folder))
        )
        return Diagnosis(cause, _("Free some disk space. {again}", again=_(AGAIN)))
    if not told:
        return Diagnosis(_(GONE), _(AGAIN))
    return Diagnosis(told[-1][1].strip() or told[-1][0].strip(), advice(told[-1][0], plan))


def advice(said: str, plan: Mapping[str, Any]) -> str:
    """What to change, by the text of the error."""
    lr = f"{lower_lr(plan):g}"
    if "training diverged" in said:
        return _(
            "The optimiser took too large steps, and every epoch is done. Train again with a tenth of the learning "
            "rate: lr {lr}.",
            lr=lr,
        )
    if re.search(r"\b(is nan|is -?inf)\b|Diverged|not finite", said):
        return _("The optimiser took too large a step. Resume with a tenth of the learning rate: lr {lr}.", lr=lr)
    if re.search(r"out of memory|MemoryError|bad_alloc|DefaultCPUAllocator|can't allocate", said, re.I):
        return _smaller(plan)
    if re.search(r"No space left|Errno 28|disk is full|room for another file|disk quota|Errno 122", said, re.I):
        return _("Free some disk space. {again}", again=_(AGAIN))
    if re.search(r"could not be downloaded|DataNotFound|not on this machine", said):
        return _("Get the data onto this machine as the message says, then resume.")
    if re.search(r"DataCorrupt|not the published bytes", said):
        return _("Delete the damaged file that the message names, then resume.")
    if re.search(r"Permission denied|Errno 13|Read-only|no permission", said, re.I):
        return _(WRITABLE)
    return _("Read the log for details.")


def without_epoch(advice: str) -> str:
    """The same advice for a run without a saved epoch, which can only be restarted."""
    return advice.replace(_(AGAIN), "").replace("Resume with", "Restart with").strip()


def lower_lr(plan: Mapping[str, Any]) -> float:
    """A tenth of the plan's learning rate."""
    return float((plan.get("settings") or {}).get("lr", 1e-3)) / 10


def _smaller(plan: Mapping[str, Any]) -> str:
    batch = int((plan.get("settings") or {}).get("batch_size", 128))
    return _(
        "Train again with a smaller batch_size ({smaller} instead of {batch}) or a smaller width.",
        smaller=max(1, batch // 2),
        batch=batch,
    )
