"""On how many threads an attached model decodes."""

from __future__ import annotations

import threading
import time

import torch

from vae.attached.threads import as_given, one, quicker


def test_one_thread_is_that_of_the_caller_alone():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    seen, inside, checked = {}, threading.Event(), threading.Event()

    def elsewhere():
        with one():
            seen["in"] = torch.get_num_threads()
            inside.set()
            checked.wait(10)
        seen["after"] = torch.get_num_threads()

    thread = threading.Thread(target=elsewhere)
    thread.start()
    assert inside.wait(10)
    here = torch.get_num_threads()
    checked.set()
    thread.join()
    try:
        assert (here, torch.get_num_threads()) == (2, 2), "those of the program stay as they are"
        assert seen == {"in": 1, "after": 2}
    finally:
        torch.set_num_threads(before)


def test_the_quicker_way_is_taken():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        assert quicker(lambda: time.sleep(0.02 * torch.get_num_threads())) is one
        assert quicker(lambda: time.sleep(0.06 / torch.get_num_threads())) is as_given
    finally:
        torch.set_num_threads(before)
