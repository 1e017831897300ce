"""What a training will cost, measured in the background, one at a time: asked again until it is known."""

from __future__ import annotations

import dataclasses
import json
from concurrent.futures import Future

from app.live import background
from vae.errors import ZscopeError
from vae.runs import forecast
from vae.training.plan import Plan

_under_way: list[Future] = []


def look(plan: Plan, models: int = 1) -> str | None:
    """A sentence on time and memory, or on why there will be none; None: it is being measured, or will be once no other
    is, so that who turns a knob ten times does not wait for ten. models: how many such trainings."""
    if forecast.known(plan) is None and any(not job.done() for job in _under_way):
        return None
    key = ("forecast", json.dumps(dataclasses.asdict(plan) | {"epochs": 0, "name": "", "seed": 0}, default=str))
    job = background.once(key, forecast.of, plan)
    _under_way[:] = [job]
    if not job.done():
        return None
    try:
        return job.result().told(plan.epochs, models)
    except ZscopeError as error:
        return str(error)
