"""What the tests of this room share."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

import vae
from vae.attached import explorer as explorers


def explorers_without_app(patch: pytest.MonkeyPatch) -> tuple[Callable, list[explorers.Explorer]]:
    """vae.explore without an app: it returns the explorer, and the engine that the app would have. What it opened."""
    opened: list[explorers.Explorer] = []
    patch.setattr(explorers, "started", lambda folder, port: (SimpleNamespace(wait=lambda: 0), "http://localhost:1"))
    patch.setattr(explorers, "wait", lambda *_: None)
    patch.setattr(explorers, "ended", lambda app: None)

    def run(*args, **options):
        one = vae.explore(*args, browser=False, **options)
        opened.append(one)
        patch.setenv("ZSCOPE_ATTACHED", str(one._folder))
        return one, vae.load(one.name, "cpu")

    return run, opened


@pytest.fixture
def explore(monkeypatch):
    run, opened = explorers_without_app(monkeypatch)
    yield run
    for one in opened:
        one.close()
