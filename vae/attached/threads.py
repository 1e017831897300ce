"""How many threads decode one latent: those of the program, or one where these only wait for each other."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from typing import Any

import torch
from threadpoolctl import ThreadpoolController

TURNS = 3
SLOW_S = 0.5  # a call that takes so long is measured once each way
Threads = Callable[[], AbstractContextManager]


@cache
def _openmp() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="openmp")


def as_given() -> AbstractContextManager:
    """The threads that the program has set."""
    return contextlib.nullcontext()


def one() -> AbstractContextManager:
    """Context in which PyTorch computes on one thread in this thread of Python alone (16 microseconds to enter)."""
    torch.get_num_threads()  # else PyTorch would set its own number at its first use in this thread
    return _openmp().limit(limits=1)


def quicker(run: Callable[[], Any]) -> Threads:
    """`as_given` or `one`, in which run() is quicker, measured in turns by the best of each.

    Measured with 2 cores busy, an autoencoder of 64 px: 1 036 ms a picture on two threads, 72 on one. A large model on
    many idle cores wants them all. Raises: what run raises."""
    best = dict.fromkeys((as_given, one), float("inf"))
    run()  # the first call may compile or allocate
    for _turn in range(TURNS):
        for threads in best:
            with threads():
                began = time.perf_counter()
                run()
            best[threads] = min(best[threads], time.perf_counter() - began)
        if min(best.values()) > SLOW_S:
            break
    return min(best, key=lambda threads: best[threads])
