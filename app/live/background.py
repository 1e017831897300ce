"""Work that a page does not wait for: started once for all sessions, on threads beside theirs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

KEEP = 16  # results; the oldest goes first

_pool = ThreadPoolExecutor(1, thread_name_prefix="background")  # one: the live channel needs the other core
_long = ThreadPoolExecutor(1, thread_name_prefix="background-long")  # minutes: no page that needs a moment waits for it
_jobs: dict[Hashable, Future] = {}
_lock = threading.Lock()


def once(key: Hashable, make: Callable[..., Any], *args: Any, minutes: bool = False) -> Future:
    """make(*args) in the background, for this key once; later calls return the same Future; a failed job
    is retried. minutes: it takes that long, so that others must not wait for it."""
    with _lock:
        job = _jobs.pop(key, None)
        if job is None or (job.done() and job.exception() is not None):
            job = (_long if minutes else _pool).submit(make, *args)
        _jobs[key] = job
        while len(_jobs) > KEEP:
            _jobs.pop(next(iter(_jobs)))
        return job


def begun(key: Hashable) -> Future | None:
    """The job of this key, if there is one."""
    return _jobs.get(key)


def start(make: Callable[..., Any], *args: Any) -> Future:
    """make(*args) in the background, anew each time."""
    return _pool.submit(make, *args)
