"""The Train page on a full disk: it opens, says what waits and what failed, and a button that cannot act says why."""

from __future__ import annotations

from app.live import training_cost
from tests.app.views.test_views import opened, words
from tests.small_disk import disk  # noqa: F401  a fixture
from vae.runs import control, folder, starting
from vae.runs.folder import RUNNING
from vae.training.plan import Plan


def test_the_train_page_opens_on_a_full_disk(disk, monkeypatch):  # noqa: F811
    monkeypatch.setattr(control, "tend", folder.runs)  # nothing trains beside this test
    monkeypatch.setattr(training_cost, "look", lambda plan: "")
    lost, _waiting = (starting.start(Plan("vae", "digits", {}, 3, name=name), work=False) for name in ("a", "b"))
    with folder.lock():
        folder.change(lost, RUNNING, pid=2**22 + 1, began="long ago")
    disk.fill()
    at = opened("train")
    assert not at.exception
    assert "queued trainings wait for space" in words(at)
    assert "could not say why, as the disk is full" in words(at)
    next(b for b in at.button if b.label == "Pause").click().run()
    assert not at.exception
    assert "the disk is full" in words(at)
    assert "Nothing was changed. Free some space, then try again." in words(at)
