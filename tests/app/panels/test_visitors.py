"""What visitors of a server see on the Train page, by their right."""

from __future__ import annotations

from tests.app.panels.test_train_page import button, empty, labels, page, quiet, run_in  # noqa: F401  fixtures
from vae.runs import folder


def test_visitors_who_may_only_explore_see_runs_and_start_none(empty, monkeypatch):  # noqa: F811
    monkeypatch.setenv("ZSCOPE_PUBLIC", "explore")
    run_in(folder.PAUSED)
    at = page()
    assert not at.exception
    assert "Visitors of this server can explore its models, but not train" in at.info[0].value
    assert not {"Start", "Stop", "Resume", "Delete run"} & set(labels(at))
    monkeypatch.setenv("ZSCOPE_PUBLIC", "train")
    at = page()
    assert {"Start", "Resume", "Stop"} <= set(labels(at))
    assert not {"Delete run"} & set(labels(at))


def test_a_right_that_is_gone_before_the_click_stops_the_action(empty, monkeypatch):  # noqa: F811
    run = run_in(folder.PAUSED)
    at = page()
    monkeypatch.setenv("ZSCOPE_PUBLIC", "explore")
    button(at, "Stop").click().run()
    assert folder.find(run.id).state.name == folder.PAUSED
    assert any("but not train" in warning.value for warning in at.warning)
