"""The tests of the app are no visitors: they may do everything, save where a test says otherwise."""

from __future__ import annotations

import pytest

from app.live import rights


@pytest.fixture(autouse=True)
def every_right(monkeypatch):
    monkeypatch.setenv(rights.PUBLIC, "manage")
