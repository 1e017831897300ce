"""Trainings checked, then queued: what control does, with the checks that need torch."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..training.job import Job
from ..training.plan import Plan
from . import control
from .folder import Run


def start(plan: Plan, *, work: bool = True) -> Run:
    """Check a plan and queue it. work: start a worker if there is none.

    Raises: SettingError: a setting that no training takes, or a name that a checkpoint or another run has.
    """
    Job.of(plan)
    return control.queue(plan, work=work)


def resume(id: str, *, settings: dict[str, Any] | None = None, work: bool = True) -> Run:
    """Queue a run again, as `control.resume`, or with other settings of the trainer, checked."""

    def change_plan(run: Run) -> Plan:
        plan = Plan(**{f.name: run.plan[f.name] for f in dataclasses.fields(Plan) if f.name in run.plan})
        changed = dataclasses.replace(plan, settings=plan.settings | (settings or {}))
        Job.of(changed)
        return changed

    return control.resume(id, change_plan=change_plan if settings else None, work=work)
