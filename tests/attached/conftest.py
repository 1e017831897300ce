"""What the tests of this room share."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

import vae
from vae.attached import explorer as explorers


@pytest.fixture
def explore(monkeypatch):
    """vae.explore without an app: the explorer, and the engine that the app would have."""
    opened = []
    process = SimpleNamespace(terminate=lambda: None, kill=lambda: None, wait=lambda *_: 0, poll=lambda: None)
    monkeypatch.setattr(explorers, "started", lambda folder, port: (process, "http://localhost:1"))
    monkeypatch.setattr(explorers, "wait", lambda *_: None)

    def run(*args, **options):
        one = vae.explore(*args, browser=False, **options)
        opened.append(one)
        monkeypatch.setenv("ZSCOPE_ATTACHED", str(one._folder))
        return one, vae.load(one.name, "cpu")

    yield run
    for one in opened:
        one.close()
