"""Small matrix products on one thread: on a shared machine the threads of BLAS wait 100 times longer than they work."""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache

import numpy as np  # noqa: F401  its BLAS must be loaded before it can be found
from threadpoolctl import ThreadpoolController, threadpool_limits


@cache
def _numpy_blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")


def one_thread() -> AbstractContextManager:
    """Context in which matrix products run on one thread (8 microseconds to enter and leave).

    Measured with 2 cores busy: (16, 16) @ (16, 10 000) takes .09 ms on one thread and 12 ms on two.
    """
    return _numpy_blas().limit(limits=1)


def all_on_one_thread() -> AbstractContextManager:
    """Context in which every loaded library runs on one thread, those with OpenMP too: enter it when they are loaded.

    scikit-learn's k-means and its logistic regression do many small steps, after each of which its threads wait for one
    another. Measured with 2 cores busy, 20 000 codes of 16 dimensions: a linear probe takes .7 s on one thread and 50 s
    on two, k-means .7 and 23 s.
    """
    return threadpool_limits(limits=1)
