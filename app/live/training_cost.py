"""What a training will cost, measured in the background, one at a time: asked again until it is known."""

from __future__ import annotations

import dataclasses
import json
import time
from concurrent.futures import Future

from app.live import background
from vae.errors import ZscopeError
from vae.runs import forecast
from vae.text import _, duration, number
from vae.training.plan import Plan

USUAL_S, SOON_S = 10, 2.0  # that a measurement takes at most where nothing else runs, and before it says how far it is
AGAIN_S = 60.0  # after a failure; what caused it may have been mended
_last: list[tuple[str, float, Future]] = []  # the measurement begun last: of what, when (monotonic), its result


def look(plan: Plan, models: int = 1) -> str | None:
    """A sentence on time and memory, or on why there will be none; None: it is being measured, or will be once no other
    is, so that who turns a knob ten times does not wait for ten. models: how many such trainings.

    Only `forecast.known` counts; what was once measured may be of another load of the machine, see `outdated`.
    """
    if (found := forecast.known(plan)) is not None:
        return found.told(plan.epochs, models)
    wanted = json.dumps(dataclasses.asdict(plan) | {"epochs": 0, "name": "", "seed": 0}, default=str)
    for of, began, job in _last:
        if not job.done():
            return None
        if of == wanted and (error := job.exception()) is not None and time.monotonic() - began < AGAIN_S:
            if not isinstance(error, ZscopeError):
                raise error
            return str(error)
    _last[:] = [(wanted, time.monotonic(), background.start(forecast.of, plan))]
    return None


def outdated(plan: Plan, models: int = 1) -> str | None:
    """What `look` said of that plan before, with its age; None if nothing is known of it."""
    found = forecast.outdated(plan)
    if found is None:
        return None
    then, age_s = found
    again = _("This is outdated: it was measured {time} ago and is being measured again.", time=duration(age_s))
    return f"{then.told(plan.epochs, models)} {again}"


def pending(before: str | None) -> str:
    """What is said until the cost is known: how long that takes, after what was said of other settings, if anything."""
    since = time.monotonic() - _last[0][1] if _last else 0.0
    measuring = _("Timing some training steps on this machine ...")
    if since >= SOON_S:
        measuring = _(
            "Timing some training steps on this machine: {n} s so far; about {usual} s if nothing else runs.",
            n=number(int(since)),
            usual=number(USUAL_S),
        )
    if not before:
        return measuring
    return f"{measuring} " + _("With the settings before the last change: {cost}", cost=before)
